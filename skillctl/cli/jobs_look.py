"""`skillctl jobs list`, `show` and `dead`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skillctl import wiring
from skillctl.cli import draw
from skillctl.cli.options import EnvironmentOption, FormatOption
from skillctl.cli.result import Format, Result
from skillctl.domain import secrets
from skillctl.errors import UsageError
from skillctl.workflows.one_job import the_one

if TYPE_CHECKING:
    from rich.console import Console

#: As much of an id as is shown: its minute, and eight digits by chance.
SHORT = 13
_STATES = ("queued", "processing", "completed", "failed", "cancelled")
JobArgument = Annotated[str, typer.Argument(metavar="ID", help="A job, by as much of its id as no other begins with.")]
SourceOption = Annotated[str | None, typer.Option("--source", help="Only jobs of this app; of all without it.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many, the newest first.")]


def list_jobs(
    context: typer.Context,
    source: SourceOption = None,
    job_type: Annotated[str | None, typer.Option("--type", help="Only jobs of this type.")] = None,
    status: Annotated[str | None, typer.Option("--status", help=f"Only {', '.join(_STATES)}.")] = None,
    limit: LimitOption = 20,
    env: EnvironmentOption = "prod",
    format: FormatOption = Format.TEXT,
) -> Result:
    """The newest jobs with their states."""
    if status is not None and status not in _STATES:
        raise UsageError(f"no job is ever `{status}`", hint=f"a job is one of {', '.join(_STATES)}")
    with wiring.production(wiring.Wiring(context.obj).target(env)) as production:
        found = _masked(production.jobs(limit, source, job_type, status))
    return Result({"jobs": found}, 0, (), lambda screen: _draw_list(screen, found), format)


def show(
    context: typer.Context, job: JobArgument, env: EnvironmentOption = "prod", format: FormatOption = Format.TEXT
) -> Result:
    """One job: its payload, its runs and all that happened to it."""
    with wiring.production(wiring.Wiring(context.obj).target(env)) as production:
        found = _masked(the_one(production, job))
    return Result(found, 0, (), lambda screen: _draw_one(screen, found), format)


def dead(
    context: typer.Context,
    resolve: Annotated[
        str | None, typer.Option("--resolve", metavar="ID", help="Settle this one without trying it again.")
    ] = None,
    source: SourceOption = None,
    limit: LimitOption = 100,
    env: EnvironmentOption = "prod",
    format: FormatOption = Format.TEXT,
) -> Result:
    """The dead letters that nobody settled; settle one."""
    with wiring.production(wiring.Wiring(context.obj).target(env)) as production:
        if resolve is not None:
            job = the_one(production, resolve)["job"]
            said = production.resolve(job["id"])
            words = f"{job['id']} is settled" if said["resolved"] else f"{job['id']} was settled before"
            return Result({"job": job["id"], **said}, 0, (), lambda screen: draw.line(screen, words, "green"), format)
        found = _masked(production.dead(source, limit))
    return Result({"dead": found}, 0, (), lambda screen: _draw_dead(screen, found), format)


def _masked(value: Any) -> Any:
    """The same without secrets: what another server answered with stands in payloads and errors."""
    if isinstance(value, str):
        return secrets.masked(value)
    if isinstance(value, Mapping):
        return {key: _masked(one) for key, one in value.items()}
    return [_masked(one) for one in value] if isinstance(value, list) else value


def _draw_list(screen: "Console", found: Sequence[Mapping[str, Any]]) -> None:
    if not found:
        draw.line(screen, "there is no such job")
        return
    heads = ("job", "source", "type", "status", "attempts", "created")
    draw.table(
        screen,
        heads,
        [
            (
                one["id"][:SHORT],
                one["source"],
                one["job_type"],
                one["status"],
                str(one["attempts"]),
                _time(one["created_at"]),
            )
            for one in found
        ],
    )


def _draw_one(screen: "Console", found: Mapping[str, Any]) -> None:
    import json

    job = found["job"]
    told = {
        "job": job["id"],
        "source": job["source"],
        "type": job["job_type"],
        "status": job["status"],
        "attempts": f"{job['attempts']} of {job['max_attempts']}",
        "priority": str(job["priority"]),
        "key": job["idempotency_key"] or "-",
        "due": _time(job["run_at"]),
    }
    if job["status"] == "processing":
        told |= {"worker": job["worker"], "lease": f"until {_time(job['lease_until'])}"}
    if job["last_error"]:
        told["error"] = job["last_error"]
    told["payload"] = json.dumps(job["payload"], ensure_ascii=False)
    draw.fields(screen, told)
    for event in found["events"]:
        detail = ", ".join(f"{key} {value}" for key, value in event["detail"].items())
        draw.line(screen, f"{_time(event['at'])}  {event['event']}" + (f"  {detail}" if detail else ""))
    if any(not letter["resolved"] for letter in found["letters"]):
        draw.line(screen, f"hint: `skillctl jobs retry {job['id'][:SHORT]}` tries it again", "yellow")


def _draw_dead(screen: "Console", found: Sequence[Mapping[str, Any]]) -> None:
    if not found:
        draw.line(screen, "there is no dead letter", "green")
        return
    rows = [
        (one["job_id"][:SHORT], one["source"], one["job_type"], _time(one["created_at"]), one["error"]) for one in found
    ]
    draw.table(screen, ("job", "source", "type", "died", "error"), rows)
    draw.line(screen, "hint: `skillctl jobs retry ID`, or `skillctl jobs dead --resolve ID` settles it")


def _time(at: str) -> str:
    """A moment as people read it, to the minute: UTC, in which production answers."""
    return at[:16].replace("T", " ")
