"""`skillctl revise`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import to_builtins

from skillctl.cli import draw
from skillctl.cli.options import BranchOption, FormatOption, NoCommitOption, SkillArgument
from skillctl.cli.result import Format, Result
from skillctl.wiring import Wiring
from skillctl.workflows.landing import Landing
from skillctl.workflows.revise import Revised, revise

if TYPE_CHECKING:
    from rich.console import Console


class Part(StrEnum):
    """Which number of the version is raised."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"


def run(
    context: typer.Context,
    name: SkillArgument,
    part: Annotated[Part, typer.Option("--part", help="The number of the version to raise.")] = Part.MINOR,
    version: Annotated[str | None, typer.Option("--version", help="The version to open instead.")] = None,
    branch: BranchOption = None,
    no_commit: NoCommitOption = False,
    format: FormatOption = Format.TEXT,
) -> Result:
    """Open the next version; what is served is not touched."""
    done = revise(Wiring(context.obj).repository(), name, part.value, version, Landing(branch, not no_commit))
    data = {key: value for key, value in to_builtins(done).items() if key != "landed"}
    return Result({**data, **to_builtins(done.landed)}, 0, (), lambda screen: _draw(screen, done), format)


def _draw(screen: "Console", done: Revised) -> None:
    if not done.landed.is_new:
        draw.line(screen, f"{done.skill}@{done.version} is open already")
        return
    draw.line(screen, f"{done.skill}@{done.version} is open as draft ({draw.landed(done.landed)})", "green")
    draw.line(screen, f"{done.serving} keeps serving" if done.serving else "nothing of it is served", "dim")
