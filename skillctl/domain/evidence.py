"""A verdict with everything that produced it, and whether it still speaks for the content at hand."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self

from msgspec import Struct, field, to_builtins
from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from skillctl.domain import canonical
from skillctl.domain.kind import Kind
from skillctl.domain.schema import Model

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class EvidenceClass(StrEnum):
    """How the answers came about."""

    DETERMINISTIC = "deterministic"  # scripts of the skill, nothing else
    RECORDED = "recorded"  # a real model's answers, replayed
    LIVE = "live"  # a real model, asked now
    REHEARSAL = "rehearsal"  # a fake or unknown recorder: shown, never evidence


_STRONGEST = EvidenceClass.DETERMINISTIC
_RANKS = {kind: rank for rank, kind in enumerate(EvidenceClass)}


class Outcome(StrEnum):
    """How one case ended."""

    PASSED = "passed"
    FAILED = "failed"  # it ran, and a check does not hold
    ERRORED = "errored"  # it could not be judged: evidence for nothing


class Verdict(StrEnum):
    """What a suite says of a digest."""

    PASSED = "passed"
    FAILED = "failed"
    REGRESSED = "regressed"  # it does worse than what is served
    UNDERPOWERED = "underpowered"  # whether it does worse cannot be said of so few cases and trials
    ERRORED = "errored"


class _Record(Model):
    """A record that leaves out what it has nothing to say of, so that those of older formats keep their bytes."""

    later: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _only_what_is_said(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        said: dict[str, Any] = dump(self)
        for key in self.later:
            if said.get(key) in (None, [], {}):
                said.pop(key, None)
        return said


class CaseResult(_Record):
    """One case: `seconds` of wall time of all its trials, and why it did not pass, one sentence a check.

    It passed if each of its trials did. `passed` of its `trials` did; `baseline` and `without_skill` are the shares of
    the trials that passed in those arms. `cost` is in US dollars.
    """

    later = frozenset({"kind", "class", "trials", "passed", "baseline", "without_skill", "cost", "tokens"})

    id: str
    outcome: Annotated[Outcome, Field(strict=False)]
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    reasons: list[str] = []
    kind: Kind | None = None
    evidence_class: Annotated[EvidenceClass | None, Field(alias="class", strict=False)] = None
    trials: Annotated[int, Field(ge=1)] | None = None
    passed: Annotated[int, Field(ge=0)] | None = None
    baseline: Share | None = None
    without_skill: Share | None = None
    cost: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    tokens: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        """A record with more passes than trials, or a pass without them, would lift every rate it goes into."""
        if self.trials is None or self.passed is None:
            if self.trials != self.passed:
                raise PydanticCustomError("case", "`trials` and `passed` say nothing without each other")
            return self
        possible = {Outcome.PASSED: self.passed == self.trials, Outcome.FAILED: self.passed < self.trials}
        if not possible.get(self.outcome, self.passed <= self.trials):
            context = {"passed": self.passed, "trials": self.trials, "outcome": self.outcome.value}
            raise PydanticCustomError("case", "{passed} passed of {trials} trials is not `{outcome}`", context)
        return self

    @property
    def score(self) -> float:
        """The share of its trials that passed."""
        if self.trials is None or self.passed is None:
            return float(self.outcome is Outcome.PASSED)
        return self.passed / self.trials

    @property
    def is_asked(self) -> bool:
        """Whether a model, or another agent, answered: the same question may get another answer."""
        if self.kind in ("run", "tool"):
            return False
        return self.kind == "ask" or self.evidence_class not in (EvidenceClass.DETERMINISTIC, None)

    @property
    def is_flaky(self) -> bool:
        """Whether its trials disagree."""
        return 0 < self.score < 1


class Lost(Model):
    """A prompt that an approved neighbour would get, and this skill takes: the neighbour and its case."""

    skill: str
    case: str


class Evidence(_Record):
    """The record of one evaluation; times are RFC 3339 in UTC, `commit` is what was checked out.

    `cases` are those that count, `shown` the others. `inputs` are the digests of what else it was measured with.
    """

    later = frozenset({"inputs", "shown", "lost"})

    format: Literal[1, 2] = 2
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
    cases: list[CaseResult]
    inputs: dict[str, str] = {}
    shown: list[CaseResult] = []
    lost: list[Lost] = []
    started_at: str
    finished_at: str
    tool: str
    commit: str | None
    dirty: bool

    @model_validator(mode="after")
    def _is_of_one_piece(self) -> Self:
        """The class is what its cases say, or a rehearsal; and none of them is there twice, which would prove more."""
        of_cases = class_of_all(case.evidence_class for case in self.cases)
        if self.evidence_class not in (of_cases, EvidenceClass.REHEARSAL):
            context = {"said": self.evidence_class.value, "found": of_cases.value}
            raise PydanticCustomError("class", "`class` is `{said}`, but its cases are `{found}`", context)
        ids = [case.id for case in (*self.cases, *self.shown)]
        twice = next((name for name, number in Counter(ids).items() if number > 1), None)
        if twice is not None:
            raise PydanticCustomError("cases", "case `{case}` is there twice", {"case": twice})
        return self

    def record(self) -> dict[str, Any]:
        """The evidence as JSON data, as it is stored, embedded in an approval and sent to production."""
        return self.model_dump(mode="json", by_alias=True)

    @property
    def digest(self) -> str:
        """The name of this record: the hash of its canonical text."""
        return name_of(self.record())

    def count(self, outcome: Outcome) -> int:
        """How many cases ended so."""
        return sum(case.outcome is outcome for case in self.cases)


def name_of(record: Mapping[str, Any]) -> str:
    """The name of evidence whose record is known: the hash of its canonical text."""
    return canonical.sha256(record)


def class_of_all(classes: Iterable[EvidenceClass | None]) -> EvidenceClass:
    """The weakest of several classes; what says none of itself is deterministic."""
    return max((kind for kind in classes if kind is not None), key=_RANKS.__getitem__, default=_STRONGEST)


def pass_rate_of(cases: Sequence[CaseResult]) -> float:
    """The share of cases that passed, 0 of none."""
    return sum(case.outcome is Outcome.PASSED for case in cases) / len(cases) if cases else 0.0


class Subject(Struct, frozen=True):
    """What evidence must be of, for it to count: exactly these inputs."""

    skill: str
    skill_digest: str
    suite_digest: str
    policy_digest: str
    runner: str
    model: str | None
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The SHA-256 of all of it."""
        return canonical.sha256(to_builtins(self))


class Stale(Struct, frozen=True):
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
        *(
            (name, record.inputs.get(name, "none"), subject.inputs.get(name, "none"))
            for name in sorted(record.inputs.keys() | subject.inputs.keys())
        ),
    )
    return tuple(pair for pair in pairs if pair[1] != pair[2])
