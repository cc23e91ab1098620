"""`skillctl deprecate`."""

from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from skillctl.cli import draw
from skillctl.cli.options import FormatOption, SkillArgument
from skillctl.cli.result import Format, Result
from skillctl.domain.serving import Retirement
from skillctl.errors import UsageError
from skillctl.wiring import Wiring
from skillctl.workflows.deprecate import Deprecated, deprecate

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    name: SkillArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; everybody who uses it reads this.")],
    version: Annotated[str | None, typer.Option("--version", help="By default the served one.")] = None,
    replaced_by: Annotated[str | None, typer.Option("--replaced-by", help="What to use instead.")] = None,
    sunset: Annotated[
        str | None, typer.Option("--sunset", help="The last day it may be relied on, YYYY-MM-DD.")
    ] = None,
    format: FormatOption = Format.TEXT,
) -> Result:
    """Commit the deprecation of an approved version."""
    try:
        retirement = Retirement(reason=reason, replaced_by=replaced_by, sunset=sunset)
    except ValidationError as problem:
        wrong = problem.errors(include_url=False)[0]
        option = "--" + str(wrong["loc"][0]).replace("_", "-")
        raise UsageError(f"`{option}` cannot be {wrong['input']!r}", hint="a date is written `2027-03-31`") from None
    done = deprecate(Wiring(context.obj).repository(), name, version, retirement)
    data = {"skill": done.skill, "version": done.version, "commit": done.commit, **done.retirement.model_dump()}
    return Result(data, 0, (), lambda screen: _draw(screen, done), format)


def _draw(screen: "Console", done: Deprecated) -> None:
    if done.commit is None:
        draw.line(screen, f"{done.skill}@{done.version} is deprecated already, for this reason")
        return
    draw.line(screen, f"{done.skill}@{done.version} is deprecated (commit {done.commit[:12]})", "green")
