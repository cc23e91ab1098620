"""Statuses and versions: which step, which order."""

import itertools

import pytest

from skillctl.domain import version
from skillctl.domain.lifecycle import Status, is_step, next_by_promotion

STEPS = {("draft", "candidate"), ("candidate", "approved"), ("approved", "deprecated")}
STEPS |= {("candidate", "draft"), ("deprecated", "approved")}


@pytest.mark.parametrize(("source", "target"), list(itertools.product(Status, Status)))
def test_every_other_step_is_refused(source: Status, target: Status) -> None:
    assert is_step(source, target) is ((source.value, target.value) in STEPS)


@pytest.mark.parametrize(
    ("status", "aim"),
    [("draft", "candidate"), ("candidate", "approved"), ("approved", None), ("deprecated", None)],
)
def test_promotion_aims_at_the_next_status(status: str, aim: str | None) -> None:
    assert next_by_promotion(Status(status)) == (Status(aim) if aim else None)


ASCENDING = [
    "0.0.9", "0.1.0", "1.0.0-0", "1.0.0-9", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
    "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0", "10.0.0",
]  # fmt: skip


@pytest.mark.parametrize(("lower", "higher"), list(itertools.combinations(ASCENDING, 2)))
def test_versions_order_as_semver_says(lower: str, higher: str) -> None:
    assert version.is_after(higher, lower)
    assert not version.is_after(lower, higher)
    assert not version.is_after(lower, lower)


def test_a_build_makes_no_version_greater() -> None:
    assert not version.is_after("1.0.0+b", "1.0.0+a")
    assert not version.is_after("1.0.0+a", "1.0.0+b")


def test_ordered_and_greatest() -> None:
    assert version.ordered(reversed(ASCENDING)) == ASCENDING
    assert version.greatest(ASCENDING) == "10.0.0"
    assert version.greatest([]) is None


@pytest.mark.parametrize(
    "text", ["", "1", "1.0", "v1.0.0", "01.0.0", "1.0.0-01", "1.0.0\n", " 1.0.0", "1٣.0.0", "1.0.0-ä"]
)
def test_what_is_no_version(text: str) -> None:
    assert version.parse(text) is None


@pytest.mark.parametrize(("part", "expected"), [("major", "2.0.0"), ("minor", "1.5.0"), ("patch", "1.4.3")])
def test_bumped(part: str, expected: str) -> None:
    assert version.bumped("1.4.2", part) == expected
