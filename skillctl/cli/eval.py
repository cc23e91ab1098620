"""`skillctl eval`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from skillctl import settings, wiring
from skillctl.cli import draw
from skillctl.cli.options import FormatOption
from skillctl.cli.result import Format, Result
from skillctl.domain.evidence import CaseResult, Outcome, Verdict
from skillctl.domain.promotion import short
from skillctl.errors import SkillctlError
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
    if scripts.weakness is not None:
        draw.line(draw.console(stderr=True), f"scripts run without isolation: {scripts.weakness}", "yellow")
    done: list[Evaluation] = []
    refused: dict[str, SkillctlError] = {}
    for name in dict.fromkeys(names):
        try:
            done.append(evaluate(repository, scripts, store, clock, name, tool=wiring.TOOL, told=_told))
        except SkillctlError as problem:
            refused[name] = problem
    if len(refused) == 1 and not done:
        raise next(iter(refused.values()))
    data = {
        "evaluations": [{"kept_at": one.kept_at, "evidence": one.evidence.record()} for one in done],
        "errors": [
            {"skill": name, "kind": type(problem).__name__, "message": problem.message, "hint": problem.hint}
            for name, problem in refused.items()
        ],
    }
    return Result(data, _exit_code(done, refused.values()), (), lambda screen: _draw(screen, done, refused), format)


def _exit_code(done: Sequence[Evaluation], refused: Iterable[SkillctlError]) -> int:
    codes = {Verdict.ERRORED: 3, Verdict.FAILED: 1, Verdict.PASSED: 0}
    own = [codes[one.evidence.verdict] for one in done]
    return max([*own, *(problem.exit_code for problem in refused)], default=0)


def _told(case: CaseResult) -> None:
    if not settings.is_scripted():
        draw.line(draw.console(stderr=True), f"  {case.outcome.value:8} {case.id}", draw.styled(case.outcome.value))


def _draw(screen: "Console", done: Sequence[Evaluation], refused: Mapping[str, SkillctlError]) -> None:
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
    told = draw.console(stderr=True)
    for problem in refused.values():
        draw.line(told, f"error: {problem.message}", "red")
        if problem.hint:
            draw.line(told, f"    hint: {problem.hint}", "dim")
