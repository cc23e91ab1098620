"""SK401: every version that `serving.yaml` names has an approval on record."""

from collections.abc import Iterator

from skillctl.domain.document import Path, parse_text
from skillctl.domain.finding import Finding, Place, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject
from skillctl.domain.serving import STATES, path_of


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each version named without an approval."""
    serving, path = subject.serving, path_of(subject.name)
    if serving is None:
        return
    named: list[tuple[str, Path]] = [(serving.serving, ("serving",))] if serving.serving else []
    named += [(version, (state, version)) for state in STATES for version in getattr(serving, state)]
    unknown = [(version, where) for version, where in named if version not in subject.approved]
    document = parse_text(subject.texts.get(path, ""), path)[0] if unknown else None
    for version, where in unknown:
        message = f"{subject.name}@{version} is named here, but was never approved"
        hint = f"known are: {', '.join(subject.approved) or 'none'}"
        place = document.key_place(where) if document else Place(1, 1)
        yield Finding("SK401", message, path, place.line, place.column, subject.name, hint)


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
