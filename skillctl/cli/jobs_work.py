"""`skillctl jobs work`."""

import sys
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import Struct

from skillctl import wiring
from skillctl.cli import draw
from skillctl.cli.options import EnvironmentOption, FormatOption
from skillctl.cli.result import Format, Result
from skillctl.domain.delivery import Delivered, Later
from skillctl.domain.release_payload import JOB_TYPES
from skillctl.domain.rollout import FAILED, FOLLOW
from skillctl.errors import UsageError
from skillctl.wiring import working
from skillctl.workflows.deliver import Delivery, Drained, drain
from skillctl.workflows.work import Told

if TYPE_CHECKING:
    from rich.console import Console

    from skillctl.errors import Unreachable
    from skillctl.settings import Target


class _Waiting(Struct, frozen=True):
    """Due jobs of one type, and the settings that they wait for."""

    job_type: str
    count: int
    settings: list[str]


def work(
    context: typer.Context,
    drained: Annotated[bool, typer.Option("--drain", help="Attempt every due job once, then end.")] = False,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=32, help="How many deliver at once, without `--drain`.")
    ] = 2,
    env: EnvironmentOption = "prod",
    format: FormatOption = Format.TEXT,
) -> Result:
    """Deliver what releases queued: as it comes, until SIGTERM or Ctrl-C, or only what is due now (`--drain`).

    With `--drain`, exit 1 if something that is due did not arrive.
    """
    target = wiring.Wiring(context.obj).target(env)
    if not drained:
        return _work_on(target, workers, format)
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


def _work_on(target: "Target", workers: int, format: Format) -> Result:
    """Until a signal; each delivery is a line on standard error, and counted in the answer."""
    if not wiring.destinations(target):
        raise UsageError("no destination has its settings", hint=f"set {_named(target.unset)}")
    counts: dict[str, int] = {}
    lock = Lock()

    def delivered(one: Delivery) -> None:
        with lock:
            counts[one.status] = counts.get(one.status, 0) + 1
            _say(*_said(one))

    def trouble(problem: "Unreachable | None") -> None:
        with lock:
            _say(f"{problem.message}; asking again until it answers" if problem else "production answers again")

    _say(f"{workers} {'worker delivers' if workers == 1 else 'workers deliver'} to {target.name}; Ctrl-C ends it")
    code = working.work(target, workers, Told(delivered, trouble))
    words = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "nothing was due"
    return Result({"attempts": counts}, code, (), lambda screen: draw.line(screen, f"stopped: {words}"), format)


def _say(words: str, style: str | None = None) -> None:
    sys.stderr.write(draw.rendered(lambda screen: draw.line(screen, words, style), stderr=True))
    sys.stderr.flush()


def _named(settings: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in settings) or "`mattermost` or `n8n` of the environment"


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
        named = n8n.required if n8n else [f"{place}.n8n"]
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
        draw.line(screen, f"in the dead-letter queue: {counts}; see `skillctl jobs dead`", "yellow")


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
