"""What is wrong, where, and what to do about it."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct


class Severity(StrEnum):
    """How much a finding weighs: an error says no, a warning only tells."""

    ERROR = "error"
    WARNING = "warning"


class Place(Struct, frozen=True):
    """A position in a file; line and column count from 1, columns in code points."""

    line: int
    column: int


class Finding(Struct, frozen=True):
    """One problem with a stable code; `file` is relative to the repository's root, with forward slashes."""

    code: str
    message: str
    file: str
    line: int = 1
    column: int = 1
    skill: str | None = None
    hint: str | None = None
    severity: Severity = Severity.ERROR

    @property
    def order(self) -> tuple[str, int, int, str]:
        """The key that sorts findings as a reader meets them."""
        return (self.file, self.line, self.column, self.code)


def errors_in(findings: Iterable[Finding]) -> list[Finding]:
    """Those findings that say no."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]
