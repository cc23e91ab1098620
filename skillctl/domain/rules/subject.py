"""What the rules look at: one skill with all that belongs to it, and the world around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skillctl.domain.digest import TreeFile
from skillctl.domain.document import Path
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.serving import Serving
from skillctl.domain.skill import Skill
from skillctl.domain.suite import ReadSuite


@dataclass(frozen=True)
class Subject:
    """One skill; `approved` maps each version with an approval to its digest, `entries` are all files of its folder."""

    skill: Skill
    suite: ReadSuite | None
    serving: Serving | None
    approved: Mapping[str, str]
    entries: Sequence[TreeFile] = ()

    def finding(
        self, code: str, message: str, path: Path, hint: str | None = None, severity: Severity = Severity.ERROR
    ) -> Finding:
        """A finding at a value of the definition."""
        document = self.skill.document
        place = document.place(path)
        return Finding(code, message, document.file, place.line, place.column, self.skill.name, hint, severity)


@dataclass(frozen=True)
class World:
    """The names a skill may refer to; `servers` is None where the repository has no server registry."""

    skills: frozenset[str]
    servers: frozenset[str] | None
