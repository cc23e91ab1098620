"""`skillctl jobs`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skillctl import wiring
from skillctl.cli import draw
from skillctl.cli.options import EnvironmentOption, FormatOption
from skillctl.cli.result import Format, Result
from skillctl.domain.delivery import Delivered
from skillctl.errors import UsageError
from skillctl.workflows.deliver import Delivery, drain

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("work")
def work(
    context: typer.Context,
    drained: Annotated[bool, typer.Option("--drain", help="Attempt every due job once, then end.")] = False,
    env: EnvironmentOption = "prod",
    format: FormatOption = Format.TEXT,
) -> Result:
    """Deliver what releases queued; exit 1 if something did not arrive."""
    if not drained:
        raise UsageError("how long to work is not said", hint="run `skillctl jobs work --drain`")
    target = wiring.Wiring(context.obj).target(env)
    with wiring.production(target) as production:
        done = drain(production, wiring.destinations(target), wiring.worker())
    missed = [one for one in done if one.status != "completed"]
    data = {"deliveries": [_as_data(one) for one in done], "unset": list(target.unset)}
    return Result(data, 1 if missed else 0, (), lambda screen: _draw(screen, done, target.unset), format)


@app.command("list")
def list_jobs(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many, the newest first.")] = 20,
    env: EnvironmentOption = "prod",
    format: FormatOption = Format.TEXT,
) -> Result:
    """The newest jobs with their states."""
    with wiring.production(wiring.Wiring(context.obj).target(env)) as production:
        found = production.jobs(limit)
    return Result({"jobs": found}, 0, (), lambda screen: _draw_list(screen, found), format)


def _as_data(one: Delivery) -> dict[str, Any]:
    receipt = dict(one.attempt.receipt) if isinstance(one.attempt, Delivered) else None
    reason = None if isinstance(one.attempt, Delivered) else one.attempt.reason
    return {"job": one.job.id, "type": one.job.job_type, "status": one.status, "receipt": receipt, "reason": reason}


def _draw(screen: "Console", done: Sequence[Delivery], unset: Sequence[str]) -> None:
    if not done:
        draw.line(screen, "no job is due")
    for one in done:
        if isinstance(one.attempt, Delivered):
            said = ", ".join(f"{key} {value}" for key, value in one.attempt.receipt.items())
            draw.line(screen, f"delivered {one.job.job_type} ({said})", "green")
        else:
            again = "will be tried again" if one.status == "queued" else "is in the dead-letter queue"
            draw.line(screen, f"not delivered: {one.job.job_type}: {one.attempt.reason}; it {again}", "red")
    if unset and any(not isinstance(one.attempt, Delivered) for one in done):
        draw.line(screen, f"hint: set {' and '.join(f'`{name}`' for name in unset)}")


def _draw_list(screen: "Console", found: Sequence[Mapping[str, Any]]) -> None:
    rows = [
        (str(job["id"])[:8], job["job_type"], job["status"], str(job["attempts"]), job["created_at"]) for job in found
    ]
    draw.table(screen, ("job", "type", "status", "attempts", "created"), rows)
