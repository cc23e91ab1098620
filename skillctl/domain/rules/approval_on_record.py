"""SK208: a version that calls itself approved or deprecated has an approval on record."""

from collections.abc import Iterator

from skillctl.domain.approval import path_of
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.lifecycle import Status
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A finding where the status claims what no approval backs."""
    definition = subject.skill.definition
    if definition.status not in (Status.APPROVED, Status.DEPRECATED) or definition.version in subject.approved:
        return
    message = f"the status is `{definition.status}`, but there is no `{path_of(definition.name, definition.version)}`"
    hint = f"write `status: draft`, then run `skillctl promote {definition.name}`"
    yield subject.finding("SK208", message, ("status",), hint)


RULE = Rule(
    code="SK208",
    severity=Severity.ERROR,
    title="a version that calls itself approved has an approval on record",
    why=(
        "A status written by hand proves nothing. Production refuses such a version, so the skill would seem approved "
        "and never arrive."
    ),
    bad="status: approved",
    good="status: candidate",
    check=check,
    binding=True,
)
