"""`skillctl jobs`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skillctl import wiring
from skillctl.cli import draw
from skillctl.cli.options import EnvironmentOption, FormatOption
from skillctl.cli.result import Format, Result
from skillctl.domain.delivery import Delivered, Later
from skillctl.domain.release_payload import JOB_TYPES
from skillctl.domain.rollout import FAILED, FOLLOW
from skillctl.errors import UsageError
from skillctl.workflows.deliver import Delivery, Drained, drain

if TYPE_CHECKING:
    from rich.console import Console

    from skillctl.settings import Target


@dataclass(frozen=True)
class _Waiting:
    """Due jobs of one type, and the settings that they wait for."""

    job_type: str
    count: int
    settings: list[str]


app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("work")
def work(
    context: typer.Context,
    drained: Annotated[bool, typer.Option("--drain", help="Attempt every due job once, then end.")] = False,
    env: EnvironmentOption = "prod",
    format: FormatOption = Format.TEXT,
) -> Result:
    """Deliver what releases queued; exit 1 if something that is due did not arrive."""
    if not drained:
        raise UsageError("how long to work is not said", hint="run `skillctl jobs work --drain`")
    target = wiring.Wiring(context.obj).target(env)
    with wiring.production(target) as production:
        done = drain(production, wiring.destinations(target), wiring.worker())
    waiting = [_Waiting(kind, count, _missing(kind, target)) for kind, count in sorted(done.waiting.items())]
    data = {
        "deliveries": [_as_data(one) for one in done.deliveries],
        "waiting": [{"type": one.job_type, "jobs": one.count, "settings": one.settings} for one in waiting],
        "dead": dict(done.dead),
        "unset": list(target.unset),
    }
    return Result(data, 0 if done.is_done else 1, (), lambda screen: _draw(screen, done, waiting), format)


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
    receipt = dict(one.attempt.receipt) if isinstance(one.attempt, Delivered | Later) else None
    reason = None if isinstance(one.attempt, Delivered) else one.attempt.reason
    return {"job": one.job.id, "type": one.job.job_type, "status": one.status, "receipt": receipt, "reason": reason}


def _missing(job_type: str, target: "Target") -> list[str]:
    """The settings without which jobs of this type have no destination; empty for a type that nobody knows."""
    place = f"environments.{target.name}"
    mattermost, n8n = target.environment.mattermost, target.environment.n8n
    if job_type in (JOB_TYPES["mattermost"], FAILED):
        named = mattermost.required if mattermost else [f"{place}.mattermost"]
    elif job_type == JOB_TYPES["n8n"]:
        named = [n8n.webhook, n8n.secret] if n8n else [f"{place}.n8n"]
    elif job_type == FOLLOW:
        return [n8n.api_key] if n8n else [f"{place}.n8n"]
    else:
        return []
    return [name for name in named if name in target.unset or name.startswith(place)]


def _draw(screen: "Console", done: Drained, waiting: Sequence[_Waiting]) -> None:
    if not done.deliveries and not waiting:
        draw.line(screen, "no job is due")
    for one in done.deliveries:
        draw.line(screen, *_said(one))
    for kind in waiting:
        jobs = "1 job waits" if kind.count == 1 else f"{kind.count} jobs wait"
        wanted = " and ".join(f"`{name}`" for name in kind.settings)
        remedy = f"set {wanted}" if wanted else "no destination of this `skillctl` takes that type"
        draw.line(screen, f"not delivered: {kind.job_type}: {jobs}; {remedy}", "red")
    if done.dead:
        counts = ", ".join(f"{count} {kind}" for kind, count in sorted(done.dead.items()))
        draw.line(screen, f"in the dead-letter queue: {counts}; see `skillctl jobs list`", "yellow")


def _said(one: Delivery) -> tuple[str, str]:
    kind = one.job.job_type
    if isinstance(one.attempt, Later) and one.status == "postponed":
        seen = ", ".join(f"{key} {value}" for key, value in one.attempt.receipt.items())
        told = one.attempt.reason or seen or "not yet"
        return (
            f"not yet: {kind}: {told}; asked again in {one.attempt.after} s",
            "yellow" if one.attempt.reason else "dim",
        )
    if not isinstance(one.attempt, Delivered):
        after = {
            "queued": "it will be tried again",
            "failed": "it is in the dead-letter queue",
            "lost": "another worker has taken it over",
        }
        return f"not delivered: {kind}: {one.attempt.reason or 'not yet'}; {after[one.status]}", "red"
    receipt = ", ".join(f"{key} {value}" for key, value in one.attempt.receipt.items())
    if one.status == "lost":
        return f"delivered {kind} ({receipt}) too late: another worker has taken it over and may repeat it", "yellow"
    return f"delivered {kind} ({receipt})", "green"


def _draw_list(screen: "Console", found: Sequence[Mapping[str, Any]]) -> None:
    rows = [
        (str(job["id"])[:8], job["job_type"], job["status"], str(job["attempts"]), job["created_at"]) for job in found
    ]
    draw.table(screen, ("job", "type", "status", "attempts", "created"), rows)
