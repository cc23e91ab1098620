"""`skillctl validate`."""

from typing import TYPE_CHECKING, Annotated

import typer

from skillctl.cli import draw
from skillctl.cli.options import FormatOption
from skillctl.cli.result import Format, Result
from skillctl.domain.finding import errors_in
from skillctl.wiring import Wiring
from skillctl.workflows.validate import Validation, validate

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Skills; none means all.")] = None,
    format: FormatOption = Format.TEXT,
) -> Result:
    """Judge the skills as they lie in the folder."""
    found = validate(Wiring(context.obj).working_tree(), names or ())
    errors = len(errors_in(found.findings))
    data = {"skills": list(found.skills), "errors": errors, "warnings": len(found.findings) - errors}
    return Result(data, 1 if errors else 0, found.findings, lambda screen: _draw(screen, found, errors), format)


def _draw(screen: "Console", found: Validation, errors: int) -> None:
    draw.findings(screen, found.findings)
    warnings = len(found.findings) - errors
    count = f"{len(found.skills)} {'skill' if len(found.skills) == 1 else 'skills'}"
    verdict = f"{count}: {errors} errors, {warnings} warnings" if found.findings else f"{count}: no findings"
    draw.line(screen, verdict, "red" if errors else "green")
