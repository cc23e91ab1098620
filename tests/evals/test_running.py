"""An evaluation as it goes on: what counts, what is reused, what stops it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evals.conftest import CASES, Lab, obliges, policy, suite
from tests.standin.chat_server import chat_server, drops, error, good, hangs, says


def test_nothing_is_asked_twice_of_what_did_not_change(lab: Lab) -> None:
    lab.shop.write("evals/adder/suite.yaml", suite("live"))
    first = lab.eval().data["evaluations"][0]
    again = lab.eval().data["evaluations"][0]
    assert (first["reused"], again["reused"]) == (False, True)
    assert again["evidence"] == first["evidence"]
    assert len(lab.server.asked) == CASES
    lab.evidence("--fresh")
    assert len(lab.server.asked) == 2 * CASES


def test_one_bad_answer_leaves_the_others_alone_and_is_asked_again(lab: Lab) -> None:
    lab.shop.write("evals/adder/suite.yaml", suite("live"))
    with chat_server(drops, obliges) as server:
        lab.settle(policy(server.url))
        answer = lab.eval("--concurrency", "1")
        assert answer.exit_code == 3
        cases = answer.data["evaluations"][0]["evidence"]["cases"]
        assert [case["outcome"] for case in cases].count("errored") == 1
        assert lab.evidence()["verdict"] == "passed"
        assert len(server.asked) == CASES + 1


@pytest.mark.parametrize(
    "behave",
    [
        hangs,
        drops,
        says(b"<html>", headers={"Content-Type": "text/html"}),
        says(b'{"choices": [', headers={"Content-Type": "application/json"}),
        says({"choices": []}),
        error(429, "slow down"),
        error(500, "oh"),
    ],
)
def test_what_cannot_be_judged_is_never_failed(lab: Lab, behave: object) -> None:
    lab.shop.write("evals/adder/suite.yaml", suite("live"))
    with chat_server(behave) as server:  # type: ignore[arg-type]
        lab.settle(policy(server.url).replace("timeout: 5", "timeout: 0.3"))
        answer = lab.eval("--concurrency", "16")
    assert answer.exit_code == 3
    evidence = answer.data["evaluations"][0]["evidence"]
    assert {case["outcome"] for case in evidence["cases"]} == {"errored"}
    assert evidence["verdict"] == "errored"


def test_a_fake_is_shown_and_never_counts(lab: Lab) -> None:
    evidence = lab.evidence("--runner", "fake")
    assert (evidence["class"], evidence["verdict"]) == ("rehearsal", "passed")
    lab.shop.write("evals/adder/suite.yaml", suite("fake"))
    lab.shop.commit("rehearse")
    lab.evidence()
    lab.shop.skillctl("promote", "adder")
    assert "evidence-class" in lab.shop.skillctl("promote", "adder").codes


def test_a_case_marked_as_a_rehearsal_is_beside_the_evidence(lab: Lab) -> None:
    run = '  - {id: adds, run: {script: scripts/add.py}, expect: [{equals: "42"}]}\n'
    text = (
        suite("fake", cases=1, more=run)
        .replace("id: q1,", "id: q1, rehearsal: true,")
        .replace('"42"}]}\n  - {id: a', '"no"}]}\n  - {id: a')
    )
    lab.shop.write("evals/adder/suite.yaml", text)
    lab.shop.commit("rehearse beside")
    evidence = lab.evidence()
    assert [case["id"] for case in evidence["cases"]] == ["adds"]
    assert [(case["id"], case["outcome"], case["class"]) for case in evidence["shown"]] == [
        ("q1", "failed", "rehearsal")
    ]
    assert (evidence["class"], evidence["verdict"]) == ("deterministic", "passed")
    lab.shop.skillctl("promote", "adder")
    assert lab.shop.skillctl("promote", "adder").exit_code == 0


def test_too_few_answers_are_refused_before_anything_is_spent(lab: Lab) -> None:
    lab.shop.write("evals/adder/suite.yaml", suite("live", cases=5))
    answer = lab.eval()
    assert answer.exit_code == 2
    assert answer.envelope["error"]["message"] == (
        "5 asked cases can never show a rate of 60%, even if all pass: it takes 6"
    )
    assert lab.server.asked == []


def test_the_lower_bound_decides(lab: Lab) -> None:
    lab.shop.write("evals/adder/suite.yaml", suite("live"))
    with chat_server(good("wrong"), obliges) as server:
        lab.settle(policy(server.url))
        evidence = lab.evidence("--concurrency", "1")
    assert (evidence["verdict"], round(evidence["pass_rate"], 2)) == ("failed", 0.83)


def test_a_budget_is_a_hard_stop(lab: Lab) -> None:
    lab.shop.write("evals/adder/suite.yaml", suite("live"))
    answer = lab.eval("--max-tokens", "1500", "--concurrency", "8")
    assert answer.exit_code == 3
    assert 1 <= len(lab.server.asked) < CASES
    reasons = [reason for case in answer.data["evaluations"][0]["evidence"]["cases"] for reason in case["reasons"]]
    assert all(reason.startswith("budget: ") for reason in reasons)
    asked = len(lab.server.asked)
    assert lab.eval("--max-cost", "0.000001").exit_code == 3
    assert len(lab.server.asked) == asked


def test_arms_are_compared(lab: Lab) -> None:
    lab.shop.write("evals/adder/suite.yaml", suite("live"))
    evidence = lab.evidence("--arm", "without_skill")
    assert [case["without_skill"] for case in evidence["cases"]] == [0.0] * CASES
    assert evidence["verdict"] == "passed"
    assert len(lab.server.asked) == 2 * CASES


def test_a_new_runner_is_not_trusted_until_it_is_in_the_base(lab: Lab) -> None:
    lab.shop.git("switch", "--quiet", "--create", "change")
    lab.shop.write("skillctl.yaml", policy(lab.server.url, model="vendor/m2"))
    answer = lab.eval("--runner", "live")
    assert answer.exit_code == 2
    assert answer.envelope["error"]["message"] == "runner `live` is not in `skillctl.yaml` of the base as it is here"
    assert lab.server.asked == []
    assert lab.evidence("--runner", "live", "--trust-change")["class"] == "rehearsal"


def test_an_unknown_runner_is_named(lab: Lab) -> None:
    answer = lab.eval("--runner", "lives")
    assert (answer.exit_code, answer.envelope["error"]["hint"]) == (2, "did you mean `live`?")


@pytest.mark.parametrize(
    "words",
    [
        "--shard 1/2",
        "--shard 3/2 --output x",
        "--shard x --output x",
        "--output x",
        "--case zz*",
        "--sign k",
        "--concurrency 0",
        "--record --shard 1/2 --output x",
    ],
)
def test_what_makes_no_sense_is_refused(lab: Lab, words: str) -> None:
    assert lab.eval(*words.split()).exit_code == 2


def test_shards_give_the_evidence_of_one_run(lab: Lab, tmp_path: Path) -> None:
    more = '  - {id: adds, run: {script: scripts/add.py}, expect: [{equals: "42"}]}\n'
    lab.shop.write("evals/adder/suite.yaml", suite(trials=2, more=more))
    lab.eval("--record")
    files = []
    for part in ("1/3", "2/3", "3/3"):
        file = tmp_path / f"{part[0]}.json"
        assert lab.eval("--shard", part, "--output", str(file), "--fresh").exit_code == 0
        files.append(str(file))
    one = lab.evidence("--fresh")
    merged = lab.shop.skillctl("eval", "merge", *reversed(files)).data["evaluations"][0]["evidence"]

    def timeless(evidence: dict[str, object]) -> dict[str, object]:
        cases = [{**case, "seconds": 0} for case in evidence["cases"]]  # type: ignore[attr-defined]
        return {**evidence, "cases": cases, "started_at": "", "finished_at": ""}

    assert timeless(merged) == timeless(one)
    assert lab.shop.skillctl("eval", "merge", *files[:2]).exit_code == 2
    assert lab.shop.skillctl("eval", "merge", *files, files[0]).exit_code == 2
    lab.shop.write("skills/adder/scripts/add.py", "print(6 * 7)\n")
    other = lab.shop.skillctl("eval", "merge", *files)
    assert (other.exit_code, "of something else" in other.envelope["error"]["message"]) == (2, True)


def test_an_interruption_keeps_what_was_measured(lab: Lab) -> None:
    lab.shop.write("evals/adder/suite.yaml", suite("live"))
    with chat_server(obliges, obliges, hangs) as server:
        lab.settle(policy(server.url).replace("timeout: 5", "timeout: 60"))
        command = [sys.executable, "-m", "skillctl", "-C", str(lab.shop.root), "eval", "adder", "--concurrency", "1"]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)
        while len(server.asked) < 3:
            assert running.poll() is None
            server.is_asked.wait(10)
            server.is_asked.clear()
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=20)
    assert running.returncode == 130
    assert "interrupted: 2 of 6 trials are kept; run the same command to go on" in said
    with chat_server(obliges) as server:
        lab.settle(policy(server.url))
        assert lab.evidence()["verdict"] == "passed"
        assert len(server.asked) == CASES - 2
