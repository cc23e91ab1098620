"""`skillctl validate`."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skillctl.cli import draw
from skillctl.cli.options import ReportOption
from skillctl.cli.result import Report, Result
from skillctl.domain.finding import errors_in
from skillctl.errors import UsageError
from skillctl.wiring import Wiring
from skillctl.workflows.validate import Validation, validate

if TYPE_CHECKING:
    from rich.console import Console

    from skillctl.workflows.fix import Fixed
    from skillctl.workflows.ports import Tree


def run(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Skills; none means all.")] = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only skills that changed since the base, and those that require them.")
    ] = False,
    base: Annotated[
        str | None, typer.Option("--base", metavar="REV", help="What the change is compared with, such as origin/main.")
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended safely, then judge.")] = False,
    standard: Annotated[
        Path | None,
        typer.Option("--standard", metavar="PATH", help="Judge plain folders of the Agent Skills standard there."),
    ] = None,
    format: ReportOption = Report.TEXT,
) -> Result:
    """Judge the skills as they lie in the folder."""
    if standard is not None:
        if names or changed or base is not None or fix:
            raise UsageError("`--standard` goes with no names and no other option", hint="run it alone")
        return _judged_plain(Wiring(context.obj), standard, format)
    if changed and names:
        raise UsageError("name skills, or give `--changed`, not both", hint="leave the names out")
    if base == "":
        raise UsageError("`--base` is empty", hint="name a commit or a branch, such as `origin/main`")
    if changed and base is None:
        raise UsageError("`--changed` needs a base to compare with", hint="add `--base origin/main`")
    return _judged(Wiring(context.obj), names or (), changed, base, fix, format)


def _judged(wired: Wiring, names: Sequence[str], changed: bool, base: str | None, fix: bool, format: Report) -> Result:
    touched = wired.changed_since(base) if changed else None
    fixed = wired.fix(names, touched) if fix else []
    tree = wired.working_tree()
    found = validate(
        tree,
        names,
        changed=touched,
        memory=wired.memory(tree),
        spread=wired.spread(tree),
        today=wired.today(),
        base=lambda: wired.base_tree(base),
    )
    return _answer(found, tree, format, fixed)


def _judged_plain(wired: Wiring, path: Path, format: Report) -> Result:
    from skillctl.workflows.standard import validate_plain

    tree, folders = wired.plain_folders(path)
    return _answer(validate_plain(tree, folders), tree, format, [])


def _answer(found: Validation, tree: "Tree", format: Report, fixed: Sequence["Fixed"]) -> Result:
    errors = len(errors_in(found.findings))
    data = {"skills": list(found.skills), "errors": errors, "warnings": len(found.findings) - errors}
    if fixed:
        data["fixed"] = [{"file": one.file, "done": list(one.done), "left_alone": one.is_left_alone} for one in fixed]
    return Result(
        data,
        1 if errors else 0,
        found.findings,
        lambda screen: _draw(screen, found, tree, errors, fixed),
        format,
        _report(found, format),
    )


def _report(found: Validation, format: Report) -> Callable[[], str] | None:
    if format is Report.GITHUB:
        from skillctl.cli.formats import github

        return partial(github.text, found.findings)
    if format is Report.SARIF:
        from skillctl import __version__
        from skillctl.cli.formats import sarif
        from skillctl.domain.rules import RULES

        return partial(sarif.text, found.findings, RULES, __version__)
    if format is Report.JUNIT:
        from skillctl.cli.formats import junit

        return partial(junit.text, found.findings, found.skills)
    return None


def _draw(screen: "Console", found: Validation, tree: "Tree", errors: int, fixed: Sequence["Fixed"]) -> None:
    for one in fixed:
        done = ", ".join(one.done)
        draw.line(screen, f"{one.file}: " + (f"left alone, it is approved (not {done})" if one.is_left_alone else done))
    if found.findings:
        from skillctl.workflows.excerpts import excerpts

        draw.findings(screen, found.findings, excerpts(tree, found.findings))
    warnings = len(found.findings) - errors
    count = f"{len(found.skills)} {'skill' if len(found.skills) == 1 else 'skills'}"
    verdict = f"{count}: {errors} errors, {warnings} warnings" if found.findings else f"{count}: no findings"
    draw.line(screen, verdict, "red" if errors else "green")
