"""SK215: `SKILL.md` does not begin with a byte-order mark."""

from collections.abc import Iterator

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A finding where the sheet begins with U+FEFF."""
    sheet = subject.skill.sheet
    if sheet and subject.texts.get(sheet.document.file, "").startswith("\ufeff"):
        message = "the file begins with a byte-order mark (U+FEFF)"
        hint = "save it as UTF-8 without a mark"
        yield Finding("SK215", message, sheet.document.file, skill=subject.name, hint=hint)


RULE = Rule(
    code="SK215",
    severity=Severity.ERROR,
    title="`SKILL.md` does not begin with a byte-order mark",
    why="Readers of the standard look for `---` as the very first characters, and see no frontmatter behind the mark.",
    bad="\ufeff---\nname: adder",
    good="---\nname: adder",
    check=check,
    standard=True,
)
