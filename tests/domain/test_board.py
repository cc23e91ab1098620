"""The board: what blocks a skill, as far as it shows without measuring, and the next command."""

import pytest
from msgspec.structs import replace

from skillctl.domain.board import Row, row
from skillctl.domain.lifecycle import Status
from skillctl.domain.position import Position
from skillctl.domain.promotion import Reason
from tests.domain.made import gate

DRAFT = Position("1.1.0", Status.DRAFT, "1.0.0", approved=("1.0.0",), cases=1)
CANDIDATE = replace(DRAFT, status=Status.CANDIDATE)
APPROVED = Position("1.0.0", Status.APPROVED, "1.0.0", approved=("1.0.0",))
OPEN = gate()


@pytest.mark.parametrize(
    ("at", "errors", "reasons", "blocked", "following"),
    [
        (DRAFT, 0, None, None, "skillctl promote adder"),
        (DRAFT, 2, None, "the skill has validation errors", "skillctl validate adder"),
        (replace(DRAFT, cases=0), 0, None, "the suite is too small", "add cases to `evals/adder/suite.yaml`"),
        (
            replace(DRAFT, version="0.9.0"), 0, None,
            "a version is greater than every approved one before it", "skillctl revise adder",
        ),
        (replace(DRAFT, version="1.0.0"), 0, None, None, "skillctl promote adder"),
        (CANDIDATE, 0, None, "no evaluation is on record", "skillctl eval adder"),
        (CANDIDATE, 0, [], None, "skillctl promote adder"),
        (CANDIDATE, 0, [Reason("x", "it is red", "red", "green")], "it is red", None),
        (APPROVED, 0, None, None, None),
        (APPROVED, 1, None, "the skill has validation errors", "skillctl validate adder"),
        (replace(APPROVED, status=Status.DEPRECATED), 0, None, None, None),
    ],
)  # fmt: skip
def test_a_line(
    at: Position, errors: int, reasons: list[Reason] | None, blocked: str | None, following: str | None
) -> None:
    before = None if at.status in (Status.APPROVED, Status.DEPRECATED) else gate(min_cases=1)
    assert row("adder", at, errors, before, reasons) == Row(
        "adder", at.version, at.status.value, at.serving, blocked, following
    )


def test_what_cannot_be_relied_on_is_not_shown() -> None:
    broken = replace(DRAFT, is_whole=False)
    assert row("adder", broken, 1, OPEN, None) == Row(
        "adder", None, None, "1.0.0", "it cannot be read", "skillctl validate adder"
    )
