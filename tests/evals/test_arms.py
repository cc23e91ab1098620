"""Beside what is served: better, worse, or not to be told."""

import pytest

from tests.evals.conftest import Lab, policy, suite
from tests.standin.chat_server import Handler, chat_server, good

GATE = ", margin: 0.2"
#: So many cases that a margin of 20 points can be told at all.
CASES = 24


def forgets(share: int) -> object:
    """Answers as the skill says, but its newer version every `share`-th time as if it said nothing."""

    def answers(handler: Handler) -> None:
        system, *_, last = handler.asked.body["messages"]
        number = int(last["content"].split()[-1])
        is_new = "Run it well" in system["content"]
        good("no idea" if is_new and share and number % share == 0 else "42")(handler)

    return answers


@pytest.fixture
def revised(lab: Lab) -> Lab:
    """Served is a version that answers well; a newer one is in the making."""
    lab.shop.write("evals/adder/suite.yaml", suite("live", cases=CASES, trials=TRIALS))
    lab.settle(policy(lab.server.url, gate=GATE))
    assert lab.evidence()["verdict"] == "passed"
    for _ in ("candidate", "approved"):
        assert lab.shop.skillctl("promote", "adder").exit_code == 0
    assert lab.shop.skillctl("revise", "adder").exit_code == 0
    text = (lab.shop.root / "skills/adder/SKILL.md").read_text()
    lab.shop.write("skills/adder/SKILL.md", text.replace("Run `", "Run it well: `"))
    lab.shop.commit("say it otherwise")
    return lab


TRIALS = 4


@pytest.mark.parametrize(("share", "verdict"), [(0, "passed"), (3, "regressed"), (8, "underpowered")])
def test_a_new_version_is_compared_with_what_is_served(revised: Lab, share: int, verdict: str) -> None:
    with chat_server(forgets(share)) as server:  # type: ignore[arg-type]
        revised.settle(policy(server.url, gate=GATE + ", ask_rate: 0.3"))
        evidence = revised.evidence("--concurrency", "16")
        assert evidence["verdict"] == verdict
        assert {case["baseline"] for case in evidence["cases"]} == {1.0}
        assert "baseline" in evidence["inputs"]
        assert len(server.asked) == 2 * CASES * TRIALS
    revised.shop.skillctl("promote", "adder")
    answer = revised.shop.skillctl("promote", "adder")
    assert (answer.exit_code == 0) is (verdict == "passed")
    assert verdict == "passed" or verdict in answer.codes
    judged = revised.shop.skillctl("gate", "--base", "HEAD~1")
    # It was compared with what the base serves, which is not what the promotion makes it serve.
    assert judged.exit_code == 0, judged.out


def test_too_few_cases_to_compare_are_refused(revised: Lab) -> None:
    revised.shop.write("evals/adder/suite.yaml", suite("live", cases=8))
    answer = revised.eval()
    assert answer.exit_code == 2
    assert "can never show that answers are worse by less than 20%" in answer.envelope["error"]["message"]


def test_an_arm_that_cannot_be_judged_is_no_success(lab: Lab) -> None:
    assert lab.eval("--record").exit_code == 0
    answer = lab.shop.typed("eval", "adder", "--arm", "without_skill")
    assert answer.exit_code == 3
    assert "adder: 6 trials of `without_skill` errored: no recorded answer: it was never recorded" in answer.err
