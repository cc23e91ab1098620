"""`skillctl gate`."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec.structs import replace

from skillctl.cli import draw
from skillctl.cli.result import Report, Result
from skillctl.domain.finding import Finding, errors_in
from skillctl.domain.gate.judged import GateReport, Judged
from skillctl.domain.weakening import Change
from skillctl.errors import UsageError
from skillctl.wiring import Wiring
from skillctl.wiring.judging import court, keep_production_away
from skillctl.workflows.court import Court
from skillctl.workflows.gate import gate, walk

if TYPE_CHECKING:
    from rich.console import Console


class GateFormat(StrEnum):
    """How a judged change is written to standard output."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    MARKDOWN = "markdown"


def run(
    context: typer.Context,
    base: Annotated[
        str | None, typer.Option("--base", metavar="REV", help="What the change enters, such as origin/main.")
    ] = None,
    head: Annotated[str | None, typer.Option("--head", metavar="REV", help="The change.  [default: HEAD]")] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="REV", help="Judge each first-parent commit after this one.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="REV", help="The last of them.  [default: HEAD]")] = None,
    rerun: Annotated[
        bool, typer.Option("--rerun", help="Measure the free cases again, with the suites of the change and its base.")
    ] = False,
    format: Annotated[
        GateFormat, typer.Option("--format", help="Text for people, one JSON envelope, or a report for another tool.")
    ] = GateFormat.TEXT,
) -> Result:
    """Judge a change from Git alone: without `--rerun` nothing is started, and never anything checked out."""
    if (base is None) is (since is None) or (head and base is None) or (until and since is None):
        message = "give `--base REV`, with or without `--head`, or `--from REV`, with or without `--to`"
        raise UsageError(message, hint="in a pull request: `skillctl gate --base origin/main`")
    wired = Wiring(context.obj)
    judge = partial(_judged, wired, (base, head or "HEAD") if base else None, (since or "", until or "HEAD"))
    if not rerun:
        return _answer(judge(court(wired)), format)
    keep_production_away(wired, base or since or "", head or until or "HEAD")
    from skillctl.wiring.evaluating import Laboratory, Means
    from skillctl.workflows.trust import Choice

    with Laboratory(wired, Means(concurrency=4), Choice) as laboratory:
        return _answer(judge(replace(court(wired), takes=laboratory.takes)), format)


def _judged(wired: Wiring, change: tuple[str, str] | None, line: tuple[str, str], judge: Court) -> list[GateReport]:
    if change is not None:
        return [gate(judge, *change, wired.today())]
    return list(walk(judge, *line))


def _answer(reports: Sequence[GateReport], format: GateFormat) -> Result:
    findings = [finding for report in reports for finding in report.all_findings]
    code = 0 if all(report.is_open for report in reports) else 1
    data = {"open": code == 0, "changes": [_data(report) for report in reports]}
    written = _writer(reports, findings, format)
    shown = Report.JSON if format is GateFormat.JSON else Report.TEXT
    return Result(data, code, findings, lambda screen: _draw(screen, reports), shown, written)


def _writer(reports: Sequence[GateReport], findings: Sequence[Finding], format: GateFormat) -> Callable[[], str] | None:
    if format is GateFormat.GITHUB:
        from skillctl.cli.formats import github

        return partial(github.text, findings)
    if format is GateFormat.SARIF:
        from skillctl import __version__
        from skillctl.cli.formats import sarif
        from skillctl.domain.rules import RULES

        return partial(sarif.text, findings, RULES, __version__)
    if format is GateFormat.MARKDOWN:
        from skillctl.cli.formats import gate_markdown

        return partial(gate_markdown.text, reports)
    return None


def _data(report: GateReport) -> dict[str, Any]:
    return {
        "base": report.base,
        "head": report.head,
        "open": report.is_open,
        "skills": [_skill(one) for one in report.skills],
        "policy": [_change(change) for change in report.changes],
    }


def _skill(one: Judged) -> dict[str, Any]:
    asked = one.quorum
    return {
        "skill": one.name,
        "step": one.step,
        "version": one.after.version,
        "errors": len(errors_in(one.findings)),
        "weakened": [_change(change) for change in one.changes if change.kind == "weakened"],
        "differences": [_change(change) for change in one.changes],
        "growth": list(one.growth),
        "approvals": {"needed": asked.needed, "counted": list(asked.counted)} if asked else None,
    }


def _change(change: Change) -> dict[str, str]:
    return {"kind": change.kind, "what": change.what, "before": change.before, "after": change.after}


def _draw(screen: "Console", reports: Sequence[GateReport]) -> None:
    for report in reports:
        draw.line(screen, f"from {report.base[:12]} to {report.head[:12]}", "dim")
        for one in report.skills:
            _draw_skill(screen, one)
        for change in report.changes:
            draw.line(screen, f"policy, {_worded(change)}", "yellow" if change.kind == "weakened" else "")
        draw.findings(screen, report.findings, {})
    is_open = all(report.is_open for report in reports)
    count = sum(len(report.skills) for report in reports)
    words = f"{count} {'skill differs' if count == 1 else 'skills differ'}" if count else "no skill differs"
    draw.line(screen, f"the gate is {'open' if is_open else 'closed'}: {words}", "green" if is_open else "red")


def _draw_skill(screen: "Console", one: Judged) -> None:
    is_open = not errors_in(one.findings)
    draw.line(screen, f"{'✓' if is_open else '✗'} {one.name}: {one.step}", "green" if is_open else "red")
    if one.quorum is not None and one.quorum.needed:
        names = f" ({', '.join(one.quorum.counted)})" if one.quorum.counted else ""
        draw.line(screen, f"  {one.quorum.said()}{names}")
    for change in one.changes:
        draw.line(screen, f"  {_worded(change)}", "yellow" if change.kind == "weakened" else "dim")
    for finding in one.findings:
        place = f"{finding.file}:{finding.line}:{finding.column}"
        draw.line(screen, f"  {place} {finding.severity.value} {finding.code} {finding.message}")
        if finding.hint:
            draw.line(screen, f"    hint: {finding.hint}", "dim")


def _worded(change: Change) -> str:
    return f"{change.kind}: {change.what}: {change.before} -> {change.after}"
