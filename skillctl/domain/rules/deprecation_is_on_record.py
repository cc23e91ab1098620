"""SK226: the status of a version and its entry in `serving.yaml` agree on whether it is deprecated."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.lifecycle import Status
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject
from skillctl.domain.serving import path_of


def check(subject: Subject) -> Iterator[Finding]:
    """A finding where one says so and the other does not; a version without approval has its own rule."""
    definition = subject.skill.definition
    version, path = definition.version, path_of(definition.name)
    if version not in subject.approved:
        return
    entered = subject.serving is not None and subject.serving.state(version)[0] != "approved"
    deprecated = subject.serving is not None and version in subject.serving.deprecated
    if definition.status is Status.DEPRECATED and not entered:
        message = f"the status is `deprecated`, but `{path}` does not say why"
        hint = f"write `status: approved`, then run `skillctl deprecate {definition.name}`"
        yield subject.finding("SK226", message, ("status",), hint)
    elif definition.status is Status.APPROVED and deprecated:
        message = f"`{path}` deprecates {version}, but the status is `approved`"
        yield subject.finding("SK226", message, ("status",), "write `status: deprecated`")


RULE = Rule(
    code="SK226",
    severity=Severity.ERROR,
    title="a deprecation has its reason on record",
    why=(
        "Consumers are told the reason, the replacement and the last day by the entry in `serving.yaml`. A status "
        "alone tells them nothing, and an entry alone leaves the folder saying otherwise."
    ),
    bad="status: deprecated  # and no entry in `serving.yaml`",
    good="status: deprecated  # its reason is in `serving.yaml`",
    check=check,
)
