"""Trials: one situation, once → what was produced there, judged."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from skillctl.domain import asking
from skillctl.domain.arm import Arm
from skillctl.domain.case import Case, Trigger
from skillctl.domain.checks import BrokenCheck, Check, Produced
from skillctl.domain.checks.produced import printable
from skillctl.domain.evidence import EvidenceClass, Outcome
from skillctl.domain.exchange import NoAnswer
from skillctl.domain.selection import Catalogue
from skillctl.domain.suite import Suite
from skillctl.domain.trial import Line, Said, Trial
from skillctl.workflows.converse import Side, Talk, converse, say
from skillctl.workflows.eval_ports import Answers, Scripts, Tools
from skillctl.workflows.ports import Clock

#: Characters of one text that are kept of a trial.
_KEPT = 100_000


class Bench(Scripts, Protocol):
    """Runs scripts, and judges what they produced in bounded time."""

    def failure(self, check: Check, produced: Produced) -> str | None:
        """Why the check does not hold, or None; BrokenCheck if that cannot be said."""
        ...


class Instruments(Struct, frozen=True):
    """What trials are taken with; `answers` opens a runner by its alias, UsageError where there is none."""

    scripts: Bench
    answers: Callable[[str], Answers]
    tools: Tools
    clock: Clock


class Situation(Struct, frozen=True):
    """What is the same for all trials of a suite; `attached` are the texts given with a prompt, by case.

    `catalogues` are what each arm selects from, where a case has it select. `classes` says what each case's answers are
    as evidence.
    """

    suite: Suite
    sides: Mapping[Arm, Side]
    catalogues: Mapping[Arm, Catalogue]
    attached: Mapping[str, Mapping[str, str]]
    classes: Mapping[str, EvidenceClass]


class Task(Struct, frozen=True):
    """One trial that is to be taken."""

    case: Case
    arm: Arm
    number: int


def take(task: Task, situation: Situation, instruments: Instruments) -> Trial:
    """Take one trial; whatever goes wrong in it is its outcome."""
    case, begun = task.case, instruments.clock.seconds()
    talk = Talk(case.id, task.arm, task.number)
    lines: list[Line] = []
    try:
        produced = _produced(task, situation, instruments, talk)
        if not isinstance(produced, str) and case.expect:
            lines = _graded(case, situation.suite, produced, instruments, talk)
    except NoAnswer as problem:
        produced = str(problem)
    if case.trigger is not None and not isinstance(produced, str):
        outcome, reasons = _fired(case.trigger, produced, situation.suite.skill)
    else:
        outcome, reasons = judge(case.decidable, produced, instruments.scripts.failure)
    return Trial(
        case=case.id,
        arm=task.arm,
        number=task.number,
        evidence_class=situation.classes[case.id],
        outcome=outcome,
        reasons=reasons,
        seconds=round(instruments.clock.seconds() - begun, 4),
        cost=talk.cost,
        tokens=talk.tokens,
        said=[_brief(one) for one in talk.said],
        rubric=lines,
    )


def _brief(said: Said) -> Said:
    return said if len(said.text) <= _KEPT else said.model_copy(update={"text": said.text[:_KEPT]})


def _produced(task: Task, situation: Situation, instruments: Instruments, talk: Talk) -> Produced | str:
    case, side = task.case, situation.sides[task.arm]
    if case.run is not None:
        return _heard(talk, instruments.scripts.run(side.files, case.run))
    if case.tool is not None:
        asked = case.tool
        return _heard(talk, instruments.tools.call(asked.server, asked.name, asked.arguments, asked.timeout))
    if case.ask is not None:
        answers = instruments.answers(situation.suite.runner)
        return converse(answers, case.ask, situation.attached.get(case.id, {}), side, talk)
    assert case.trigger is not None
    return _selected(case.trigger, situation, instruments, talk)


def _fired(trigger: Trigger, produced: Produced, skill: str) -> tuple[Outcome, list[str]]:
    selected = produced.stdout
    if (selected == skill) is trigger.fires:
        return Outcome.PASSED, []
    if trigger.fires:
        return Outcome.FAILED, [f"`{skill}` must fire, but {f'`{selected}`' if selected else 'no skill'} was selected"]
    return Outcome.FAILED, [f"`{skill}` must not fire, but was selected"]


def _selected(trigger: Trigger, situation: Situation, instruments: Instruments, talk: Talk) -> Produced:
    """The name of the skill that was selected, empty for none."""
    suite, catalogue, prompt = situation.suite, situation.catalogues[talk.arm], trigger.prompt
    talk.said.append(Said(who="user", text=prompt))
    if suite.trigger_runner is None:
        selected = catalogue.selected(prompt)
    else:
        answers = instruments.answers(suite.trigger_runner)
        text = say(answers, asking.selection_of(prompt, catalogue.offers), talk)
        try:
            selected = asking.selected_in(text, catalogue.offers)
        except ValueError as problem:
            raise NoAnswer(f"no skill was selected: {problem}") from None
    talk.said.append(Said(who="selection", text=selected or ""))
    return Produced(0, selected or "")


def _heard(talk: Talk, produced: Produced | str) -> Produced | str:
    if not isinstance(produced, str):
        texts = (("stdout", produced.stdout), ("stderr", produced.stderr))
        talk.said += [Said(who=who, text=text) for who, text in texts if text]
    return produced


def _graded(case: Case, suite: Suite, produced: Produced, instruments: Instruments, talk: Talk) -> list[Line]:
    """What a judge says of each line of the rubrics; it is reported, and decides nothing."""
    asked = [line for check in case.expect for line in check.rubric or ()]
    if not asked:
        return []
    try:
        text = say(instruments.answers(suite.judge), asking.judging_of(case.prompt, produced.stdout, asked), talk)
        graded = asking.graded_in(text, asked)
    except (NoAnswer, ValueError) as problem:
        raise NoAnswer(f"the judge `{suite.judge}` gave no verdict: {problem}") from None
    return [Line(text=line, met=met, evidence=words) for line, (met, words) in zip(asked, graded, strict=True)]


def judge(
    checks: Iterable[Check], produced: Produced | str, failure_of: Callable[[Check, Produced], str | None]
) -> tuple[Outcome, list[str]]:
    """The outcome of a case and every reason against it; text instead of a product says why there is none."""
    if isinstance(produced, str):
        return Outcome.ERRORED, [printable(produced)]
    reasons, outcome = [], Outcome.PASSED
    for check in checks:
        try:
            failure = failure_of(check, produced)
        except BrokenCheck as problem:
            outcome = Outcome.ERRORED
            reasons.append(str(problem))
            continue
        if failure is not None:
            reasons.append(failure)
            outcome = Outcome.FAILED if outcome is Outcome.PASSED else outcome
    return outcome, [printable(reason) for reason in reasons]
