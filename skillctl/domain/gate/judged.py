"""What the gate says of a change: skill by skill, and of the policy."""

from collections.abc import Sequence

from msgspec import Struct

from skillctl.domain.finding import Finding, errors_in
from skillctl.domain.gate.side import Side
from skillctl.domain.quorum import Quorum
from skillctl.domain.weakening import Change


class Judged(Struct, frozen=True):
    """One skill that differs: what is wrong with that, what its suite and tags became, and who approved it.

    `growth` is what the version may do that the last approved one could not; `quorum` is there for a promotion to
    `approved`.
    """

    before: Side
    after: Side
    findings: Sequence[Finding]
    changes: Sequence[Change] = ()
    growth: Sequence[str] = ()
    quorum: Quorum | None = None

    @property
    def name(self) -> str:
        return self.after.name

    @property
    def step(self) -> str:
        """What happened to it, in words: `1.0.0 candidate -> 1.0.0 approved`."""
        first, second = _state(self.before), _state(self.after)
        return first if first == second else f"{first} -> {second}"


class GateReport(Struct, frozen=True):
    """A change between two commits, judged; `changes` are those of the policy."""

    base: str
    head: str
    skills: Sequence[Judged]
    findings: Sequence[Finding]
    changes: Sequence[Change]

    @property
    def all_findings(self) -> list[Finding]:
        """Every finding, in the order of the files."""
        of_skills = (finding for one in self.skills for finding in one.findings)
        return sorted([*self.findings, *of_skills], key=lambda one: one.order)

    @property
    def is_open(self) -> bool:
        """Whether the change may enter."""
        return not errors_in(self.all_findings)


def _state(side: Side) -> str:
    if side.definition is None:
        return "unreadable" if side.has_folder else "nothing"
    return f"{side.definition.version} {side.definition.status.value}"
