"""SK309: no two cases of a suite are the same."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject, World


def check(subject: Subject, _world: World) -> Iterator[Finding]:
    """A finding for each case that runs and expects what an earlier one does."""
    if subject.suite is None:
        return
    document = subject.suite.document
    seen: dict[str, str] = {}
    for number, case in enumerate(subject.suite.suite.cases):
        content = case.model_dump_json(exclude={"id"}, exclude_unset=True)
        first = seen.setdefault(content, case.id)
        if first != case.id:
            place = document.place(("cases", number, "id"))
            message = f"case `{case.id}` is case `{first}` again"
            hint = "change what it runs, or remove it"
            yield Finding("SK309", message, document.file, place.line, place.column, subject.skill.name, hint)


RULE = Rule(
    code="SK309",
    severity=Severity.ERROR,
    title="no case is there twice",
    why="A copy proves nothing new, and counts towards the number of cases that the policy asks for.",
    bad="id: adds-again",
    good="id: adds",
    check=check,
)
