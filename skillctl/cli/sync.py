"""`skillctl sync`."""

from typing import TYPE_CHECKING, Annotated

import typer

from skillctl import wiring
from skillctl.cli import draw
from skillctl.cli.options import EnvironmentOption, FormatOption, RevisionArgument
from skillctl.cli.plan import as_data, draw_plan
from skillctl.cli.result import Format, Result
from skillctl.workflows.release import Synced, sync

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    revision: RevisionArgument = "HEAD",
    env: EnvironmentOption = "prod",
    prune: Annotated[bool, typer.Option("--prune", help="Withdraw more than `max_withdrawn` allows.")] = False,
    format: FormatOption = Format.TEXT,
) -> Result:
    """Plan, apply in one transaction with its jobs, read back; exit 1 if a skill is blocked."""
    wired = wiring.Wiring(context.obj)
    target = wired.target(env)
    with wiring.production(target) as production:
        done = sync(
            wired.repository(),
            wired.signatures(),
            production,
            revision,
            environment=env,
            prune=prune,
            tool=wiring.TOOL,
        )
    data = {**as_data(done.plan), "release": done.release, "head": done.head, "jobs": list(done.jobs)}
    findings = [finding for entry in done.plan.blocked for finding in entry.problems]
    exit_code = 1 if done.plan.blocked else 0
    return Result(data, exit_code, findings, lambda screen: _draw(screen, done), format)


def _draw(screen: "Console", done: Synced) -> None:
    draw_plan(screen, done.plan)
    if done.release is None:
        return
    jobs = f", queued {' and '.join(done.jobs)}" if done.jobs else ""
    draw.line(screen, f"released {done.release}: {done.stored_blobs} blobs stored{jobs}", "green")
    if done.jobs:
        draw.line(screen, "hint: run `skillctl jobs work --drain` to deliver")
