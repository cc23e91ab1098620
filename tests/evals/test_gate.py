"""Recorded answers before the gate: who signed them is asked of the base, and every byte of them counts."""

import json
import subprocess
from pathlib import Path

import pytest

from skillctl.domain import canonical, cassette
from tests.evals.conftest import Lab, policy
from tests.evals.test_recording import PERSON, name_recorder
from tests.gate.company import errors


@pytest.fixture
def recorded(lab: Lab, keys: Path) -> Lab:
    """`main` has the candidate with signed answers, branch `promotion` is checked out and approves it."""
    name_recorder(lab, keys)
    shop = lab.shop
    assert lab.eval("--record", "--sign", str(keys / "ci")).exit_code == 0
    shop.commit("record")
    assert shop.skillctl("promote", "adder").exit_code == 0
    assert lab.evidence("--base", "HEAD~2")["class"] == "recorded"
    shop.git("switch", "--quiet", "--create", "promotion")
    answer = shop.skillctl("promote", "adder")
    assert answer.exit_code == 0, answer.out
    return lab


def judged(lab: Lab) -> list[str]:
    return errors(lab.shop.skillctl("gate", "--base", "main"))


def test_what_a_recorder_signed_may_enter(recorded: Lab) -> None:
    assert judged(recorded) == []


def test_an_answer_written_by_hand(recorded: Lab) -> None:
    entries = recorded.entries()
    entries[0]["reply"]["text"] = "it is 42, surely"
    recorded.cassette.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    recorded.shop.commit("a better answer")
    assert judged(recorded) == ["SK704"]


def test_answers_signed_by_a_recorder_of_the_same_change(recorded: Lab, keys: Path) -> None:
    mallory = (keys / "mallory.pub").read_text().strip()
    recorded.shop.write("skillctl.yaml", policy(recorded.server.url, PERSON.format(key=mallory)))
    assert recorded.eval("--record", "--sign", str(keys / "mallory")).exit_code == 0
    recorded.shop.commit("sign it myself")
    assert judged(recorded) == ["SK704"]


def test_answers_without_their_signature(recorded: Lab) -> None:
    sheet = next(recorded.cassette.parent.glob("*.sig"))
    recorded.shop.git("rm", "--quiet", str(sheet))
    recorded.shop.commit("unsigned")
    assert judged(recorded) == ["SK704"]


def test_another_model_in_the_same_change(recorded: Lab) -> None:
    text = (recorded.shop.root / "skillctl.yaml").read_text()
    recorded.shop.write("skillctl.yaml", text.replace("vendor/m1", "vendor/m2"))
    recorded.shop.commit("another model")
    assert judged(recorded) == [], "the base says which model answered, and its answers are those signed"


def test_recorded_answers_are_judged_again(recorded: Lab, keys: Path) -> None:
    """They cost nothing: evidence that claims more of them than they say is found out."""
    shop = recorded.shop
    assert errors(shop.skillctl("gate", "--base", "main", "--rerun")) == []
    path = "approvals/adder/1.0.0/approval.json"
    shop.git("switch", "--quiet", "main")
    entries = recorded.entries()
    entries[0]["reply"]["text"] = "no idea"
    recorded.cassette.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    sheet = next(recorded.cassette.parent.glob("*.sig"))
    sheet.unlink()
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(keys / "ci"), "-n", cassette.NAMESPACE, str(recorded.cassette)]
    subprocess.run(command, check=True, capture_output=True)
    shop.commit("the recorder signs another answer")
    found = recorded.evidence("--base", "HEAD~1")
    assert (found["class"], found["verdict"]) == ("recorded", "failed")
    shop.git("switch", "--quiet", "promotion")
    shop.git("merge", "--quiet", "--no-edit", "main")
    statement = json.loads((shop.root / path).read_text())
    claimed = statement["predicate"]["evidence"]
    statement["predicate"]["evidence"] = {**claimed, "inputs": found["inputs"]}
    shop.write(path, canonical.pretty(statement))
    shop.commit("claim that it passed")
    assert judged(recorded) == []
    answer = shop.skillctl("gate", "--base", "main", "--rerun")
    assert errors(answer) == ["SK710"], answer.out
