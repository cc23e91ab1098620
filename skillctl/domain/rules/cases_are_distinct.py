"""SK309: no two cases of a suite are the same."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each case that runs and expects what an earlier one does."""
    if subject.suite is None:
        return
    seen: dict[str, str] = {}
    for path, case in subject.suite.cases:
        content = case.model_dump_json(exclude={"id"}, exclude_unset=True)
        first = seen.setdefault(content, case.id)
        if first != case.id:
            message = f"case `{case.id}` is case `{first}` again"
            hint = "change what it runs, or remove it"
            yield subject.suite.finding("SK309", message, (*path, "id"), hint)


RULE = Rule(
    code="SK309",
    severity=Severity.ERROR,
    title="no case is there twice",
    why="A copy proves nothing new, and counts towards the number of cases that the policy asks for.",
    bad="id: adds-again",
    good="id: adds",
    check=check,
)
