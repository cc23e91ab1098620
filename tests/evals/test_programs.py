"""Programs that the policy names: an MCP server whose tools are called, and a harness that answers."""

import sys
from pathlib import Path

import pytest

from tests.evals.conftest import Lab, policy, suite
from tests.evals.test_recording import PERSON, RUN

SERVER = Path(__file__).parents[1] / "standin" / "odoo_lab.py"
HARNESS = """\
import json, pathlib, sys
asked = json.load(sys.stdin)
skill = asked["skill"]
sheet = pathlib.Path(skill["path"], "SKILL.md").read_text() if skill else ""
json.dump({"text": asked["prompt"] + (": 42" if "Run `" in sheet else ": no idea")}, sys.stdout)
"""


def servers(lab: Lab) -> str:
    """A policy with the stand-in of Odoo's lab."""
    return policy(lab.server.url, f'servers:\n  odoo-lab: {{command: ["{sys.executable}", "{SERVER}"]}}\n')


TOOLS = """\
skill: adder
cases:
  - id: finds-a-partner
    tool: {server: odoo-lab, name: search_read, arguments: {model: res.partner}}
    expect: [{contains: "name"}]
  - id: a-tool-that-is-not-there
    tool: {server: odoo-lab, name: search_raed}
    expect: [{exit_code: 0}]
"""


def test_tools_of_a_real_server_are_called(lab: Lab) -> None:
    lab.shop.write("evals/adder/suite.yaml", TOOLS)
    lab.settle(servers(lab))
    first, second = lab.evidence()["cases"]
    assert (first["outcome"], first["class"]) == ("passed", "live"), first
    assert second["outcome"] == "errored"
    assert "search_read" in second["reasons"][0]


@pytest.mark.parametrize("gate", [", evidence: [deterministic, recorded]", ""])
def test_a_tool_that_cannot_count_is_told_before_anybody_is_asked(lab: Lab, keys: Path, gate: str) -> None:
    asked = suite("live").partition("cases:\n")[2]
    lab.shop.write("evals/adder/suite.yaml", TOOLS.replace("cases:\n", f"runner: live\ncases:\n{asked}"))
    people = "" if gate else PERSON.format(key=(keys / "ci.pub").read_text().strip())
    lab.settle(servers(lab).replace("pass_rate: 1.0", f"pass_rate: 1.0{gate}") + people)
    for words in ((), ("--record", "--sign", str(keys / "ci")), ("--shard", "1/2", "--output", str(keys / "x.json"))):
        answer = lab.eval(*words)
        assert answer.exit_code == 2, words
        error = answer.envelope["error"]
        assert error["message"] == (
            "case `finds-a-partner` calls a tool, which is `live`: under this policy it cannot be evidence"
        )
        assert error["hint"].startswith("mark it `rehearsal: true`")
    assert lab.server.asked == []
    # A part is never evidence, and a rehearsal is none either.
    assert lab.eval("--case", "finds-*").exit_code == 0
    lab.shop.write("evals/adder/suite.yaml", RUN + TOOLS.partition("cases:\n")[2].replace("    tool:", "    rehearsal: true\n    tool:"))
    evidence = lab.evidence()
    assert (evidence["class"], [case["id"] for case in evidence["cases"]]) == ("deterministic", ["adds"])
    assert [case["class"] for case in evidence["shown"]] == ["live", "live"]


def test_a_server_is_one_of_the_base(lab: Lab) -> None:
    lab.settle(policy(lab.server.url))
    lab.shop.write("evals/adder/suite.yaml", TOOLS)
    lab.shop.write("skillctl.yaml", servers(lab))
    answer = lab.eval()
    assert answer.exit_code == 2
    assert answer.envelope["error"]["message"] == "server `odoo-lab` is not in `skillctl.yaml` of the base as it is here"
    lab.shop.write("evals/adder/suite.yaml", TOOLS.replace("odoo-lab", "odoo-labs"))
    assert lab.eval().envelope["error"]["hint"] == "did you mean `odoo-lab`?"


@pytest.fixture
def harnessed(lab: Lab) -> Lab:
    """A harness of this repository answers, and is recorded."""
    lab.shop.write("runners/harness.py", HARNESS)
    lab.shop.write("evals/adder/suite.yaml", suite("taped-harness"))
    command = f'  harness: {{command: {{argv: ["{sys.executable}", runners/harness.py]}}}}\n'
    lab.settle(policy(lab.server.url, command + "  taped-harness: {replay: harness}\n"))
    return lab


def test_any_program_can_answer_and_be_recorded(harnessed: Lab) -> None:
    evidence = harnessed.evidence("--record")
    assert (evidence["class"], evidence["verdict"]) == ("recorded", "passed")
    harnessed.shop.write("skills/adder/scripts/add.py", "print(6 * 7)\n")
    (first, *_) = harnessed.evidence()["cases"]
    # The program may read any file of the skill, so each of them is part of what it was asked.
    assert first["reasons"] == [
        "no recorded answer: the skill changed after it was recorded; run `skillctl eval adder --record`"
    ]


def test_a_change_cannot_alter_what_answers_it(harnessed: Lab) -> None:
    harnessed.evidence("--record")
    harnessed.shop.write("runners/harness.py", HARNESS.replace("no idea", "42"))
    answer = harnessed.eval()
    assert answer.exit_code == 2
    assert "runner `taped-harness` is not in `skillctl.yaml` of the base" in answer.envelope["error"]["message"]
    assert harnessed.evidence("--trust-change", "--record")["class"] == "rehearsal"
