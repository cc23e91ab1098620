"""Rerun: the cases that cost nothing, measured again on what a change holds: with its suite, and with that of its base.

What evidence says is believed by nobody who can measure it, and a change that passes its own suite alone has proved
little where it brought the suite along.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from skillctl.domain.case import Case
from skillctl.domain.evidence import Arm, Outcome
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.lifecycle import Status
from skillctl.domain.suite import ReadSuite, Suite
from skillctl.domain.trial import Trial
from skillctl.errors import UsageError
from skillctl.workflows.gate_promotion import Within, contents_of
from skillctl.workflows.gate_sides import Seen
from skillctl.workflows.ground import Ground, ground_of
from skillctl.workflows.trials import Task
from skillctl.workflows.trust import Choice

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
    own = _trials(within, after, after.suite, takes)
    statement = after.statements.get(definition.version)
    is_new = statement is not None and definition.version not in before.side.approved
    said = {one.id: one.outcome for one in statement.predicate.evidence.cases} if statement and is_new else {}
    for trial in own:
        told = said.get(trial.case)
        if is_new and told is not trial.outcome:
            message = f"case `{trial.case}` is {trial.outcome}, and the evidence says {told or 'nothing'}{_why(trial)}"
            yield _finding(after, message, Severity.ERROR, f"run `skillctl eval {after.side.name} --fresh`")
        elif trial.outcome is not Outcome.PASSED and not is_new:
            yield _finding(after, f"case `{trial.case}` is {trial.outcome}{_why(trial)}", Severity.WARNING, None)
    if before.suite is None or before.side.digest == after.side.digest:
        return
    known = {trial.case: trial.outcome for trial in own if _same(before.suite, after.suite, trial.case)}
    for trial in _trials(within, after, _without(before.suite, known), takes):
        if trial.outcome is not Outcome.PASSED:
            is_error = is_offered and asks is not None
            message = f"case `{trial.case}` of the base is {trial.outcome} on the new content{_why(trial)}"
            yield _finding(after, message, Severity.ERROR if is_error else Severity.WARNING, asks)
    for case, outcome in known.items():
        if outcome is not Outcome.PASSED and is_offered and asks is not None:
            message = f"case `{case}` of the base is {outcome} on the new content"
            yield _finding(after, message, Severity.ERROR, f"mend the skill, or: {asks}")


def _trials(within: Within, after: Seen, suite: ReadSuite, takes: Takes) -> Sequence[Trial]:
    """The trials of the cases that cost nothing, on the content after the change."""
    free = [case for case in suite.suite.counted if _is_free(case, suite.suite)]
    if not free:
        return []
    asked = replace(suite, suite=suite.suite.model_copy(update={"cases": free}))
    contents, name = contents_of(within, after), after.side.name
    contents.suites[name] = asked
    try:
        ground = ground_of(
            within.repository,
            within.signatures,
            within.tree,
            contents,
            name,
            Choice(within.scripts),
            within.against,
            within.offered,
        )
    except UsageError as problem:
        raise UsageError(f"`{name}` cannot be measured again: {problem.message}", hint=problem.hint) from None
    return takes(ground, [Task(case, Arm.WITH_SKILL, 1) for case in free])


def _is_free(case: Case, suite: Suite) -> bool:
    return case.run is not None or (case.trigger is not None and suite.trigger_runner is None)


def _same(before: ReadSuite, after: ReadSuite, case: str) -> bool:
    first = next((one for one in before.suite.cases if one.id == case), None)
    return first is not None and first == next((one for one in after.suite.cases if one.id == case), None)


def _without(suite: ReadSuite, known: dict[str, Outcome]) -> ReadSuite:
    cases = [case for case in suite.suite.cases if case.id not in known]
    return replace(suite, suite=suite.suite.model_copy(update={"cases": cases}))


def _why(trial: Trial) -> str:
    return f": {trial.reasons[0]}" if trial.reasons else ""


def _finding(after: Seen, message: str, severity: Severity, hint: str | None) -> Finding:
    suite = after.suite
    file = suite.document.file if suite else f"evals/{after.side.name}"
    return after.side.at(file, "SK710", message, hint, severity)
