"""SK311: a suite that says when a skill fires says also when it must not."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A finding at the first trigger case where all of them fire, or none does."""
    if subject.suite is None:
        return
    cases = [(path, case.trigger.fires) for path, case in subject.suite.cases if case.trigger is not None]
    if len({fires for _, fires in cases}) == 1:
        path, fires = cases[0]
        message = "the skill must fire in all trigger cases: none is a near miss"
        hint = "add a prompt with `fires: false`, which a neighbour of the skill should get"
        if not fires:
            message, hint = "the skill must fire in none of the trigger cases", "add a prompt with `fires: true`"
        yield subject.suite.finding("SK311", message, (*path, "trigger"), hint)


RULE = Rule(
    code="SK311",
    severity=Severity.ERROR,
    title="trigger cases have near misses",
    why=(
        "A skill that is selected for every prompt passes all cases in which it must fire. Only a prompt that is near, "
        "and belongs to another skill, shows that it is selected for what it does."
    ),
    bad='trigger: {prompt: "add up the bills", fires: true}',
    good='trigger: {prompt: "which tax is due", fires: false}',
    check=check,
)
