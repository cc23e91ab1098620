"""`skillctl rollback`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from skillctl.cli import draw
from skillctl.cli.options import BranchOption, FormatOption, NoCommitOption, SkillArgument
from skillctl.cli.result import Format, Result
from skillctl.wiring import Wiring
from skillctl.workflows.landing import Landing
from skillctl.workflows.rollback import RolledBack, rollback

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    name: SkillArgument,
    to: Annotated[str, typer.Option("--to", metavar="VERSION", help="The approved version to serve.")],
    reason: Annotated[str | None, typer.Option("--reason", help="Why; the commit says it.")] = None,
    branch: BranchOption = None,
    no_commit: NoCommitOption = False,
    format: FormatOption = Format.TEXT,
) -> Result:
    """Commit that another approved version is served; the folder, and what is in work, stay as they are."""
    done = rollback(Wiring(context.obj).repository(), name, to, reason, Landing(branch, not no_commit))
    data = {
        "skill": done.skill,
        "serving": done.version,
        "was_serving": done.was_serving,
        "state": done.state,
        **asdict(done.landed),
    }
    return Result(data, 0, (), lambda screen: _draw(screen, done), format)


def _draw(screen: "Console", done: RolledBack) -> None:
    if not done.landed.is_new:
        draw.line(screen, f"{done.skill}@{done.version} is served already")
        return
    draw.line(screen, f"{done.skill}@{done.version} is served ({draw.landed(done.landed)})", "green")
    draw.line(screen, f"before it was {done.was_serving or 'nothing'}", "dim")
    if done.state == "deprecated":
        draw.line(screen, f"{done.version} is deprecated: who uses it is told so")
