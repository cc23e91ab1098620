"""One skill as one tree has it: all that the gate compares."""

from collections.abc import Mapping

from msgspec import Struct, field

from skillctl.domain.finding import Finding, Place, Severity
from skillctl.domain.serving import Serving, path_of
from skillctl.domain.skill import Definition

_TOP = Place(1, 1)


class Side(Struct, frozen=True):
    """`definition` is None where there is none that can be read, `digest` where the folder has no identity.

    `approved` maps each approved version to its digest; `records` the files beside the approvals to their object ids,
    by path from the root; `serving.yaml` is none of them.
    """

    name: str
    definition: Definition | None = None
    file: str = ""
    place: Place = _TOP
    digest: str | None = None
    has_folder: bool = False
    serving: Serving = field(default_factory=Serving)
    approved: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str | None:
        """The working version."""
        return self.definition.version if self.definition else None

    def finding(self, code: str, message: str, hint: str | None = None) -> Finding:
        """A finding at the skill's status."""
        where = self.file or f"skills/{self.name}"
        return Finding(code, f"{self.name}: {message}", where, self.place.line, self.place.column, self.name, hint)

    def at(
        self, file: str, code: str, message: str, hint: str | None = None, severity: Severity = Severity.ERROR
    ) -> Finding:
        """A finding at the beginning of another file."""
        return Finding(code, f"{self.name}: {message}", file, skill=self.name, hint=hint, severity=severity)

    @property
    def serving_file(self) -> str:
        """Where it says what is served."""
        return path_of(self.name)
