"""`skillctl status`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from skillctl.cli import draw
from skillctl.cli.options import FormatOption
from skillctl.cli.result import Format, Result
from skillctl.domain.board import Row
from skillctl.wiring import Wiring
from skillctl.wiring.judging import offers_in
from skillctl.workflows.status import Lab, status
from skillctl.workflows.weigh import Proofs

if TYPE_CHECKING:
    from rich.console import Console


def run(context: typer.Context, format: FormatOption = Format.TEXT) -> Result:
    """Each skill with its working and served version, what blocks it, and the next command."""
    wired = Wiring(context.obj)
    proofs = Proofs(wired.evidence(), wired.signatures(), wired.scripts().runner)
    tree = wired.working_tree()
    rows = status(
        tree, Lab(wired.repository(), proofs, wired.today(), offers_in(wired)), wired.memory(tree), wired.spread(tree)
    )
    statuses = Counter(row.status or "unreadable" for row in rows)
    data = {
        "skills": [asdict(row) for row in rows],
        "statuses": dict(sorted(statuses.items())),
        "blocked": sum(row.blocked is not None for row in rows),
    }
    return Result(data, 0, (), lambda screen: _draw(screen, rows), format)


def _draw(screen: "Console", rows: Sequence[Row]) -> None:
    if not rows:
        draw.line(screen, "there are no skills in `skills/`")
        return
    cells = [
        (
            row.skill,
            row.version or "-",
            row.status or "cannot be read",
            row.serving or "-",
            row.blocked or "-",
            row.next or "-",
        )
        for row in rows
    ]
    draw.board(screen, ("skill", "version", "status", "serving"), ("blocked by", "next"), cells)
    counted = Counter(row.status or "unreadable" for row in rows)
    told = ", ".join(f"{number} {word}" for word, number in sorted(counted.items()))
    count = f"{len(rows):,} {'skill' if len(rows) == 1 else 'skills'}"
    draw.line(screen, f"{count}: {told}", "dim")
