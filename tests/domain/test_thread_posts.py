"""How a skill stands, and what became of it, in the words of a thread."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain import thread_posts
from skillctl.domain.production import Hold, SkillState, VersionState
from tests.domain.chat_reader import effects
from tests.domain.test_notice import DIGEST, change, facts, state


def hold(kind: Any = "hold", reason: str = "leaks") -> Hold:
    return Hold("adder", kind, None, frozenset(), reason, "jun", "2026-11-29")


@pytest.mark.parametrize(
    ("known", "held", "lines", "colour"),
    [
        (state("1.1.0", v1_0_0="deprecated", v1_1_0="approved"), None,
         ["**adder** serves 1.1.0 (approved, digest aaaaaaaaaaaa)", "versions: 1.1.0 approved, 1.0.0 deprecated"],
         "good"),
        (state("1.0.0", v1_0_0="deprecated"), None,
         ["**adder** serves 1.0.0 (deprecated, digest aaaaaaaaaaaa)", "versions: 1.0.0 deprecated"], "warning"),
        (state("1.0.0", v1_0_0="approved"), hold(),
         ["**adder** serves 1.0.0 (approved, digest aaaaaaaaaaaa)", "versions: 1.0.0 approved", "held by jun: leaks"],
         "warning"),
        (state(None, v1_0_0="revoked"), None, ["**adder** serves nothing", "versions: 1.0.0 revoked"], "danger"),
        (state(None), None, ["**adder** serves nothing"] * 2, "danger"),
        (None, hold("rollback"), ["**adder** serves nothing", "rolled back by jun: leaks"], "warning"),
        (None, None, ["**adder** serves nothing"] * 2, "danger"),
    ],
)  # fmt: skip
def test_the_first_post_says_how_a_skill_stands(
    known: SkillState | None, held: Hold | None, lines: list[str], colour: str
) -> None:
    said = thread_posts.root("adder", known, held)
    (attachment,) = said["props"]["attachments"]
    found = [said["message"], *attachment["text"].split("\n")]
    assert [line.replace("\\", "") for line in found] == lines
    assert attachment["color"] == colour


def test_only_the_newest_versions_are_named() -> None:
    many = SkillState("1.0.0", {f"1.{number}.0": VersionState(DIGEST, "approved", None) for number in range(12)})
    text = thread_posts.root("adder", many, None)["props"]["attachments"][0]["text"].replace("\\", "")
    assert text.startswith("versions: 1.11.0 approved, 1.10.0 approved, ")
    assert text.endswith("1.2.0 approved and 2 older")


def test_a_step_says_what_became_of_each_version() -> None:
    told = thread_posts.threads(
        facts(*(change(version=f"{number}.0.0") for number in range(22)), change(skill="other", serving=None))
    )
    assert (list(told.steps), told.whole, told.opens) == (["adder", "other"], (), True)
    lines = told.steps["adder"][0]["message"].split("\n")
    assert (lines[0], lines[-1], len(lines)) == ("0\\.0\\.0 published, serving 1\\.0\\.0", "and 2 more", 21)
    assert told.steps["other"][0]["message"] == "1\\.0\\.0 published, serving nothing"


@pytest.mark.parametrize(("skills", "opens"), [(0, False), (1, True), (20, True), (21, False)])
def test_a_release_of_many_skills_is_one_post_and_a_reply_where_there_is_a_thread(skills: int, opens: bool) -> None:
    told = thread_posts.threads(facts(*(change(skill=f"s{number}") for number in range(skills))))
    assert (len(told.steps), told.opens, len(told.whole)) == (skills, opens, 0 if opens else 1)
    for post in told.whole:
        assert post["message"] == f"Skills released to prod: {skills} changes"
        assert ("and 1 more" in post["props"]["attachments"][0]["text"]) is (skills == 21)


def test_a_rollout_that_failed_is_said_in_each_thread() -> None:
    told = thread_posts.threads(facts(change()) | {"kind": "rollout-failed", "actor": "n8n", "reason": "timed out"})
    (post,) = told.steps["adder"]
    assert post["message"].startswith("Rollout failed in prod by n8n: timed out\n")
    assert post["props"]["attachments"][0]["color"] == "danger"


@given(st.text(), st.text())
def test_nothing_of_what_others_wrote_does_anything(name: str, reason: str) -> None:
    root = thread_posts.root(name, None, hold(reason=reason))
    told = thread_posts.threads(
        facts(change(skill=name, version=name, serving=name)) | {"kind": "hold", "actor": name, "reason": reason}
    )
    steps = [line for post in told.steps[name] for line in post["message"].split("\n")]
    shown = root["message"].removeprefix("**").replace("** serves nothing", "", 1)
    for text in (shown, root["props"]["attachments"][0]["text"], *filter(None, steps)):
        assert effects(text) == []


def test_a_finished_text_is_of_no_thread_and_as_few_posts_as_hold_it() -> None:
    brief, long = thread_posts.plain("look"), thread_posts.plain("\n".join(["a line"] * 3_000))
    assert ([post["message"] for post in brief.whole], brief.steps, brief.opens) == (["look"], {}, False)
    assert len(long.whole) == 2
    assert sum(post["message"].count("a line") for post in long.whole) == 3_000
