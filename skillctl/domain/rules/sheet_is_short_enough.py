"""SK225: `SKILL.md` is as short as the standard advises."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject
from skillctl.domain.tokens import estimate

_LINES = 500
_TOKENS = 5_000


def check(subject: Subject) -> Iterator[Finding]:
    """A finding where the sheet has too many lines, or its instructions too many tokens."""
    sheet = subject.skill.sheet
    if sheet is None:
        return
    lines = sheet.first_line - 1 + len(sheet.instructions.splitlines())
    tokens = estimate(sheet.instructions)
    if lines <= _LINES and tokens <= _TOKENS:
        return
    what = (
        f"{lines:,} lines, more than {_LINES}" if lines > _LINES else f"about {tokens:,} tokens, more than {_TOKENS:,}"
    )
    hint = "move details into files under `references/`, which are read only when needed"
    file = sheet.document.file
    yield Finding("SK225", f"`SKILL.md` has {what}", file, 1, 1, subject.name, hint, Severity.WARNING)


RULE = Rule(
    code="SK225",
    severity=Severity.WARNING,
    title="`SKILL.md` is short",
    why=(
        "All of it is in the model's context whenever the skill is used. The standard advises fewer than 500 lines and "
        "5,000 tokens; tokens are estimated as a quarter of the characters."
    ),
    bad="Add the next bill to the sum.",
    good="Run `scripts/add.sh`.",
    check=check,
    standard=True,
)
