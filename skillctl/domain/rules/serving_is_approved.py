"""SK401: every version that `serving.yaml` names has an approval on record."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject
from skillctl.domain.serving import path_of


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each version named without an approval."""
    serving, name = subject.serving, subject.name
    if serving is None:
        return
    named = [serving.serving] if serving.serving else []
    named += [*serving.deprecated, *serving.withdrawn, *serving.revoked]
    for version in dict.fromkeys(named):
        if version not in subject.approved:
            message = f"{name}@{version} is named here, but was never approved"
            hint = f"known are: {', '.join(subject.approved) or 'none'}"
            yield Finding("SK401", message, path_of(name), skill=name, hint=hint)


RULE = Rule(
    code="SK401",
    severity=Severity.ERROR,
    title="every version that `serving.yaml` names was approved",
    why="Production refuses to serve what has no approval, so the entry would block the skill at the next release.",
    bad='serving: "2.0.0"',
    good='serving: "1.0.0"',
    check=check,
    binding=True,
)
