"""`skillctl diff`."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import to_builtins

from skillctl.cli import draw
from skillctl.cli.options import FormatOption, SkillArgument
from skillctl.cli.result import Format, Result
from skillctl.domain.difference import Difference, FileChange
from skillctl.wiring import Wiring
from skillctl.workflows.diff import Compared
from skillctl.workflows.diff import diff as compared

if TYPE_CHECKING:
    from rich.console import Console

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_KINDS = {"weakened": "red", "stricter": "green", "changed": "yellow"}


def run(
    context: typer.Context,
    name: SkillArgument,
    before: Annotated[
        str | None, typer.Argument(metavar="[A]", help="A version, `HEAD` or `working`; else the served one.")
    ] = None,
    after: Annotated[
        str | None, typer.Argument(metavar="[B]", help="A version, `HEAD` or `working`, which it is unsaid.")
    ] = None,
    format: FormatOption = Format.TEXT,
) -> Result:
    """What is other in B than in A: fields, tools asked for, instructions, files, and the suite where it is known."""
    found = compared(Wiring(context.obj).repository(), name, before, after)
    return Result(_data(name, found), 0, (), lambda screen: _draw(screen, found), format)


def _data(name: str, found: Compared) -> dict[str, Any]:
    other = found.difference
    return {
        "skill": name,
        "before": found.before,
        "after": found.after,
        "same": other.is_none,
        "fields": [to_builtins(one) for one in other.fields],
        "tools": {"added": other.tools_added, "removed": other.tools_removed},
        "instructions": other.instructions,
        "files": [to_builtins(one) for one in other.files],
        "suite": None if other.suite is None else [to_builtins(one) for one in other.suite],
    }


def _draw(screen: "Console", found: Compared) -> None:
    other = found.difference
    draw.line(screen, f"{found.before} -> {found.after}", "bold")
    if other.is_none:
        draw.line(screen, "no difference")
        return
    if other.fields:
        draw.blank(screen)
        draw.fields(screen, {one.field: f"{_worded(one.before)} -> {_worded(one.after)}" for one in other.fields})
    _tools(screen, other)
    if other.instructions:
        _headed(screen, "instructions")
        _lines(screen, other.instructions)
    if other.files:
        _headed(screen, "files")
    for file in other.files:
        _file(screen, file)
    if other.suite:
        _headed(screen, "suite")
    for change in other.suite or ():
        draw.line(screen, f"{change.kind}: {change.what}", _KINDS[change.kind])
        draw.indented(screen, f"{change.before} -> {change.after}")


def _tools(screen: "Console", other: Difference) -> None:
    if other.tools_added or other.tools_removed:
        _headed(screen, "tools asked for")
    _lines(screen, [*(f"- {tool}" for tool in other.tools_removed), *(f"+ {tool}" for tool in other.tools_added)])


def _file(screen: "Console", file: FileChange) -> None:
    modes = f" ({file.modes[0]} -> {file.modes[1]})" if file.modes else ""
    draw.line(screen, f"{_SIGNS[file.change]} {file.path}{modes}", _COLOURS.get(_SIGNS[file.change], "yellow"))
    _lines(screen, file.lines, "    ")


def _headed(screen: "Console", text: str) -> None:
    draw.blank(screen)
    draw.line(screen, text, "bold")


def _lines(screen: "Console", lines: Iterable[str], indent: str = "") -> None:
    for line in lines:
        draw.line(screen, indent + line, _COLOURS.get(line[:1]))


def _worded(value: Any) -> str:
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
