"""What production is told of a release, and what is told of it to others."""

from typing import Any

import pytest

from skillctl.domain import notice, plan_record, release_payload
from skillctl.domain.production import Current, Hold, SkillState, VersionState
from skillctl.domain.release import Desired, plan
from skillctl.domain.release_payload import Body, HoldSet, Kind, Origin

DIGEST = "sha256:" + "a" * 64
NOW = Current("r", "c" * 40, "h", {})
ORIGIN = Origin("prod", ["mattermost", "n8n"], "maria", "skillctl 1")


def body(kind: Kind, **more: Any) -> Body:
    return Body(**{"kind": kind, "commit": "c" * 40, "changes": (), "facts": (), "reason": "because", **more})


def test_a_plan_as_production_takes_it() -> None:
    state = SkillState("1.0.0", {"1.0.0": VersionState(DIGEST, "deprecated", {"reason": "old"})})
    held = Hold("kept", "rollback", None, frozenset(), "why", "jun", "2026-11-29")
    kept = SkillState("1.0.0", {"1.0.0": VersionState(DIGEST, "approved", None)})
    current = Current("r", "b" * 40, "h", {"kept": kept}, holds={"kept": held})
    desired = {"adder": Desired("adder", state), "kept": Desired("kept", kept)}
    made = plan("c" * 40, desired, current)
    publish = {"version": "1.0.0", "evidence": "e" * 64}
    told = release_payload.following("sync", made, desired, {("adder", "1.0.0"): publish}, "b" * 40)
    (change,) = told.changes
    assert change["publish"] == [publish]
    assert change["states"] == {"1.0.0": {"state": "deprecated", "notice": {"reason": "old"}}}
    assert [step["evidence"] for step in change["promotions"]] == ["e" * 64, None]
    assert (list(told.lifts), told.judged, told.is_empty) == (["kept"], "b" * 40, False)
    said = release_payload.payload(told, current, ORIGIN)
    assert (said["judged"], said["expected_release"], said["lifts"]) == ("b" * 40, "r", ["kept"])
    assert release_payload.following("sync", made, desired, {("adder", "1.0.0"): publish}, "c" * 40).judged is None
    assert [row["action"] for row in said["jobs"][0]["payload"]["changes"]] == ["publish", "deprecate", "unhold"]


@pytest.mark.parametrize(
    ("kind", "told"),
    [("sync", 2), ("rollback", 2), ("revoke", 2), ("repair", 2), ("rebuild", 1), ("hold", 1), ("unhold", 1)],
)
def test_who_is_told_of_each_kind(kind: Kind, told: int) -> None:
    said = release_payload.payload(body(kind, holds=(HoldSet("adder", "hold", (DIGEST,)),)), NOW, ORIGIN)
    assert [job["destination"] for job in said["jobs"]] == ["mattermost", "n8n"][:told]
    assert said["holds"] == [{"skill": "adder", "kind": "hold", "digests": [DIGEST]}]


def test_nobody_is_told_of_nothing() -> None:
    assert body("sync").is_empty
    assert release_payload.payload(body("sync"), NOW, ORIGIN)["jobs"] == []


def test_the_same_onto_the_same_is_the_same_release() -> None:
    ids = [release_payload.payload(body("hold", reason=why), NOW, ORIGIN)["id"] for why in ("a", "a", "b")]
    assert (ids[0] == ids[1], ids[0] == ids[2]) == (True, False)


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("rebuild", "Skills of prod filled from Git: 3 skills"),
        ("revoke", "Skills revoked in prod by maria: because"),
        ("hold", "Skills held in prod by maria: because"),
        ("repair", "Skills put right in prod by maria: because"),
    ],
)
def test_the_words_of_each_kind(kind: str, title: str) -> None:
    facts = notice.facts("r-1", "prod", "c" * 40, ()) | {
        "kind": kind, "reason": "because", "actor": "maria", "skills": 3,
    }  # fmt: skip
    said = notice.mattermost(facts)
    assert (said["text"], said["attachments"][0]["text"]) == (title, title)
    silent = notice.mattermost(facts | {"reason": None})["text"]
    assert silent.endswith("no reason given") is (kind != "rebuild")


def test_a_saved_plan_is_read_as_it_was() -> None:
    hold = Hold("adder", "hold", None, frozenset(), "why", "jun", "2026-11-29")
    made = plan("c" * 40, {}, Current("r", "b" * 40, "h", {"same": SkillState(None, {})}, holds={"adder": hold}))
    saved = plan_record.saved(made, "prod")
    assert plan_record.read(saved.text()) == saved
    assert [one["skill"] for one in saved.entries] == ["adder"]
    assert saved.entries[0]["hold"]["actor"] == "jun"


@pytest.mark.parametrize("text", ["", "[]", "{}", "1", '{"format": 2}', '{"format": 1}', '{"format": 1, "entries": 1}'])
def test_what_is_no_saved_plan(text: str) -> None:
    assert plan_record.read(text) is None
