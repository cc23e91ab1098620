"""`skillctl sync`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skillctl import wiring
from skillctl.cli.acted import data_of, draw_applied
from skillctl.cli.options import EnvironmentOption, FormatOption, RevisionArgument
from skillctl.cli.plan import as_data, draw_plan, findings_of
from skillctl.cli.result import Format, Result
from skillctl.domain import plan_record
from skillctl.domain.plan_record import SavedPlan
from skillctl.errors import UsageError
from skillctl.wiring.releasing import releasing
from skillctl.workflows.sync import Order, Synced, sync

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    revision: RevisionArgument = "HEAD",
    env: EnvironmentOption = "prod",
    plan: Annotated[
        Path | None,
        typer.Option("--plan", metavar="FILE", help="Apply this saved plan, or nothing if it no longer is one."),
    ] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Withdraw more than `max_withdrawn` allows.")] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Fill a production that is new or was lost; one summary is told.")
    ] = False,
    format: FormatOption = Format.TEXT,
) -> Result:
    """Plan, apply in one transaction with its jobs, read back; exit 1 if a skill is blocked."""
    if plan is not None and revision != "HEAD":
        raise UsageError("a saved plan names its commit", hint="leave out the revision")
    order = Order(env, wiring.TOOL, prune, rebuild, _saved(plan) if plan else None)
    with releasing(wiring.Wiring(context.obj), env) as (court, production):
        done = sync(court, production, revision, order)
    data = {**as_data(done.planned), **data_of(done.applied)} if format is Format.JSON else {}
    return Result(
        data, 1 if done.plan.blocked else 0, findings_of(done.plan), lambda screen: _draw(screen, done), format
    )


def _saved(file: Path) -> SavedPlan:
    try:
        saved = plan_record.read(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is no text"
        raise UsageError(
            f"the plan `{file}` cannot be read: {reason}", hint=f"run `skillctl plan --out {file}`"
        ) from None
    if saved is None:
        raise UsageError(f"`{file}` is no plan of this `skillctl`", hint=f"run `skillctl plan --out {file}`")
    return saved


def _draw(screen: "Console", done: Synced) -> None:
    draw_plan(screen, done.planned)
    draw_applied(screen, done.applied, f"{done.stored_blobs} blobs stored")
