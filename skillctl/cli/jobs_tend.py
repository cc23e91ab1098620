"""`skillctl jobs retry`, `cancel` and `prune`."""

from typing import Annotated

import typer

from skillctl import wiring
from skillctl.cli import draw
from skillctl.cli.jobs_look import JobArgument, SourceOption
from skillctl.cli.options import EnvironmentOption, FormatOption
from skillctl.cli.result import Format, Result
from skillctl.workflows.one_job import the_one


def retry(
    context: typer.Context, job: JobArgument, env: EnvironmentOption = "prod", format: FormatOption = Format.TEXT
) -> Result:
    """Try a dead or cancelled job again, or one that waits at once."""
    with wiring.production(wiring.Wiring(context.obj).target(env)) as production:
        found = the_one(production, job)["job"]
        said = production.requeue(found["id"])
    was = {"queued": "waited", "failed": "was dead"}.get(said["was"], f"was {said['was']}")
    words = f"{found['id']} {was}, and is due now"
    return Result({"job": found["id"], **said}, 0, (), lambda screen: draw.line(screen, words, "green"), format)


def cancel(
    context: typer.Context,
    job: JobArgument,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; it stays with the job.")] = None,
    env: EnvironmentOption = "prod",
    format: FormatOption = Format.TEXT,
) -> Result:
    """Let nobody do a job any more; what its worker has done already is not undone."""
    with wiring.production(wiring.Wiring(context.obj).target(env)) as production:
        found = the_one(production, job)["job"]
        said = production.cancel(found["id"], reason)
    late = "; its worker may have done it already" if said["was"] == "processing" else ""
    words = f"{found['id']} is cancelled{late}"
    return Result({"job": found["id"], **said}, 0, (), lambda screen: draw.line(screen, words, "green"), format)


def prune(
    context: typer.Context,
    days: Annotated[int, typer.Option("--days", min=1, help="What ended so many days ago.")] = 30,
    source: SourceOption = None,
    env: EnvironmentOption = "prod",
    format: FormatOption = Format.TEXT,
) -> Result:
    """Throw away ended jobs of other apps; never a dead letter that is not settled, nor what tells of a release."""
    with wiring.production(wiring.Wiring(context.obj).target(env)) as production:
        count = production.prune(days, source)
    words = f"{count:,} {'job' if count == 1 else 'jobs'} thrown away that ended {days} days ago or earlier"
    return Result({"pruned": count}, 0, (), lambda screen: draw.line(screen, words), format)
