"""Beside what is served: better, worse, or not to be told."""

import json
import re

import pytest

from skillctl.domain import canonical
from tests.evals.conftest import Lab, policy, suite
from tests.standin.chat_server import Behaviour, Handler, chat_server, good

GATE = ", margin: 0.2"
#: So many cases that a margin of 20 points can be told at all.
CASES = 24


def forgets(share: int) -> Behaviour:
    """Answers as the skill says, but its newer version every `share`-th time as if it said nothing."""

    def answers(handler: Handler) -> None:
        system, *_, last = handler.asked.body["messages"]
        number = int(last["content"].split()[-1])
        is_new = "Run it well" in system["content"]
        good("no idea" if is_new and share and number % share == 0 else "42")(handler)

    return answers


TRIALS = 4


def serve(lab: Lab, text: str, url: str) -> None:
    """Have a first version approved by this suite, and the next one begun."""
    lab.shop.write("evals/adder/suite.yaml", text)
    lab.settle(policy(url, gate=GATE))
    assert lab.evidence("--concurrency", "16")["verdict"] == "passed"
    for _ in ("candidate", "approved"):
        assert lab.shop.skillctl("promote", "adder").exit_code == 0
    assert lab.shop.skillctl("revise", "adder").exit_code == 0


def reword(lab: Lab, old: str, new: str) -> None:
    """Say something of the skill otherwise."""
    text = (lab.shop.root / "skills/adder/SKILL.md").read_text()
    assert old in text
    lab.shop.write("skills/adder/SKILL.md", text.replace(old, new))
    lab.shop.commit("say it otherwise")


@pytest.fixture
def revised(lab: Lab) -> Lab:
    """Served is a version that answers well; a newer one is in the making."""
    serve(lab, suite("live", cases=CASES, trials=TRIALS), lab.server.url)
    reword(lab, "Run `", "Run it well: `")
    return lab


@pytest.mark.parametrize(("share", "verdict"), [(0, "passed"), (3, "regressed"), (8, "underpowered")])
def test_a_new_version_is_compared_with_what_is_served(revised: Lab, share: int, verdict: str) -> None:
    with chat_server(forgets(share)) as server:
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


def triggers(cases: int = CASES, runner: str = "live", more: str = "") -> str:
    """A suite of prompts that a model must select the skill for, and of a last one that it must not."""
    asked = "".join(
        f'  - {{id: t{number}, trigger: {{prompt: "add {number}", fires: true}}}}\n' for number in range(1, cases)
    )
    asked += f'  - {{id: t{cases}, trigger: {{prompt: "lunch {cases}", fires: false}}}}\n'
    return f"skill: adder\nrunner: {runner}\ntrigger_runner: {runner}\ntrials: {TRIALS}\ncases:\n{asked}{more}"


def overlooks(share: int) -> Behaviour:
    """Selects the skill, but as it is described anew every `share`-th time not; answers all else as it should."""

    def selects(handler: Handler) -> None:
        system, *_, last = handler.asked.body["messages"]
        if "Select the one skill" not in system["content"]:
            good("42")(handler)
            return
        is_new = "- adder: Sums up." in system["content"]
        assert is_new or "- adder: Adds. Use it to add." in system["content"]
        word, number = last["content"].split()
        is_missed = is_new and share and int(number) % share == 0
        good(json.dumps({"skill": None if is_missed or word == "lunch" else "adder"}))(handler)

    return selects


@pytest.mark.parametrize(("share", "verdict"), [(0, "passed"), (3, "regressed"), (6, "underpowered")])
def test_a_new_description_is_compared_with_the_one_that_is_served(lab: Lab, share: int, verdict: str) -> None:
    with chat_server(overlooks(share)) as server:
        serve(lab, triggers(), server.url)
        reword(lab, "Adds. Use it to add.", "Sums up. Use it to add.")
        lab.settle(policy(server.url, gate=GATE + ", ask_rate: 0.3"))
        before = len(server.asked)
        told = lab.shop.typed("eval", "adder", "--concurrency", "16")
        assert f"{2 * CASES * TRIALS} trials ask" in told.err
        assert len(server.asked) - before == 2 * CASES * TRIALS
        evidence = lab.evidence()
        assert (evidence["verdict"], {case["baseline"] for case in evidence["cases"]}) == (verdict, {1.0})
        assert "baseline" in evidence["inputs"]
        # What the baseline was selected for says nothing of how this version is told apart.
        rows = re.findall(r"adder +(adder|\(none\)) +(\d+)", told.out)
        missed = (CASES - 1) // share * TRIALS if share else 0
        assert {name: int(number) for name, number in rows} == {
            "adder": (CASES - 1) * TRIALS - missed, **({"(none)": missed} if missed else {})
        }  # fmt: skip
        assert "baseline 1.0.0" in told.out
        assert len(server.asked) - before == 2 * CASES * TRIALS
    lab.shop.skillctl("promote", "adder")
    answer = lab.shop.skillctl("promote", "adder")
    assert (answer.exit_code == 0) is (verdict == "passed")
    assert verdict == "passed" or verdict in answer.codes
    assert lab.shop.skillctl("gate", "--base", "HEAD~1").exit_code == 0


def test_the_same_description_is_not_selected_from_twice(lab: Lab) -> None:
    with chat_server(overlooks(0)) as server:
        serve(lab, triggers(6), server.url)
        before = len(server.asked)
        reword(lab, "Run `", "Run it well: `")
        evidence = lab.evidence("--arm", "baseline", "--arm", "without_skill")
        assert len(server.asked) - before == 6 * TRIALS
    # Six would be too few to compare: nothing is compared.
    assert evidence["verdict"] == "passed"
    assert "baseline" not in evidence["inputs"]
    assert all(not {"baseline", "without_skill"} & case.keys() for case in evidence["cases"])


def test_answers_and_selections_are_compared_together(lab: Lab) -> None:
    more = '  - {id: q, ask: {prompt: "question 1"}, expect: [{contains: "42"}]}\n'
    with chat_server(overlooks(0)) as server:
        serve(lab, triggers(20, more=more), server.url)
        reword(lab, "Run `", "Run it well: `")
        alone = lab.eval()
        assert (alone.exit_code, "1 compared cases can never show" in alone.envelope["error"]["message"]) == (2, True)
        reword(lab, "Adds. Use it to add.", "Sums up. Use it to add.")
        told = lab.shop.typed("eval", "adder", "--arm", "without_skill")
        assert "21 cases of 4 trials are likely too few to tell" in told.err
        cases = {case["id"]: case for case in lab.evidence("--arm", "without_skill")["cases"]}
    assert {case["baseline"] for case in cases.values()} == {1.0}
    # Without the skill there is nothing to select.
    assert [name for name, case in cases.items() if "without_skill" in case] == ["q"]


def test_selections_from_both_catalogues_are_recorded(lab: Lab) -> None:
    with chat_server(overlooks(3)) as server:
        serve(lab, triggers(), server.url)
        reword(lab, "Adds. Use it to add.", "Sums up. Use it to add.")
        lab.shop.write("evals/adder/suite.yaml", triggers(runner="taped"))
        lab.settle(policy(server.url, gate=GATE + ", ask_rate: 0.3"))
        assert lab.evidence("--record", "--concurrency", "16")["verdict"] == "regressed"
    assert {entry["arm"] for entry in lab.entries()} == {"baseline", "with_skill"}
    evidence = lab.evidence("--fresh")
    assert (evidence["class"], evidence["verdict"]) == ("recorded", "regressed")


def test_evidence_that_compares_no_selections_is_refused(lab: Lab) -> None:
    with chat_server(overlooks(0)) as server:
        serve(lab, triggers(), server.url)
        reword(lab, "Adds. Use it to add.", "Sums up. Use it to add.")
        assert lab.evidence("--concurrency", "16")["verdict"] == "passed"
    for _ in ("candidate", "approved"):
        assert lab.shop.skillctl("promote", "adder").exit_code == 0
    (path,) = set((lab.shop.root / "approvals/adder").glob("*/approval.json")) - {
        lab.shop.root / "approvals/adder/1.0.0/approval.json"
    }
    statement = json.loads(path.read_text())
    for case in statement["predicate"]["evidence"]["cases"]:
        del case["baseline"]
    path.write_text(canonical.pretty(statement))
    lab.shop.commit("say nothing of what is served")
    answer = lab.shop.skillctl("gate", "--base", "HEAD~2")
    said = [one["message"] for one in answer.envelope["findings"] if "does not compare" in one["message"]]
    assert len(said) == CASES
