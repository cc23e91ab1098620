"""Answers to people in a chat: what is said of each standing, and that nothing of it does anything."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain import chat_answers
from skillctl.domain.chat_answers import Question, Surroundings
from tests.domain.chat_reader import effects

AROUND = Surroundings("prod", "git@github.com:org/skills.git", "https://dash.test/1")
ALONE = Surroundings("prod")
COMMIT = "c" * 40
AT = "2026-11-29T07:08:09.123+00:00"
PROOF = {
    "class": "recorded", "verdict": "passed", "model": "gpt-5", "cases": 3, "passed": 3, "measured_at": AT,
    "authors": ["Ana <ana@example.test>"],
}  # fmt: skip
ROW = {
    "version": "1.0.0", "action": "publish", "from_status": "candidate", "to_status": "approved", "actor": "ana",
    "at": AT, "kind": "sync", "reason": None, "commit": COMMIT,
}  # fmt: skip
HOLD = {"skill": "adder", "kind": "hold", "actor": "jun", "at": AT, "reason": "leaks"}


def skill(**changed: Any) -> dict[str, Any]:
    return {
        "name": "adder", "serving": "1.0.0", "description": "Adds.", "digest": "sha256:" + "a" * 64,
        "state": "approved", "notice": None, "proof": PROOF, "versions": [{"version": "1.0.0", "state": "approved"}],
        "rollout": None,
    } | changed  # fmt: skip


def said(**changed: Any) -> dict[str, Any]:
    return {
        "release": "r", "commit": COMMIT, "kind": "sync", "actor": "ana", "applied_at": AT, "served": 1_234,
        "holds": [], "skill": skill(), "names": None,
    } | changed  # fmt: skip


def lines(
    kind: str, name: str | None = "adder", rows: Any = (), around: Surroundings = ALONE, **more: Any
) -> list[str]:
    text = chat_answers.answer(Question(kind, name), said(**more), rows, around)
    return text.replace("\\", "").replace("\u200b", "").split("\n")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("", Question("help")), ("help", Question("help")), ("HELP me", Question("help")),
        ("status", Question("status")), ("Status  adder ", Question("status", "adder")),
        ("why @Adder", Question("why", "adder")), ("history adder", Question("history", "adder")),
        ("why", Question("help", wrong="why")), ("status a b", Question("help", wrong="status a b")),
        ("approve adder", Question("help", wrong="approve")),
    ],
)  # fmt: skip
def test_what_is_asked(text: str, asked: Question) -> None:
    assert chat_answers.question(text) == asked


@pytest.mark.parametrize(
    ("wrong", "first"),
    [
        ("statsu", "not understood: statsu; did you mean `status`?"), ("zzz", "not understood: zzz"),
        ("status a b", "not understood: status a b"), (None, "`/skill status [NAME]`: what production serves"),
    ],
)  # fmt: skip
def test_help_says_what_was_not_understood(wrong: str | None, first: str) -> None:
    text = chat_answers.help_text(Question("help", wrong=wrong), "skill")
    assert text.startswith(first)
    assert "`skillctl approve NAME`" in text


def test_all_of_production() -> None:
    assert lines("status", None, around=AROUND) == [
        "prod serves 1,234 skills",
        "last release: sync by ana, 2026-11-29 07:08 UTC",
        f"[commit cccccccccccc](https://github.com/org/skills/commit/{COMMIT}) · [dashboard](https://dash.test/1)",
    ]
    assert lines("status", None, served=1, release=None, holds=[HOLD]) == [
        "prod serves 1 skill", "adder is held by jun since 2026-11-29 07:08 UTC: leaks",
    ]  # fmt: skip
    assert lines("status", None, commit=None) == ["prod holds nothing yet"]
    assert lines("status", None, holds=[HOLD] * 12)[-1] == "and more that is held: `skillctl hold list`"


def test_the_standing_of_one_skill() -> None:
    retired = {"reason": "old", "replaced_by": "sums", "sunset": "2027-01-01"}
    many = [{"version": f"1.{number}.0", "state": "approved"} for number in range(12)]
    assert lines("status", skill=skill(state="deprecated", notice=retired, versions=many), holds=[HOLD]) == [
        "**adder**: prod serves 1.0.0 (deprecated)",
        "Adds.",
        "old; use sums; until 2027-01-01",
        "versions: " + ", ".join(f"1.{number}.0 approved" for number in range(10)) + " and 2 older",
        "adder is held by jun since 2026-11-29 07:08 UTC: leaks",
    ]
    nothing = skill(serving=None, description=None, versions=None, notice={"reason": "gone"})
    assert lines("status", skill=nothing, holds=[HOLD | {"kind": "rollback"}]) == [
        "**adder**: prod serves nothing of it", "gone", "adder is rolled back by jun since 2026-11-29 07:08 UTC: leaks",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "job", "words"),
    [
        ("pending", "queued", "pending"), ("pending", "failed", "not delivered"), ("pending", "cancelled", "cancelled"),
        ("delivered", "completed", "delivered"), ("rolled_out", "completed", "rolled out"),
        ("rollout_failed", None, "failed"),
    ],
)  # fmt: skip
def test_how_the_last_promotion_arrived(state: str, job: str | None, words: str) -> None:
    last = {"version": "1.0.0", "release": "r", "state": state, "job": job}
    assert lines("status", skill=skill(rollout=last), holds=[HOLD])[2:4] == [
        "versions: 1.0.0 approved", f"rollout: 1.0.0 {words}",
    ]  # fmt: skip
    assert not any(line.startswith("rollout") for line in lines("status"))


def test_why_it_is_served() -> None:
    proof = "proof: recorded evidence by gpt-5, 3 of 3 cases passed, verdict passed, measured 2026-11-29 07:08 UTC"
    assert lines("why", rows=[ROW | {"reason": "because"}], around=Surroundings("prod", AROUND.remote)) == [
        "**adder**: prod serves 1.0.0 (approved)",
        "digest: aaaaaaaaaaaa",
        proof,
        "written by Ana ‹ana@example.test›",
        "last step: 1.0.0 publish, sync by ana, 2026-11-29 07:08 UTC",
        "reason: because",
        f"[commit cccccccccccc](https://github.com/org/skills/commit/{COMMIT})",
    ]
    bare = PROOF | {"model": None, "authors": None, "measured_at": None}
    assert lines("why", skill=skill(proof=bare))[2:] == [
        "proof: recorded evidence, 3 of 3 cases passed, verdict passed, measured unknown"
    ]
    assert "production has none on record" in lines("why", skill=skill(proof=None))[2]
    assert lines("why", skill=skill(serving=None)) == ["**adder**: prod serves nothing of it"]


def test_the_ledger_of_a_skill() -> None:
    assert lines("history", rows=[ROW, ROW | {"from_status": None}])[2:] == [
        "| when | version | what | status | who |",
        "|---|---|---|---|---|",
        "| 2026-11-29 07:08 UTC | 1.0.0 | publish | candidate → approved | ana |",
        "| 2026-11-29 07:08 UTC | 1.0.0 | publish | - → approved | ana |",
    ]
    assert lines("history")[2:] == ["the ledger has no step of it"]


def test_a_name_that_is_near_is_named() -> None:
    assert lines("why", "ader", skill=None, names=["adder"]) == ["prod knows no skill ader; did you mean adder?"]
    assert lines("why", "zzz", skill=None, names=[]) == ["prod knows no skill zzz"]


@given(st.text(), st.sampled_from(["status", "why", "history"]))
def test_nothing_of_what_others_wrote_does_anything(text: str, kind: str) -> None:
    hostile = skill(
        description=text,
        state=text,
        notice=dict.fromkeys(("reason", "replaced_by", "sunset"), text),
        versions=[{"version": text, "state": text}],
        rollout={"version": text, "state": text, "job": text},
        proof=dict.fromkeys(PROOF, text) | {"authors": [text], "cases": 3, "passed": 3},
    )
    rows = [dict.fromkeys(ROW, text)]
    hold = dict.fromkeys(HOLD, text)
    for found in (hostile, None):
        answer = chat_answers.answer(
            Question(kind, text), said(skill=found, names=[text], holds=[hold] * 20, actor=text), rows, ALONE
        )
        assert len(answer) <= 16_383
        for line in answer.removeprefix("**adder**: ").split("\n"):
            for cell in line.strip("| ").split(" | ") if line.startswith("| ") else [line]:
                assert line.startswith("|---") or not set(effects(f"x {cell}")) - {"mark code_inline"}


@given(st.text())
def test_the_help_repeats_nothing_that_does_anything(text: str) -> None:
    asked = chat_answers.question(text)
    if asked.kind == "help" and asked.wrong:
        first = chat_answers.help_text(asked, "skill").split("\n")[0]
        assert effects(first.partition("; did you mean")[0]) == []


@pytest.mark.parametrize("letter", ["x", "@", "😀#"])
def test_the_longest_answer_is_one_post(letter: str) -> None:
    long = letter * 10_000
    hold = dict.fromkeys(HOLD, long)
    versions = [{"version": long, "state": long}] * 50
    for kind in ("status", "why", "history"):
        answer = chat_answers.answer(
            Question(kind, "adder"),
            said(skill=skill(description=long, versions=versions), holds=[hold] * 20),
            [dict.fromkeys(ROW, long)] * 50,
            AROUND,
        )
        assert len(answer) <= 16_383
