"""What `skillctl eval` and `skillctl eval merge` answer, in each of its forms."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from skillctl.cli import draw
from skillctl.cli.result import EvalFormat, Format, Result
from skillctl.domain.evidence import Outcome, Verdict
from skillctl.domain.reporting import report_of
from skillctl.errors import SkillctlError, UsageError
from skillctl.workflows.evaluate import Evaluation

if TYPE_CHECKING:
    from rich.console import Console

    from skillctl.domain.evaluation import SuiteReport

_CODES = {Verdict.ERRORED: 3, Verdict.PASSED: 0}


def answer(
    done: Sequence[Evaluation], refused: Mapping[str, SkillctlError], page: Path | None, format: EvalFormat
) -> Result:
    """The answer, and the page where one was asked for: exit code 1 where a skill did not pass, 3 where one could not
    be judged; what alone was asked for and is refused is raised.
    """
    if len(refused) == 1 and not done:
        raise next(iter(refused.values()))
    if page is not None:
        write(page, _written("eval_html", done))
    code = _exit_code(done, refused.values())
    if format is EvalFormat.JSON:
        return Result(_data(done, refused), code, (), format=Format.JSON)
    writers = {EvalFormat.JUNIT: "eval_junit", EvalFormat.MARKDOWN: "eval_markdown"}
    if format in writers:
        _tell(draw.console(stderr=True), refused)
        return Result(exit_code=code, report=lambda: _written(writers[format], done))
    return Result(exit_code=code, text=lambda screen: _draw(screen, done, refused))


def _data(done: Iterable[Evaluation], refused: Mapping[str, SkillctlError]) -> dict[str, Any]:
    return {
        "evaluations": [
            {"kept_at": one.kept_at, "reused": one.reused, "evidence": one.evidence.record()} for one in done
        ],
        "errors": [
            {"skill": name, "kind": type(problem).__name__, "message": problem.message, "hint": problem.hint}
            for name, problem in refused.items()
        ],
    }


def reports(done: Iterable[Evaluation]) -> "list[SuiteReport]":
    """What there is to show of each evaluation."""
    return [_report(one) for one in done]


def _report(one: Evaluation) -> "SuiteReport":
    ground = one.ground
    prompts = {
        (name, case.id): case.trigger.prompt
        for name, read in ground.contents.suites.items()
        for case in read.suite.cases
        if case.trigger is not None
    }
    report = report_of(one.evidence, one.trials, ground.suite, ground.gate, ground.served, prompts, reused=one.reused)
    return replace(report, is_part=not one.scope.is_whole)


def sure_to_write(*files: Path | None) -> None:
    """UsageError where a file that somebody asked for has no place to be; asked before anything is spent."""
    for file in files:
        if file is not None and not file.parent.is_dir():
            raise UsageError(f"there is no folder `{file.parent}`", hint=f"make it: `mkdir -p {file.parent}`")
        if file is not None and file.is_dir():
            raise UsageError(f"`{file}` is a folder", hint="name a file")


def write(file: Path, text: str) -> None:
    """A file somebody asked for; UsageError where it has no place to be."""
    sure_to_write(file)
    file.write_text(text, encoding="utf-8")


def _written(form: str, done: Sequence[Evaluation]) -> str:
    from importlib import import_module

    text: Callable[[Sequence[SuiteReport]], str] = import_module(f"skillctl.cli.formats.{form}").text
    return text(reports(done))


def _exit_code(done: Sequence[Evaluation], refused: Iterable[SkillctlError]) -> int:
    return max([*map(_code, done), *(problem.exit_code for problem in refused)], default=0)


def _code(one: Evaluation) -> int:
    """Of a part there is no verdict, only its cases; and those of a shard are judged when all are there."""
    outcomes = {case.outcome for case in (*one.evidence.cases, *one.evidence.shown)}
    if one.unmeasured or (not one.scope.is_whole and Outcome.ERRORED in outcomes):
        return 3
    if one.scope.is_whole:
        return _CODES.get(one.evidence.verdict, 1)
    return int(one.scope.shard is None and Outcome.FAILED in outcomes)


def _draw(screen: "Console", done: Sequence[Evaluation], refused: Mapping[str, SkillctlError]) -> None:
    from skillctl.cli.formats import eval_text

    eval_text.show(screen, reports(done))
    for one in done:
        for arm, trials in one.unmeasured.items():
            words = f"{one.evidence.skill}: {len(trials)} trials of `{arm}` errored: {trials[0].reasons[0]}"
            draw.line(draw.console(stderr=True), words, "yellow")
    _tell(draw.console(stderr=True), refused)


def _tell(screen: "Console", refused: Mapping[str, SkillctlError]) -> None:
    for problem in refused.values():
        draw.line(screen, f"error: {problem.message}", "red")
        if problem.hint:
            draw.line(screen, f"    hint: {problem.hint}", "dim")
