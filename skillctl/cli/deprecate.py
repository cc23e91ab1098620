"""`skillctl deprecate`."""

import re
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import to_builtins
from pydantic import ValidationError

from skillctl.cli import draw
from skillctl.cli.options import BranchOption, FormatOption, NoCommitOption, SkillArgument
from skillctl.cli.result import Format, Result
from skillctl.domain import version as versions
from skillctl.domain.naming import nearest
from skillctl.domain.schema import NAME_PATTERN, sentence
from skillctl.domain.serving import Retirement
from skillctl.errors import UsageError
from skillctl.wiring import Wiring
from skillctl.workflows.deprecate import Deprecated, deprecate
from skillctl.workflows.landing import Landing

if TYPE_CHECKING:
    from rich.console import Console

    from skillctl.workflows.ports import Tree

_REPLACEMENT = re.compile(NAME_PATTERN.strip("^$") + "(?:@.+)?")


def run(
    context: typer.Context,
    name: SkillArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; everybody who uses it reads this.")],
    version: Annotated[str | None, typer.Option("--version", help="By default the served one.")] = None,
    replaced_by: Annotated[str | None, typer.Option("--replaced-by", help="What to use instead.")] = None,
    sunset: Annotated[
        str | None, typer.Option("--sunset", help="The last day it may be relied on, YYYY-MM-DD.")
    ] = None,
    branch: BranchOption = None,
    no_commit: NoCommitOption = False,
    format: FormatOption = Format.TEXT,
) -> Result:
    """Commit the deprecation of an approved version."""
    repository = Wiring(context.obj).repository()
    retirement = retirement_of("deprecate", reason, sunset, replaced_by)
    if replaced_by is not None:
        _refuse_unknown(repository.tree(repository.head()), replaced_by)
    done = deprecate(repository, name, version, retirement, Landing(branch, not no_commit))
    data = {"skill": done.skill, "version": done.version, **to_builtins(done.landed), **done.retirement.model_dump()}
    return Result(data, 0, (), lambda screen: _draw(screen, done), format)


def retirement_of(command: str, reason: str, sunset: str | None = None, replaced_by: str | None = None) -> Retirement:
    """What the options say; UsageError names the one that cannot be meant."""
    if not reason.strip():
        raise UsageError("`--reason` is empty", hint="say why; everybody who uses the skill reads it")
    if sunset is not None and not _is_day(sunset):
        raise UsageError(f"`--sunset {sunset}` is not a day", hint="a date is written `2027-03-31`")
    if replaced_by is not None and _REPLACEMENT.fullmatch(replaced_by) is None:
        hint = "give a skill or a version of one: `NAME`, or `NAME@1.4.0`"
        raise UsageError(f"`--replaced-by {replaced_by}` is not the name of a skill", hint=hint)
    try:
        return Retirement(reason=reason, replaced_by=replaced_by, sunset=sunset)
    except ValidationError as problem:
        wrong = problem.errors(include_url=False)[0]
        option = "--" + str(wrong["loc"][0]).replace("_", "-")
        raise UsageError(f"`{option}`: {sentence(wrong)}", hint=f"run `skillctl {command} --help`") from None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _refuse_unknown(tree: "Tree", replaced_by: str) -> None:
    name, _, version = replaced_by.partition("@")
    if version and (versions.parse(version) is None or len(version) > 64):
        raise UsageError(f"`{version}` is not a version", hint=f"a version is written `{name}@1.4.0`")
    known = {file.path.split("/")[1] for file in tree.files("skills") if file.path.count("/") > 1}
    if name not in known:
        near = nearest(name, known)
        hint = f"did you mean `{near}`?" if near else "run `skillctl list`"
        raise UsageError(f"`--replaced-by`: there is no skill `{name}`", hint=hint)


def _draw(screen: "Console", done: Deprecated) -> None:
    if not done.landed.is_new:
        draw.line(screen, f"{done.skill}@{done.version} is deprecated already, for this reason")
        return
    draw.line(screen, f"{done.skill}@{done.version} is deprecated ({draw.landed(done.landed)})", "green")
