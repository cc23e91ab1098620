"""`skillctl eval`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from skillctl import settings, wiring
from skillctl.cli import draw
from skillctl.cli.options import FormatOption
from skillctl.cli.result import Format, Result
from skillctl.domain.evidence import CaseResult, Outcome, Verdict
from skillctl.domain.promotion import short
from skillctl.workflows.evaluate import Evaluation, evaluate

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Skills, by their names.")],
    format: FormatOption = Format.TEXT,
) -> Result:
    """Run every case on what committing the skill's folder now would give."""
    wired = wiring.Wiring(context.obj)
    repository, scripts, store, clock = wired.repository(), wired.scripts(), wired.evidence(), wired.clock()
    done = [evaluate(repository, scripts, store, clock, name, tool=wiring.TOOL, told=_told) for name in names]
    data = {"evaluations": [{"kept_at": one.kept_at, "evidence": one.evidence.record()} for one in done]}
    return Result(data, _exit_code(done), (), lambda screen: _draw(screen, done), format)


def _exit_code(done: Sequence[Evaluation]) -> int:
    verdicts = {one.evidence.verdict for one in done}
    return 3 if Verdict.ERRORED in verdicts else 1 if Verdict.FAILED in verdicts else 0


def _told(case: CaseResult) -> None:
    if not settings.is_scripted():
        draw.line(draw.console(stderr=True), f"  {case.outcome.value:8} {case.id}", draw.styled(case.outcome.value))


def _draw(screen: "Console", done: Sequence[Evaluation]) -> None:
    for one in done:
        evidence = one.evidence
        for case in evidence.cases:
            if case.outcome is not Outcome.PASSED:
                draw.line(screen, f"{case.outcome.value} {case.id}", "red")
            for reason in case.reasons:
                draw.line(screen, f"  {reason}")
        counts = ", ".join(
            f"{evidence.count(outcome)} {outcome.value}" for outcome in Outcome if evidence.count(outcome)
        )
        words = f"{evidence.skill}@{evidence.version} {short(evidence.skill_digest)}: {evidence.verdict.value}"
        draw.line(screen, f"{words} ({counts})", draw.styled(evidence.verdict.value))
        draw.line(screen, f"evidence {evidence.digest[:12]}, {evidence.evidence_class.value}", "dim")
