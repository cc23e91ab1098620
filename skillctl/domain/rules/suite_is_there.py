"""SK302: a skill that is offered for approval has a suite that can prove it."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.lifecycle import Status
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A finding where there is no suite: an error from candidate on, a warning for a draft."""
    if subject.suite is not None:
        return
    skill = subject.skill
    severity = Severity.WARNING if skill.definition.status is Status.DRAFT else Severity.ERROR
    message = f"there is no `evals/{subject.name}/suite.yaml` that can be read"
    yield subject.finding("SK302", message, ("name",), "write cases with `run` and `expect`", severity)


RULE = Rule(
    code="SK302",
    severity=Severity.ERROR,
    title="a skill has a suite that can prove it",
    why=(
        "Without cases there is no verdict, and without a verdict nothing is approved. For a draft this is a warning, "
        "from candidate on an error."
    ),
    bad="status: candidate",
    good="skill: adder",
    check=check,
)
