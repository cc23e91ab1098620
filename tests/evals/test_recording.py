"""Recorded answers: what makes them evidence, and what unmakes them."""

from pathlib import Path

import pytest

from tests.evals.conftest import CASES, KEY, Lab, policy, suite

RUN = 'skill: adder\ncases:\n  - {id: adds, run: {script: scripts/add.py}, expect: [{equals: "42"}]}\n'
PERSON = 'people:\n  ci: {{keys: ["{key}"]}}\nrecorders: [ci]\n'


def name_recorder(lab: Lab, keys: Path) -> None:
    key = (keys / "ci.pub").read_text().strip()
    lab.settle(policy(lab.server.url, PERSON.format(key=key)))


def test_a_miss_is_errored_and_names_the_command(lab: Lab) -> None:
    answer = lab.eval()
    assert answer.exit_code == 3
    evidence = answer.data["evaluations"][0]["evidence"]
    assert {case["outcome"] for case in evidence["cases"]} == {"errored"}
    assert evidence["cases"][0]["reasons"] == [
        "no recorded answer: it was never recorded; run `skillctl eval adder --record`"
    ]
    assert lab.server.asked == []


def test_what_is_recorded_is_evidence_and_asks_nobody_again(lab: Lab) -> None:
    answer = lab.eval("--record")
    assert answer.exit_code == 0
    evidence = answer.data["evaluations"][0]["evidence"]
    assert (evidence["class"], evidence["verdict"], evidence["model"]) == ("recorded", "passed", "vendor/m1")
    assert len(lab.server.asked) == CASES
    assert {asked.headers["authorization"] for asked in lab.server.asked} == {f"Bearer {KEY}"}
    assert KEY not in lab.cassette.read_text()
    lab.evidence("--fresh")
    assert len(lab.server.asked) == CASES
    assert lab.shop.skillctl("promote", "adder").exit_code == 0


@pytest.mark.parametrize(
    ("path", "old", "new", "cause"),
    [
        ("skills/adder/SKILL.md", "Run `scripts", "Do run `scripts", "skill"),
        ("evals/adder/suite.yaml", "question 1", "question 7", "prompt"),
        ("skillctl.yaml", "vendor/m1", "vendor/m2", "model"),
        ("skillctl.yaml", "attempts: 1", "attempts: 1, temperature: 0.5", "runner"),
    ],
)
def test_whatever_changes_is_a_miss_that_says_so(lab: Lab, path: str, old: str, new: str, cause: str) -> None:
    assert lab.eval("--record").exit_code == 0
    text = (lab.shop.root / path).read_text()
    assert old in text
    lab.shop.write(path, text.replace(old, new))
    lab.shop.commit("change it")
    lab.shop.commit("go on")
    (first, *_) = lab.evidence()["cases"]
    assert first["outcome"] == "errored"
    assert first["reasons"] == [
        f"no recorded answer: the {cause} changed after it was recorded; run `skillctl eval adder --record`"
    ]


def test_a_script_that_no_answer_looked_at_changes_no_answer(lab: Lab) -> None:
    assert lab.eval("--record").exit_code == 0
    lab.shop.write("skills/adder/scripts/add.py", "print(41 + 1)\n")
    assert lab.evidence()["verdict"] == "passed"


def test_unsigned_or_altered_is_a_rehearsal_where_recorders_are_named(lab: Lab, keys: Path) -> None:
    assert lab.eval("--record").exit_code == 0
    name_recorder(lab, keys)
    assert lab.evidence()["class"] == "rehearsal"
    assert lab.shop.skillctl("promote", "adder").exit_code == 0  # to candidate, which asks for no evidence
    refused = lab.shop.skillctl("promote", "adder")
    assert (refused.exit_code, "evidence-class" in refused.codes) == (1, True)
    assert lab.evidence("--record", "--sign", str(keys / "mallory"))["class"] == "rehearsal"
    assert lab.evidence("--record", "--sign", str(keys / "ci"))["class"] == "recorded"
    assert lab.shop.skillctl("promote", "adder").exit_code == 1  # what is recorded lies there uncommitted
    lab.shop.commit("record")
    assert lab.evidence()["class"] == "recorded"
    altered = lab.cassette.read_text().replace("question 1: 42", "question 1: 42!")
    lab.cassette.write_text(altered)
    assert lab.evidence()["class"] == "rehearsal"


def test_a_recorder_without_a_key_is_told_before_anybody_is_asked(lab: Lab, keys: Path) -> None:
    name_recorder(lab, keys)
    answer = lab.eval("--record")
    assert (answer.exit_code, answer.envelope["error"]["message"]) == (2, "there is no SSH key to sign with")
    answer = lab.eval("--record", "--sign", "/no/such/key")
    assert answer.exit_code == 2
    assert lab.server.asked == []


def test_a_recorder_who_is_nobody_is_told_before_anybody_is_asked(lab: Lab, keys: Path) -> None:
    named = PERSON.format(key=(keys / "ci.pub").read_text().strip()).replace("[ci]", "[cii]")
    lab.settle(policy(lab.server.url, named))
    said = lab.shop.skillctl("validate")
    (finding,) = said.envelope["findings"]
    assert (said.exit_code, finding["code"], finding["file"]) == (1, "SK105", "skillctl.yaml")
    assert (finding["message"], finding["hint"]) == (
        "`recorders` names `cii`, who is no group or person",
        "did you mean `ci`?",
    )
    for words in ((), ("--record", "--sign", str(keys / "ci"))):
        answer = lab.eval(*words)
        error = answer.envelope["error"]
        assert (answer.exit_code, error["hint"]) == (2, "did you mean `ci`?"), words
        assert error["message"].endswith("`recorders` names `cii`, who is no group or person")
    assert lab.evidence("--runner", "fake")["class"] == "rehearsal"
    assert lab.shop.skillctl("promote", "adder").codes == ["invalid"]
    lab.shop.write("evals/adder/suite.yaml", RUN)
    assert lab.evidence()["verdict"] == "passed"
    assert lab.server.asked == []


def test_a_base_in_which_nobody_can_sign_is_told_before_anybody_is_asked(lab: Lab, keys: Path) -> None:
    named = PERSON.format(key=(keys / "ci.pub").read_text().strip())
    lab.settle(policy(lab.server.url, named.replace("[ci]", "[cii]")))
    lab.shop.git("switch", "--quiet", "--create", "change")
    lab.shop.write("skillctl.yaml", policy(lab.server.url, named))
    answer = lab.eval("--record", "--sign", str(keys / "ci"))
    assert answer.exit_code == 2
    assert answer.envelope["error"]["message"] == (
        "nobody whom `recorders` in `skillctl.yaml` of the base names has a key, so no record could count"
    )
    assert lab.server.asked == []


def test_too_few_answers_are_not_recorded_first(lab: Lab) -> None:
    lab.shop.write("evals/adder/suite.yaml", suite(cases=5))
    answer = lab.eval("--record")
    assert (answer.exit_code, "5 asked cases can never show" in answer.envelope["error"]["message"]) == (2, True)
    assert lab.server.asked == []


def test_gits_own_key_signs(lab: Lab, keys: Path) -> None:
    name_recorder(lab, keys)
    lab.shop.git("config", "user.signingkey", str(keys / "ci"))
    assert lab.evidence("--record")["class"] == "recorded"


def test_a_change_names_no_recorder_of_its_own(lab: Lab, keys: Path) -> None:
    name_recorder(lab, keys)
    lab.shop.git("switch", "--quiet", "--create", "change")
    mallory = (keys / "mallory.pub").read_text().strip()
    lab.shop.write("skillctl.yaml", policy(lab.server.url, PERSON.format(key=mallory)))
    lab.shop.commit("sign it myself")
    assert lab.evidence("--record", "--sign", str(keys / "mallory"))["class"] == "rehearsal"


def test_a_broken_cassette_is_named(lab: Lab) -> None:
    lab.shop.write("evals/adder/cassettes/live.jsonl", '{"key": "x"}\n')
    answer = lab.eval()
    assert answer.exit_code == 2
    assert (
        answer.envelope["error"]["message"]
        == "`evals/adder/cassettes/live.jsonl` cannot be read: line 1 is no recorded answer"
    )


def test_a_broken_cassette_can_be_recorded_again(lab: Lab, keys: Path) -> None:
    name_recorder(lab, keys)
    lab.shop.write("evals/adder/cassettes/live.jsonl", '{"key": "x"}\n')
    assert "record it again" in lab.eval().envelope["error"]["hint"]
    assert lab.evidence("--record", "--sign", str(keys / "ci"))["class"] == "recorded"


def test_a_link_leads_no_recording_out(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (lab.shop.root / "evals/adder/cassettes").symlink_to(tmp_path / "elsewhere")
    assert lab.eval("--record").exit_code == 2
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_recording_a_part_keeps_the_rest(lab: Lab) -> None:
    lab.eval("--record")
    before = {entry["key"] for entry in lab.entries()}
    lab.eval("--record", "--case", "q1")
    assert {entry["key"] for entry in lab.entries()} == before
    lab.shop.write("evals/adder/suite.yaml", suite(cases=CASES + 1).replace("question 1", "another question"))
    lab.eval("--record")
    assert len(lab.entries()) == CASES + 1
    assert before - {entry["key"] for entry in lab.entries()}


def test_live_answers_count_only_where_nobody_is_named(lab: Lab, keys: Path) -> None:
    lab.shop.write("evals/adder/suite.yaml", suite("live"))
    lab.shop.commit("ask live")
    assert lab.evidence()["class"] == "live"
    lab.shop.skillctl("promote", "adder")
    assert lab.shop.skillctl("promote", "adder").exit_code == 0
    name_recorder(lab, keys)
    lab.shop.skillctl("revise", "adder")
    told = lab.shop.typed("eval", "adder").err
    assert "6 of the cases are `live`, which is no evidence under this policy (`deterministic`, `recorded` is)" in told
    lab.shop.skillctl("promote", "adder")
    assert "evidence-class" in lab.shop.skillctl("promote", "adder").codes
