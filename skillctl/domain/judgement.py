"""A judgement: what the files of one skill show by themselves, before anything else of the catalogue is looked at."""

from msgspec import Struct

from skillctl.domain.card import Card
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.position import Position


class Ignore(Struct, frozen=True):
    """One suppression, where it stands; `until` is the last day it holds, `YYYY-MM-DD`."""

    code: str
    until: str | None
    file: str
    line: int
    column: int

    def finding(
        self, code: str, message: str, skill: str, hint: str | None = None, severity: Severity = Severity.ERROR
    ) -> Finding:
        """A finding at the suppression itself."""
        return Finding(code, message, self.file, self.line, self.column, skill, hint, severity)


def is_security(finding: Finding) -> bool:
    """Whether a finding is of the security family."""
    return finding.code.startswith("SK5")


class Judgement(Struct, frozen=True):
    """The findings on one skill, its suppressions, its card and where it stands; neither where there is no such skill.

    `digest` is of the files that were judged: the same files give the same judgement.
    """

    digest: str
    findings: tuple[Finding, ...]
    ignores: tuple[Ignore, ...]
    card: Card | None
    position: Position | None = None
