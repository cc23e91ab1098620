"""What an evaluation reports: everything that is shown of a suite, and nothing that is still to be decided."""

from msgspec import Struct

from skillctl.domain.arm import Arm
from skillctl.domain.evidence import EvidenceClass, Outcome
from skillctl.domain.trial import Trial


class Estimate(Struct, frozen=True):
    """A share (0 to 1), or a difference of two (-1 to 1), with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


class CaseReport(Struct, frozen=True):
    """One case; `kind` is `run`, `ask`, `trigger` or `tool`.

    `trials` are those of all arms; `passed` of `of`, `rate`, `seconds` (the mean of a trial), `cost` (US dollars) and
    `tokens` (both of all its trials) speak of the arm `with_skill`, None where nobody knows it. A case that does not
    count is only shown: a rehearsal, or a rubric that nobody checked.
    """

    id: str
    kind: str
    evidence_class: EvidenceClass
    outcome: Outcome
    counts: bool
    prompt: str
    trials: tuple[Trial, ...]
    passed: int
    of: int
    rate: Estimate | None
    flaky: bool
    reasons: tuple[str, ...]
    seconds: float
    cost: float | None = None
    tokens: int | None = None


class ArmReport(Struct, frozen=True):
    """One arm over all cases that count; `version` is the one that answered, None where there was no skill.

    `delta` is the rate of `with_skill` less the rate of this arm, and `finding` what that says: `no_worse`, `regressed`
    or `underpowered`. Both are None for `with_skill` itself.
    """

    arm: Arm
    version: str | None
    rate: Estimate | None
    delta: Estimate | None = None
    finding: str | None = None


class Selected(Struct, frozen=True):
    """So many (`count`) trials of trigger cases that belong to one skill, for which this one was selected, or none."""

    belongs_to: str
    selected: str | None
    count: int


class Lost(Struct, frozen=True):
    """A trigger case of another skill, a `neighbour`, that it no longer wins when this version is in the catalogue."""

    neighbour: str
    case: str
    prompt: str


class SuiteReport(Struct, frozen=True):
    """One suite on one version.

    `verdict` is a word of `Verdict`; `rate`, and `pass_at_k` (at least one of `k` trials passes) and `pass_hat_k` (all
    `k` do) are of the cases that count, None where none does. `evidence` is the digest of the record, times are RFC
    3339 in UTC; `reused` says that nothing was run, for that record still speaks for this content; `is_part` that
    not all cases were measured, of which no evidence is kept.
    """

    skill: str
    version: str
    skill_digest: str
    suite_digest: str
    verdict: str
    evidence_class: EvidenceClass
    evidence: str
    runner: str
    model: str | None
    started_at: str
    finished_at: str
    commit: str | None
    dirty: bool
    rate: Estimate | None
    k: int
    cases: tuple[CaseReport, ...]
    arms: tuple[ArmReport, ...] = ()
    pass_at_k: float | None = None
    pass_hat_k: float | None = None
    confusion: tuple[Selected, ...] = ()
    precision: float | None = None
    recall: float | None = None
    lost: tuple[Lost, ...] = ()
    reused: bool = False
    is_part: bool = False
    cost: float | None = None
    tokens: int | None = None
