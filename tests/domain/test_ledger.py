"""What a verified ledger says, and what is a head of it."""

import pytest

from skillctl.domain.ledger import Fault, Kept, Ledger, is_head, shown

HEAD = "0123456789abcdef" * 4


def ledger(first_bad: Fault | None = None, kept: Kept | None = None) -> Ledger:
    return Ledger(HEAD, 3, 2, first_bad, kept)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (ledger(), []),
        (ledger(kept=Kept(HEAD, True, "r-1", 0)), []),
        (
            ledger(Fault("promotions", 2, "is missing")),
            [("SK420", "mcp.promotions", 2, "row 2 of `mcp.promotions` is missing")],
        ),
        (
            ledger(Fault("deployed", None, "names release r-1, but r-2 is the last of the ledger")),
            [("SK420", "mcp.deployed", 1, "`mcp.deployed` names release r-1, but r-2 is the last of the ledger")],
        ),
        (
            ledger(kept=Kept(HEAD, False, None, 2)),
            [("SK421", "mcp.releases", 1,
              f"the ledger holds no head {HEAD[:20]}: it was written anew since that was kept")],
        ),
        (ledger(Fault("releases", 7, "is other"), Kept(HEAD, False, None, 2)), ["SK420", "SK421"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_row(found: Ledger, told: list[object]) -> None:
    said = [(one.code, one.file, one.line, one.message) for one in found.findings]
    assert said == told or [code for code, *_ in said] == told
    assert all(one.hint for one in found.findings)


def test_what_people_are_shown_can_be_asked_for() -> None:
    assert is_head(shown(HEAD))
    assert [is_head(text) for text in (HEAD, HEAD[:19], HEAD + "0", "", HEAD.upper(), HEAD + "\n")] == [
        True, False, False, False, False, False,
    ]  # fmt: skip
