"""A verdict with everything that produced it, and whether it still speaks for the content at hand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from skillctl.domain import canonical
from skillctl.domain.schema import Model

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class EvidenceClass(StrEnum):
    """How the answers came about."""

    DETERMINISTIC = "deterministic"  # scripts of the skill, nothing else
    RECORDED = "recorded"  # a real model's answers, replayed
    LIVE = "live"  # a real model, asked now
    REHEARSAL = "rehearsal"  # a fake or unknown recorder: shown, never evidence


class Outcome(StrEnum):
    """How one case ended."""

    PASSED = "passed"
    FAILED = "failed"  # it ran, and a check does not hold
    ERRORED = "errored"  # it could not be judged: evidence for nothing


class Verdict(StrEnum):
    """What a suite says of a digest."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"


class CaseResult(Model):
    """One case: `seconds` of wall time, and why it did not pass, one sentence a check."""

    id: str
    outcome: Annotated[Outcome, Field(strict=False)]
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    reasons: list[str] = []


class Evidence(Model):
    """The record of one evaluation; times are RFC 3339 in UTC, `commit` is what was checked out."""

    format: Literal[1] = 1
    skill: str
    version: str
    skill_digest: Digest
    suite_digest: Digest
    policy_digest: Digest
    runner: str
    model: str | None = None
    evidence_class: Annotated[EvidenceClass, Field(alias="class", strict=False)]
    verdict: Annotated[Verdict, Field(strict=False)]
    pass_rate: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    cases: Annotated[list[CaseResult], Field(min_length=1)]
    started_at: str
    finished_at: str
    tool: str
    commit: str | None
    dirty: bool

    def record(self) -> dict[str, Any]:
        """The evidence as JSON data, as it is stored, embedded in an approval and sent to production."""
        return self.model_dump(mode="json", by_alias=True)

    @property
    def digest(self) -> str:
        """The name of this record: the hash of its canonical text."""
        return canonical.sha256(self.record())

    def count(self, outcome: Outcome) -> int:
        """How many cases ended so."""
        return sum(case.outcome is outcome for case in self.cases)


def verdict_of(cases: Sequence[CaseResult], pass_rate: float) -> Verdict:
    """Errored if any case is, or there is none; else passed if the share asked for passed."""
    outcomes = {case.outcome for case in cases}
    if not outcomes or Outcome.ERRORED in outcomes:
        return Verdict.ERRORED
    return Verdict.PASSED if pass_rate_of(cases) >= pass_rate else Verdict.FAILED


def pass_rate_of(cases: Sequence[CaseResult]) -> float:
    """The share of cases that passed, 0 of none."""
    return sum(case.outcome is Outcome.PASSED for case in cases) / len(cases) if cases else 0.0


@dataclass(frozen=True)
class Subject:
    """What evidence must be of, for it to count: exactly these inputs."""

    skill: str
    skill_digest: str
    suite_digest: str
    policy_digest: str
    runner: str
    model: str | None


@dataclass(frozen=True)
class Stale:
    """The newest evidence there is, and each input in which it differs: (name, then, now)."""

    evidence: Evidence
    differences: tuple[tuple[str, str, str], ...]


def find(records: Iterable[Evidence], subject: Subject) -> Evidence | Stale | None:
    """The newest evidence of exactly this subject; else the newest of the skill with what changed; else None."""
    own = [record for record in records if record.skill == subject.skill]
    fresh = [record for record in own if not _differences(record, subject)]
    if fresh:
        return max(fresh, key=lambda record: record.finished_at)
    if not own:
        return None
    # The nearest miss explains best: what agrees on most inputs, then the newest.
    nearest = max(own, key=lambda record: (-len(_differences(record, subject)), record.finished_at))
    return Stale(nearest, _differences(nearest, subject))


def _differences(record: Evidence, subject: Subject) -> tuple[tuple[str, str, str], ...]:
    pairs = (
        ("skill", record.skill_digest, subject.skill_digest),
        ("suite", record.suite_digest, subject.suite_digest),
        ("policy", record.policy_digest, subject.policy_digest),
        ("runner", record.runner, subject.runner),
        ("model", record.model or "none", subject.model or "none"),
    )
    return tuple(pair for pair in pairs if pair[1] != pair[2])
