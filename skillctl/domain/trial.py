"""A trial: one run of a case in one arm, with all that was said, as the journal of this machine keeps it."""

from typing import Annotated

from pydantic import Field, JsonValue

from skillctl.domain.arm import Arm
from skillctl.domain.evidence import EvidenceClass, Outcome
from skillctl.domain.schema import Model


class Said(Model):
    """One thing that was said or done: `who` is `system`, `user`, `assistant`, `tool`, `stdout` or `stderr`."""

    who: str
    text: str
    calls: list[dict[str, JsonValue]] = []


class Line(Model):
    """One line of a rubric, as a judge answered it: whether it is met, and the words of the answer that show it."""

    text: str
    met: bool
    evidence: str


class Trial(Model):
    """`number` counts from 1; `seconds` of wall time, `cost` in US dollars, None where nobody knows it."""

    case: str
    arm: Annotated[Arm, Field(strict=False)]
    number: Annotated[int, Field(ge=1)]
    evidence_class: Annotated[EvidenceClass, Field(alias="class", strict=False)]
    outcome: Annotated[Outcome, Field(strict=False)]
    reasons: list[str] = []
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    cost: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    tokens: Annotated[int, Field(ge=0)] | None = None
    said: list[Said] = []
    rubric: list[Line] = []
