"""`skillctl status`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import to_builtins

from skillctl.cli import draw
from skillctl.cli.options import FormatOption, TrustedOption
from skillctl.cli.result import Format, Result
from skillctl.cli.status_rollouts import arrival, draw_rollouts, rollouts_of
from skillctl.domain.board import Row
from skillctl.wiring import Wiring
from skillctl.wiring.judging import offers_in
from skillctl.workflows.status import Lab, status
from skillctl.workflows.weigh import Proofs

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    env: Annotated[
        str | None, typer.Option("--env", help="Also how its newest releases arrived at their consumers.")
    ] = None,
    base: TrustedOption = None,
    format: FormatOption = Format.TEXT,
) -> Result:
    """Each skill with its working and served version, what blocks it, and the next command."""
    wired = Wiring(context.obj)
    arrived = rollouts_of(wired, env) if env else None
    proofs = Proofs(wired.evidence(), wired.signatures(), wired.scripts().runner, base)
    tree = wired.working_tree()
    rows = status(
        tree, Lab(wired.repository(), proofs, wired.today(), offers_in(wired)), wired.memory(tree), wired.spread(tree)
    )
    statuses = Counter(row.status or "unreadable" for row in rows)
    data = {
        "skills": [to_builtins(row) for row in rows],
        "statuses": dict(sorted(statuses.items())),
        "blocked": sum(row.blocked is not None for row in rows),
        "rollouts": arrived,
    }
    return Result(data, 0, (), lambda screen: _draw(screen, rows, arrived), format)


def _draw(screen: "Console", rows: Sequence[Row], arrived: Mapping[str, Any] | None) -> None:
    if rows:
        _draw_board(screen, rows, arrived)
    else:
        draw.line(screen, "there are no skills in `skills/`")
    if arrived is not None:
        draw_rollouts(screen, arrived)


def _draw_board(screen: "Console", rows: Sequence[Row], arrived: Mapping[str, Any] | None) -> None:
    cells = [
        (
            row.skill,
            row.version or "-",
            row.status or "cannot be read",
            row.serving or "-",
            arrival(arrived, row.skill),
            row.blocked or "-",
            row.next or "-",
        )
        for row in rows
    ]
    draw.board(screen, ("skill", "version", "status", "serving"), ("rollout", "blocked by", "next"), cells)
    counted = Counter(row.status or "unreadable" for row in rows)
    told = ", ".join(f"{number} {word}" for word, number in sorted(counted.items()))
    count = f"{len(rows):,} {'skill' if len(rows) == 1 else 'skills'}"
    draw.line(screen, f"{count}: {told}", "dim")
