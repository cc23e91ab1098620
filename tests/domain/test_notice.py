"""What Mattermost shows of a release, and when a delivery is tried again."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain import notice
from skillctl.domain.delivery import delay
from skillctl.domain.ledger import is_head
from skillctl.domain.production import Current, SkillState, VersionState
from skillctl.domain.release import IDLE, Action, Desired, plan

DIGEST = "sha256:" + "a" * 64


def state(serving: str | None, **versions: str) -> SkillState:
    named = {name[1:].replace("_", "."): VersionState(DIGEST, state, None) for name, state in versions.items()}
    return SkillState(serving, named)


def facts(*changes: dict[str, Any], environment: str = "prod") -> dict[str, Any]:
    return {"release": "r-1", "environment": environment, "commit": "c" * 40, "changes": list(changes)}


def change(**changed: Any) -> dict[str, Any]:
    return {"skill": "adder", "version": "1.0.0", "action": "publish", "serving": "1.0.0"} | changed


def test_one_payload_for_every_destination() -> None:
    desired = {
        "adder": Desired("adder", state("1.1.0", v1_0_0="deprecated", v1_1_0="approved")),
        "other": Desired("other", state("1.0.0", v1_0_0="approved", v2_0_0="approved")),
        "same": Desired("same", state("1.0.0", v1_0_0="approved")),
    }
    held = {
        "adder": state("1.0.0", v1_0_0="approved"),
        "other": state("2.0.0", v1_0_0="approved", v2_0_0="approved"),
        "same": state("1.0.0", v1_0_0="approved"),
    }
    made = plan("c" * 40, desired, Current(None, None, None, held))
    said = notice.facts("r-1", "prod", made.commit, notice.changes(made.changes, desired))
    assert {key: said[key] for key in ("release", "environment", "commit")} == {
        "release": "r-1", "environment": "prod", "commit": "c" * 40,
    }  # fmt: skip
    rows = [tuple(row.values()) for row in said["changes"]]
    assert rows == [
        ("adder", "1.1.0", "publish", "candidate", "approved", DIGEST, "1.1.0"),
        ("adder", "1.0.0", "deprecate", "approved", "deprecated", DIGEST, "1.1.0"),
        ("other", "1.0.0", "rollback", "approved", "approved", DIGEST, "1.0.0"),
    ]
    assert "same" not in notice.mattermost(said)["attachments"][0]["text"]


def test_the_words_for_mattermost() -> None:
    said = notice.mattermost(facts(change(), change(action="withdraw", serving=None)))
    (attachment,) = said["attachments"]
    assert said["text"] == attachment["fallback"] == "Skills released to prod: 2 changes"
    assert attachment["color"] == "danger"
    assert attachment["text"].splitlines() == [
        "| skill | version | what | serving |",
        "|---|---|---|---|",
        "| adder | 1\\.0\\.0 | published | 1\\.0\\.0 |",
        "| adder | 1\\.0\\.0 | withdrawn | nothing |",
    ]
    assert attachment["footer"] == "commit cccccccccccc · release r-1"


def test_the_head_of_the_ledger_is_told_so_that_it_can_be_asked_for() -> None:
    (attachment,) = notice.mattermost(facts(change()) | {"head": "0123456789abcdef" * 4})["attachments"]
    assert attachment["footer"] == "commit cccccccccccc · release r-1 · ledger 0123456789abcdef0123"
    assert is_head(attachment["footer"].split()[-1])


@pytest.mark.parametrize(
    ("actions", "colour"),
    [
        (["publish"], "good"),
        (["update", "reinstate"], "good"),
        (["deprecate", "publish"], "warning"),
        (["withdraw", "deprecate"], "danger"),
    ],
)
def test_the_hardest_action_colours_the_notice(actions: list[str], colour: str) -> None:
    said = notice.mattermost(facts(*(change(action=action) for action in actions)))
    assert said["attachments"][0]["color"] == colour


@pytest.mark.parametrize(("count", "shown"), [(1, 1), (20, 20), (21, 20), (200, 20)])
def test_the_first_twenty_rows_and_then_a_count(count: int, shown: int) -> None:
    said = notice.mattermost(facts(*(change(skill=f"s{number}") for number in range(count))))
    text = said["attachments"][0]["text"]
    assert sum(line.startswith("| s") for line in text.splitlines()[2:]) == shown
    assert text.endswith(f"\n\nand {count - 20} more") is (count > 20)
    assert said["text"].endswith("1 change" if count == 1 else f"{count} changes")


HOSTILE = [
    "@all", "@channel", "\\@here", "a@all.test", "[x](https://evil.test)", "<https://evil.test|x>", "https://evil.test",
    "www.evil.test", "![x](y)", "a|b|c", "a\nb", "a\r\n| x | y |", "a\u2028b", "# head", "**b**", "`code`", "~~s~~",
    "~town-square", ":boom:", "> quote", "- item", "\\", "\\\\|",
]  # fmt: skip


def _is_tame(text: str) -> None:
    """Every character with a meaning is led by a backslash of its own, and no mention stands whole."""
    bare = re.sub(r"\\.", "", text.replace("@\u200b", ""), flags=re.DOTALL)
    assert not set(bare) & set("\\`*_{}[]()#+-.!|<>~:@\n\r\u2028\u2029\x0b\x0c\x85")
    assert not re.search(r"@\w", text)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_gets_through(text: str) -> None:
    _is_tame(notice.escaped(text))
    row = notice.mattermost(facts(change(skill=text, serving=text)))["attachments"][0]["text"].split("\n")[2]
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 5
    assert "\n" not in notice.mattermost(facts(environment=text))["text"]


@given(st.text())
def test_nothing_at_all_gets_through(text: str) -> None:
    _is_tame(notice.escaped(text))


def test_every_change_has_its_word() -> None:
    changing = [action for action in Action if action not in IDLE - {Action.HOLD}]
    said = notice.mattermost(facts(*(change(action=action.value) for action in changing)))
    words = [row.split("|")[3].strip() for row in said["attachments"][0]["text"].splitlines()[2:]]
    assert words == [
        "published", "updated", "rolled back", "deprecated", "reinstated", "withdrawn", "revoked", "no longer held",
        "held",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("attempt", "wish", "seconds"),
    [
        (1, None, 30), (2, None, 60), (3, None, 120), (7, None, 1920), (8, None, 3600), (500, None, 3600),
        (1, 5, 30), (1, 45, 45), (8, 7200, 7200), (3, 0, 120),
    ],
)  # fmt: skip
def test_delay(attempt: int, wish: int | None, seconds: int) -> None:
    assert delay(attempt, wish) == seconds
