"""A shard: the trials that one of several machines took of a suite, and what they are of."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from skillctl.domain import canonical
from skillctl.domain.arm import Arm
from skillctl.domain.schema import Model, Name
from skillctl.domain.trial import Trial

#: Parts of one evaluation.
MOST = 1000


class Shard(Model):
    """The `part`-th of `parts`; `subject` is the key of what was measured, `arms` those asked for besides the skill."""

    format: Literal[1] = 1
    skill: Name
    subject: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    tool: str
    part: Annotated[int, Field(ge=1, le=MOST)]
    parts: Annotated[int, Field(ge=1, le=MOST)]
    arms: list[Annotated[Arm, Field(strict=False)]]
    started_at: str
    finished_at: str
    trials: list[Trial]

    def text(self) -> str:
        """The file's text."""
        return canonical.text(self.model_dump(mode="json", by_alias=True, exclude_none=True)) + "\n"


def read(raw: bytes) -> Shard | None:
    """The shard in a file's bytes; None if it is none."""
    try:
        return Shard.model_validate_json(raw)
    except ValidationError:
        return None


def misfit(shards: Sequence[Shard], subject: str, tool: str) -> str | None:
    """Why these, one at least, are not the shards of one evaluation of this subject, or None."""
    first = shards[0]
    if any(shard.subject != subject for shard in shards):
        return "a shard is of something else than lies here: the skill, its suite, the policy or another input differs"
    if any(shard.tool != tool for shard in shards):
        return f"a shard was measured by another version than {tool}"
    if any((shard.parts, shard.arms) != (first.parts, first.arms) for shard in shards):
        return "the shards are parts of different evaluations"
    parts = sorted(shard.part for shard in shards)
    if parts != list(range(1, first.parts + 1)):
        there = ", ".join(map(str, parts))
        return f"there must be each of {first.parts} parts once, but these are parts {there}"
    taken = Counter((trial.case, trial.arm, trial.number) for shard in shards for trial in shard.trials)
    for (case, arm, number), times in taken.items():
        if times > 1:
            return f"trial {number} of case `{case}` ({arm}) is there {times} times"
    return None
