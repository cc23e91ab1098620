"""What Mattermost shows of a release, and when a delivery is tried again."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain import notice
from skillctl.domain.delivery import delay
from skillctl.domain.ledger import is_head
from skillctl.domain.production import Current, SkillState, VersionState
from skillctl.domain.release import IDLE, Action, Desired, plan
from tests.domain.chat_reader import effects

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


@given(st.text(), st.text(), st.text())
def test_nothing_of_what_others_wrote_does_anything(name: str, version: str, reason: str) -> None:
    told = facts(change(skill=name, version=version, serving=name), environment=name)
    for kind in ("sync", "revoke"):
        said = notice.mattermost(told | {"kind": kind, "actor": name, "reason": reason})
        table = said["attachments"][0]["text"].split("\n")
        assert (len(table), "\n" in said["text"]) == (3, False)
        for text in (said["text"], *(cell for cell in table[2].split(" | ")[1:-1])):
            assert effects(text) == []


LINKS = {"commit": "https://github.com/a/b/commit/c", "pull_request": "https://github.com/a/b/pull/7"}


def test_where_to_look_and_whom_it_concerns() -> None:
    told = facts(change(), change(skill="other"), change()) | {
        "links": LINKS | {"dashboard": "https://dash.test/1"},
        "owners": {"adder": ["ana", "all", "Bad Name"], "other": ["ana", "ben"], "stranger": ["jun"]},
    }
    assert notice.mattermost(told)["text"].split("\n") == [
        "Skills released to prod: 3 changes",
        f"[commit cccccccccccc]({LINKS['commit']}) · [pull request]({LINKS['pull_request']}) · [dashboard](https://dash.test/1)",
        "owners: @ana, @ben",
    ]
    act = told | {"kind": "revoke", "actor": "m", "reason": "r", "links": LINKS}
    assert notice.where(act) == ["[commit cccccccccccc](https://github.com/a/b/commit/c)"]
    assert notice.where(told | {"links": {"pull_request": "javascript:x"}}) == ["pull request"]
    assert notice.concerned(told, ["none"]) == []


def test_no_more_than_twenty_are_called() -> None:
    told = facts(change()) | {"owners": {"adder": [f"n{number}" for number in range(100)]}}
    assert notice.mattermost(told)["text"].count("@") == notice.MOST_CALLED


@pytest.mark.parametrize(
    ("links", "link"),
    [
        ({}, ""),
        (LINKS, ": [all of them](https://github.com/a/b/commit/c)"),
        (LINKS | {"dashboard": "https://d.test"}, ": [all of them](https://d.test)"),
    ],
)
def test_the_rest_is_counted_and_linked(links: dict[str, str], link: str) -> None:
    said = notice.mattermost(facts(*[change()] * 1_234) | {"links": links})
    assert said["attachments"][0]["text"].endswith(f"\n\nand 1,214 more{link}")


@pytest.mark.parametrize("letter", ["x", "@", "\\", "😀", "# ", "\U0001f600:"])
def test_the_longest_notice_is_within_what_mattermost_takes(letter: str) -> None:
    long = letter * 100_000
    rows = [change(skill=long, version=long, serving=long)] * 30
    said = notice.mattermost(
        facts(*rows, environment=long)
        | {"kind": "revoke", "actor": long, "reason": long}
        | {"links": dict.fromkeys(LINKS, "https://a.test/" + "a" * 1900), "owners": {long: ["n" * 64] * 99}}
    )
    texts = [said["text"], *(one["text"] for one in said["attachments"])]
    assert all(len(text) <= 16_383 for text in texts)
    assert len(json.dumps(said, ensure_ascii=False).encode()) < 300_000
    assert len(texts) > 2


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
