"""Shards: all of one evaluation, each once, or nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain import shard
from skillctl.domain.arm import Arm
from skillctl.domain.evidence import EvidenceClass, Outcome
from skillctl.domain.shard import Shard
from skillctl.domain.trial import Said, Trial

KEY, OTHER = "1" * 64, "2" * 64


def trial(case: str = "a", number: int = 1, arm: Arm = Arm.WITH_SKILL) -> Trial:
    said = [Said(who="assistant", text="größe", calls=[{"name": "f", "arguments": {"x": None}}])]
    return Trial(
        case=case,
        arm=arm,
        number=number,
        evidence_class=EvidenceClass.RECORDED,
        outcome=Outcome.PASSED,
        seconds=0.5,
        said=said,
    )


def made(part: int = 1, parts: int = 2, *trials: Trial, **changed: Any) -> Shard:
    fields: dict[str, Any] = {
        "skill": "adder",
        "subject": KEY,
        "tool": "skillctl 1",
        "part": part,
        "parts": parts,
        "arms": [],
        "started_at": "2026-11-22T11:00:00Z",
        "finished_at": "2026-11-22T11:00:01Z",
        "trials": list(trials or [trial(f"case-{part}")]),
    }
    return Shard(**(fields | changed))


def test_what_is_written_is_read_again() -> None:
    one = made(1, 2, trial(), trial(number=2), trial(arm=Arm.BASELINE), arms=[Arm.BASELINE])
    assert shard.read(one.text().encode()) == one
    assert one.text().endswith("}\n")
    assert '"class":"recorded"' in one.text()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"format":1', '"format":2'),
        ('"part":1', '"part":0'),
        ('"part":1', '"part":1001'),
        ('"parts":2', '"parts":0'),
        # As many parts as would fill the memory, only to say that they are not there.
        ('"parts":2', '"parts":1000000000000'),
        ('"subject":"1', '"subject":"x'),
        ('"skill":"adder"', '"skill":"../adder"'),
        ('"outcome":"passed"', '"outcome":"fine"'),
        ('"class":"recorded"', '"class":"best"'),
        ('"arms":[]', '"arms":["other"]'),
        ('"tool":', '"surprise":1,"tool":'),
        ("größe", "\\ud800"),
    ],
)
def test_what_is_no_shard(old: str, new: str) -> None:
    text = made().text()
    assert old in text
    assert shard.read(text.replace(old, new).encode()) is None


@given(raw=st.binary(max_size=60))
def test_whatever_the_bytes_are_they_are_no_shard(raw: bytes) -> None:
    assert shard.read(raw) is None


FOREIGN = "a shard is of something else than lies here: the skill, its suite, the policy or another input differs"
MIXED = "the shards are parts of different evaluations"


@pytest.mark.parametrize(
    ("shards", "why"),
    [
        ([made(1, 1)], None),
        ([made(1), made(2)], None),
        ([made(2), made(1)], None),
        ([made(1, 2, trial("a")), made(2, 2, trial("a", 2), trial("a", 1, Arm.BASELINE))], None),
        ([made(1), made(2, subject=OTHER)], FOREIGN),
        ([made(1, subject=OTHER)], FOREIGN),
        ([made(1), made(2, tool="skillctl 2")], "a shard was measured by another version than skillctl 1"),
        ([made(1), made(2, arms=[Arm.BASELINE])], MIXED),
        ([made(1), made(2, 3)], MIXED),
        ([made(1)], "there must be each of 2 parts once, but these are parts 1"),
        ([made(1), made(1)], "there must be each of 2 parts once, but these are parts 1, 1"),
        ([made(1), made(2), made(2)], "there must be each of 2 parts once, but these are parts 1, 2, 2"),
        ([made(1), made(3)], "there must be each of 2 parts once, but these are parts 1, 3"),
        # The last one would have the say, and a failed trial would be gone.
        (
            [made(1, 2, trial("a")), made(2, 2, trial("b"), trial("a"))],
            "trial 1 of case `a` (with_skill) is there 2 times",
        ),
        ([made(1, 1, trial("a"), trial("a"), trial("a"))], "trial 1 of case `a` (with_skill) is there 3 times"),
    ],
)
def test_what_cannot_be_merged(shards: list[Shard], why: str | None) -> None:
    assert shard.misfit(shards, KEY, "skillctl 1") == why
