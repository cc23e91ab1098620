"""Rerun: the cases that cost nothing, measured again on what a change holds: with its suite, and with that of its base.

What evidence says is believed by nobody who can measure it, and a change that passes its own suite alone has proved
little where it brought the suite along. Recorded answers cost nothing either; but only those to the suite of the change
lie beside it.
"""

from collections.abc import Callable, Collection, Iterator, Sequence

from msgspec.structs import replace

from skillctl.domain import tally
from skillctl.domain.arm import Arm
from skillctl.domain.case import Case
from skillctl.domain.evidence import CaseResult, Outcome
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.lifecycle import Status
from skillctl.domain.suite import ReadSuite, Suite
from skillctl.domain.trial import Trial
from skillctl.errors import UsageError
from skillctl.workflows.gate_promotion import Within, contents_of, ground_in
from skillctl.workflows.gate_sides import Seen
from skillctl.workflows.ground import Ground
from skillctl.workflows.trials import Task

#: Takes trials away from everything that matters, and gives each.
Takes = Callable[[Ground, Sequence[Task]], Sequence[Trial]]


def measured_again(within: Within, before: Seen, after: Seen, asks: str | None, takes: Takes) -> Iterator[Finding]:
    """What the free cases say otherwise than they should; `asks` is what a weaker suite still needs, None for nothing.

    Of a draft it is told and no more: it is in work.
    """
    if after.suite is None or after.skill is None or after.content is None:
        return
    definition = after.skill.definition
    is_offered = definition.status in (Status.CANDIDATE, Status.APPROVED)
    own = _results(within, after, after.suite, takes, _replayed(within, after.suite.suite))
    statement = after.statements.get(definition.version)
    is_new = statement is not None and definition.version not in before.side.approved
    said = {one.id: one.outcome for one in statement.predicate.evidence.cases} if statement and is_new else {}
    for one in own:
        told = said.get(one.id)
        if is_new and told is not one.outcome:
            message = f"case `{one.id}` is {one.outcome}, and the evidence says {told or 'nothing'}{_why(one)}"
            yield _finding(after, message, Severity.ERROR, f"run `skillctl eval {after.side.name} --fresh`")
        elif one.outcome is not Outcome.PASSED and not is_new:
            yield _finding(after, f"case `{one.id}` is {one.outcome}{_why(one)}", Severity.WARNING, None)
    if before.suite is None or before.side.digest == after.side.digest:
        return
    known = {one.id: one.outcome for one in own if _same(before.suite, after.suite, one.id)}
    for one in _results(within, after, _without(before.suite, known), takes):
        if one.outcome is not Outcome.PASSED:
            is_error = is_offered and asks is not None
            message = f"case `{one.id}` of the base is {one.outcome} on the new content{_why(one)}"
            yield _finding(after, message, Severity.ERROR if is_error else Severity.WARNING, asks)
    for case, outcome in known.items():
        if outcome is not Outcome.PASSED and is_offered and asks is not None:
            message = f"case `{case}` of the base is {outcome} on the new content"
            yield _finding(after, message, Severity.ERROR, f"mend the skill, or: {asks}")


def _results(
    within: Within, after: Seen, suite: ReadSuite, takes: Takes, replayed: Collection[str] = ()
) -> list[CaseResult]:
    """The cases that cost nothing, on the content after the change; `replayed` are those with recorded answers."""
    free = [case for case in suite.suite.counted if case.id in replayed or _is_free(case, suite.suite)]
    if not free:
        return []
    asked = replace(suite, suite=suite.suite.model_copy(update={"cases": free}))
    contents, name = contents_of(within, after), after.side.name
    contents.suites[name] = asked
    try:
        ground = ground_in(within, contents, name)
    except UsageError as problem:
        raise UsageError(f"`{name}` cannot be measured again: {problem.message}", hint=problem.hint) from None
    numbers = ((case, number) for case in free for number in range(1, suite.suite.trials_of(case) + 1))
    trials = takes(ground, [Task(case, Arm.WITH_SKILL, number) for case, number in numbers])
    return tally.results(ground.suite, tally.by_case(trials))[0]


def _replayed(within: Within, suite: Suite) -> frozenset[str]:
    """The cases that recorded answers are given to, by the runners of the base."""
    runners = within.policy.runners
    asked = ((case, runners.get(suite.answering(case))) for case in suite.counted if suite.is_asked(case))
    return frozenset(case.id for case, runner in asked if runner is not None and runner.replay is not None)


def _is_free(case: Case, suite: Suite) -> bool:
    return case.run is not None or (case.trigger is not None and suite.trigger_runner is None)


def _same(before: ReadSuite, after: ReadSuite, case: str) -> bool:
    first = next((one for one in before.suite.cases if one.id == case), None)
    return first is not None and first == next((one for one in after.suite.cases if one.id == case), None)


def _without(suite: ReadSuite, known: dict[str, Outcome]) -> ReadSuite:
    cases = [case for case in suite.suite.cases if case.id not in known]
    return replace(suite, suite=suite.suite.model_copy(update={"cases": cases}))


def _why(one: CaseResult) -> str:
    return f": {one.reasons[0]}" if one.reasons else ""


def _finding(after: Seen, message: str, severity: Severity, hint: str | None) -> Finding:
    suite = after.suite
    file = suite.document.file if suite else f"evals/{after.side.name}"
    return after.side.at(file, "SK710", message, hint, severity)
