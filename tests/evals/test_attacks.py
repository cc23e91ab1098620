"""What a change brings along to be believed without a measurement, and what it gets for it."""

from pathlib import Path

import pytest

from tests.evals.conftest import Lab, policy, suite
from tests.evals.test_recording import PERSON, name_recorder


def has_prod(branch: str) -> str:
    return f"environments: {{prod: {{store: supabase, release_branch: {branch}}}}}\n"


def own_model(lab: Lab, branch: str) -> None:
    """Change the runner and the branch that it would be compared with, in two commits of a branch."""
    lab.shop.git("switch", "--quiet", "--create", "change")
    lab.shop.write("skillctl.yaml", policy(lab.server.url, has_prod(branch), model="mallory/m1"))
    lab.shop.write("evals/adder/suite.yaml", suite("live"))
    lab.shop.commit("bring a runner")
    lab.shop.commit("go on")


NOWHERE = "this clone knows no branch `main`, which a change would be of"


@pytest.mark.parametrize("branch", ["nowhere", "change"])
def test_a_change_does_not_choose_what_it_is_compared_with(lab: Lab, branch: str) -> None:
    own_model(lab, branch)
    answer = lab.eval()
    assert (answer.exit_code, lab.server.asked) == (2, [])
    assert answer.envelope["error"]["message"] == "runner `live` is not in `skillctl.yaml` of the base as it is here"


@pytest.mark.parametrize("branch", ["nowhere", "change"])
def test_the_branch_that_origin_begins_with_is_believed(lab: Lab, branch: str) -> None:
    lab.shop.git("update-ref", "refs/remotes/origin/trunk", "main")
    lab.shop.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    own_model(lab, branch)
    lab.shop.git("branch", "--quiet", "-D", "main")
    answer = lab.eval()
    assert (answer.exit_code, lab.server.asked) == (2, [])


def test_where_no_branch_is_known_the_base_must_be_named(lab: Lab) -> None:
    own_model(lab, "nowhere")
    base = lab.shop.git("rev-parse", "main")
    lab.shop.git("branch", "--quiet", "-D", "main")
    answer = lab.eval()
    assert (answer.exit_code, lab.server.asked) == (2, [])
    assert answer.envelope["error"]["message"] == "this clone knows no branch `nowhere`, which a change would be of"
    assert answer.envelope["error"]["hint"] == "fetch it, or name what is trusted: `--base REV`"
    assert "as it is here" in lab.eval("--base", base).envelope["error"]["message"]


def test_what_was_measured_with_a_named_base_is_promoted_with_it(lab: Lab) -> None:
    lab.shop.write("evals/adder/suite.yaml", suite("live"))
    lab.shop.commit("ask live")
    lab.shop.git("switch", "--quiet", "--create", "change")
    lab.shop.commit("go on")
    base = lab.shop.git("rev-parse", "main")
    lab.shop.git("branch", "--quiet", "-D", "main")
    assert lab.evidence("--base", base)["class"] == "live"
    assert lab.shop.skillctl("promote", "adder").exit_code == 0
    for words in (("why", "adder"), ("promote", "adder")):
        error = lab.shop.skillctl(*words).envelope["error"]
        assert (error["message"], "`--base REV`" in error["hint"]) == (NOWHERE, True), words
    assert NOWHERE in lab.shop.skillctl("status").data["skills"][0]["blocked"]
    assert lab.shop.skillctl("status", "--base", base).data["skills"][0]["blocked"] is None
    assert lab.shop.skillctl("why", "adder", "--base", base).exit_code == 0
    promoted = lab.shop.skillctl("promote", "adder", "--base", base)
    assert (promoted.exit_code, lab.shop.status()) == (0, "approved"), promoted.out


def test_a_step_is_judged_by_the_base_that_is_named(lab: Lab) -> None:
    """Where runners are newer than the base, nothing that they answered is evidence."""
    lab.shop.write("evals/adder/suite.yaml", suite("live"))
    lab.shop.commit("ask live")
    assert lab.evidence()["class"] == "live"
    lab.shop.skillctl("promote", "adder")
    first = lab.shop.git("rev-list", "--max-parents=0", "HEAD")
    refused = lab.shop.skillctl("promote", "adder", "--base", first)
    assert (refused.exit_code, refused.envelope["error"]["message"]) == (
        2,
        "runner `live` is not in `skillctl.yaml` of the base as it is here",
    )
    lab.shop.write("skillctl.yaml", policy(lab.server.url, "auto_promote: [adder]\n"))
    lab.shop.commit("start it by itself")
    (waiting,) = lab.shop.skillctl("promote", "--auto", "--base", first).data["refused"]
    assert waiting["reasons"][0]["code"] == "unjudged"
    assert lab.shop.skillctl("promote", "--auto", "--base", "main~1").exit_code == 0
    assert lab.shop.status() == "approved"


def test_the_state_of_this_machine_is_not_part_of_a_change(lab: Lab) -> None:
    lab.shop.write("evals/adder/suite.yaml", suite("live"))
    lab.shop.commit("ask live")
    assert lab.evidence()["class"] == "live"
    lab.shop.skillctl("promote", "adder")
    lab.shop.git("add", "--force", ".skillctl/evidence")
    lab.shop.git("commit", "--quiet", "-m", "bring evidence")
    for words in (("promote", "adder"), ("eval", "adder")):
        answer = lab.shop.skillctl(*words)
        assert answer.exit_code == 2, answer.out
        assert answer.envelope["error"]["message"] == "Git tracks `.skillctl`, which is of this machine alone"
        assert answer.envelope["error"]["hint"] == "take it out: `git rm -r --cached .skillctl`"


def test_recording_a_part_signs_no_answer_that_somebody_else_put_there(lab: Lab, keys: Path) -> None:
    name_recorder(lab, keys)
    lab.eval("--record", "--sign", str(keys / "ci"))
    assert lab.cassette.read_text().count(": 42") == 6
    lab.cassette.write_text(lab.cassette.read_text().replace("question 2: 42", "42, of course"))
    assert lab.eval("--record", "--case", "q1", "--sign", str(keys / "ci")).exit_code == 0
    assert [entry["case"] for entry in lab.entries()] == ["q1"]
    assert lab.evidence("--record", "--sign", str(keys / "ci"))["class"] == "recorded"
    lab.eval("--record", "--case", "q1", "--sign", str(keys / "ci"))
    assert len(lab.entries()) == 6


def test_live_answers_do_not_count_because_the_change_says_so(lab: Lab, keys: Path) -> None:
    name_recorder(lab, keys)
    lab.shop.git("switch", "--quiet", "--create", "change")
    lab.shop.write("skillctl.yaml", policy(lab.server.url))
    lab.shop.write("evals/adder/suite.yaml", suite("live"))
    lab.shop.commit("sign nothing")
    assert lab.evidence()["class"] == "live"
    lab.shop.skillctl("promote", "adder")
    assert "evidence-class" in lab.shop.skillctl("promote", "adder").codes


ANSWERS = 'import json, sys\njson.load(sys.stdin)\njson.dump({"text": "42"}, sys.stdout)\n'


@pytest.mark.parametrize("argv", ["python3, tools/agent.py", "python3, ./tools/agent.py"])
@pytest.mark.parametrize("brought", ["tools/agent.py", "tools/json.py", "tools/json/__init__.py"])
def test_a_change_puts_nothing_beside_a_program_either(lab: Lab, argv: str, brought: str) -> None:
    lab.shop.write("tools/agent.py", ANSWERS)
    lab.settle(policy(lab.server.url, f"  agent: {{command: {{argv: [{argv}]}}}}\n"))
    lab.shop.write("evals/adder/suite.yaml", suite("agent"))
    assert lab.evidence()["class"] == "live"
    lab.shop.write(brought, ANSWERS + "# other\n")
    answer = lab.eval()
    assert answer.exit_code == 2
    assert answer.envelope["error"]["message"] == "runner `agent` is not in `skillctl.yaml` of the base as it is here"


def test_a_program_lies_in_a_folder_of_its_own(lab: Lab) -> None:
    lab.shop.write("agent.py", ANSWERS)
    lab.settle(policy(lab.server.url, "  agent: {command: {argv: [python3, agent.py]}}\n"))
    lab.shop.write("evals/adder/suite.yaml", suite("agent"))
    answer = lab.eval()
    assert answer.exit_code == 2
    assert answer.envelope["error"]["message"] == "`agent.py`, which `skillctl.yaml` starts, lies in no folder of its own"


def test_staleness_has_a_code_without_blanks_and_names_its_input(lab: Lab) -> None:
    assert lab.eval("--record").exit_code == 0
    lab.shop.commit("record")
    lab.shop.skillctl("promote", "adder")
    altered = lab.cassette.read_text().replace("question 1: 42", "question 1: 42!")
    lab.cassette.write_text(altered)
    lab.shop.commit("alter it")
    answer = lab.shop.skillctl("promote", "adder")
    assert answer.codes == ["stale-cassette"]
    (reason,) = answer.data["reasons"]
    assert reason["message"] == "evidence is stale: cassette `taped` changed after it was measured"


def test_what_was_asked_before_it_was_trusted_is_asked_again(lab: Lab) -> None:
    lab.shop.write("evals/adder/suite.yaml", suite("live"))
    lab.shop.git("switch", "--quiet", "--create", "change")
    lab.shop.write("skillctl.yaml", policy(lab.server.url, model="vendor/m2"))
    assert lab.evidence("--trust-change")["class"] == "rehearsal"
    lab.shop.git("switch", "--quiet", "main")
    lab.settle(policy(lab.server.url, model="vendor/m2"))
    assert lab.evidence()["class"] == "live"


def test_a_shard_says_of_no_answer_that_a_machine_gave_it(lab: Lab, tmp_path: Path) -> None:
    lab.shop.write("evals/adder/suite.yaml", suite("live"))
    part = tmp_path / "part.json"
    assert lab.eval("--shard", "1/1", "--output", str(part)).exit_code == 0
    part.write_text(part.read_text().replace('"class":"live"', '"class":"deterministic"'))
    assert '"deterministic"' in part.read_text()
    answer = lab.shop.skillctl("eval", "merge", str(part))
    assert answer.exit_code == 2
    assert answer.envelope["error"]["message"] == (
        "case `q1` of the shards of adder is deterministic, which is not live as here"
    )


@pytest.mark.parametrize("words", ["--report /nope/x.html", "--report /", "--shard 1/2 --output /nope/x"])
def test_a_file_that_cannot_be_written_is_told_before_anybody_is_asked(lab: Lab, words: str) -> None:
    lab.shop.write("evals/adder/suite.yaml", suite("live"))
    assert lab.eval(*words.split()).exit_code == 2
    assert lab.server.asked == []


def test_a_change_does_not_change_the_program_of_a_server(lab: Lab) -> None:
    lab.shop.write("tools/server.py", "raise SystemExit\n")
    lab.settle(policy(lab.server.url, "servers: {sums: {command: [python3, tools/server.py]}}\n"))
    case = "  - {id: sums, tool: {server: sums, name: add}, expect: [{equals: '42'}]}\n"
    lab.shop.write("evals/adder/suite.yaml", f"skill: adder\ncases:\n{case}")
    lab.shop.write("tools/server.py", "open('was_run', 'w')\n")
    answer = lab.eval()
    assert answer.exit_code == 2
    assert answer.envelope["error"]["message"] == "server `sums` is not in `skillctl.yaml` of the base as it is here"
