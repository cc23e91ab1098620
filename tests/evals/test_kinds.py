"""Each kind of case on the command line: scripts, selection, judges and conventions of others."""

import json

from tests.evals.conftest import Lab, policy
from tests.standin.chat_server import Handler, called, chat_server, completion, good, says

FIRES = """\
skill: adder
cases:
  - {id: fires, trigger: {prompt: "please add two numbers", fires: true}}
  - {id: leaves, trigger: {prompt: "what is for lunch", fires: false}}
"""


def test_triggers_are_measured_without_a_model(lab: Lab) -> None:
    lab.shop.write("evals/adder/suite.yaml", FIRES)
    evidence = lab.evidence()
    assert (evidence["class"], evidence["verdict"]) == ("deterministic", "passed")
    assert "catalogue" in evidence["inputs"]
    assert "precision 100 %, recall 100 %" in lab.shop.typed("eval", "adder").out
    assert lab.server.asked == []


def test_a_description_of_another_skill_makes_triggers_stale(lab: Lab) -> None:
    lab.shop.write("evals/adder/suite.yaml", FIRES)
    lab.shop.commit("say when it fires")
    lab.evidence()
    lab.shop.skillctl("promote", "adder")
    lab.shop.add_skill("summer")
    lab.shop.commit("add a neighbour")
    refused = lab.shop.skillctl("promote", "adder")
    assert refused.codes == ["stale-catalogue"]


def test_a_newcomer_may_not_take_the_prompts_of_an_approved_neighbour(lab: Lab) -> None:
    lab.shop.write("evals/adder/suite.yaml", FIRES)
    lab.shop.commit("say when it fires")
    lab.shop.approve()
    lab.shop.add_skill("greedy")
    sheet = (lab.shop.root / "skills/greedy/SKILL.md").read_text()
    text = sheet.replace("Adds. Use it to add.", "Please add two numbers here: adds a number to numbers, please.")
    lab.shop.write("skills/greedy/SKILL.md", text)
    lab.shop.commit("want everything")
    answer = lab.shop.skillctl("eval", "greedy")
    evidence = answer.data["evaluations"][0]["evidence"]
    assert (answer.exit_code, evidence["verdict"]) == (1, "failed")
    assert evidence["lost"] == [{"case": "fires", "skill": "adder"}]
    lab.shop.skillctl("promote", "greedy")
    assert "neighbours" in lab.shop.skillctl("promote", "greedy").codes


def selects(handler: Handler) -> None:
    """Selects as the prompt says."""
    prompt = handler.asked.body["messages"][-1]["content"]
    good(json.dumps({"skill": "adder" if "add" in prompt else None}))(handler)


def test_the_same_triggers_ask_a_model(lab: Lab) -> None:
    many = "".join(
        f'  - {{id: fires-{number}, trigger: {{prompt: "add {number}", fires: true}}}}\n' for number in range(6)
    )
    lab.shop.write("evals/adder/suite.yaml", FIRES.replace("cases:\n", f"trigger_runner: live\ncases:\n{many}"))
    with chat_server(selects) as server:
        lab.settle(policy(server.url))
        evidence = lab.evidence()
        assert (evidence["class"], evidence["verdict"]) == ("live", "passed")
        assert "- adder: Adds. Use it to add." in server.asked[0].body["messages"][0]["content"]
    with chat_server(good("adder, I think")) as server:
        lab.settle(policy(server.url))
        answer = lab.eval("--fresh")
    assert answer.exit_code == 3
    assert answer.data["evaluations"][0]["evidence"]["cases"][0]["reasons"] == ["no skill was selected: it is not JSON"]


def grades(handler: Handler) -> None:
    """Answers, and grades what was answered: the first line is met, the second is not."""
    prompt = handler.asked.body["messages"][-1]["content"]
    lines = [{"met": True, "evidence": "42"}, {"met": False, "evidence": ""}]
    good(json.dumps({"lines": lines}) if "<rubric>" in prompt else "it is 42")(handler)


def test_a_rubric_is_reported_and_decides_nothing(lab: Lab) -> None:
    expect = '[{contains: "42"}, {rubric: ["says the sum", "says why"]}]'
    lines = "".join(f'  - {{id: q{n}, ask: {{prompt: "q {n}"}}, expect: {expect}}}\n' for n in range(6))
    lab.shop.write("evals/adder/suite.yaml", f"skill: adder\nrunner: live\njudge: live\ncases:\n{lines}")
    with chat_server(grades) as server:
        lab.settle(policy(server.url))
        evidence = lab.evidence("--report", str(lab.shop.root.parent / "page.html"))
    assert evidence["verdict"] == "passed"
    page = (lab.shop.root.parent / "page.html").read_text()
    assert "says why" in page
    with chat_server(good("42")) as server:
        lab.settle(policy(server.url))
        answer = lab.eval("--fresh")
    assert answer.exit_code == 3
    reasons = answer.data["evaluations"][0]["evidence"]["cases"][0]["reasons"]
    assert reasons == ["the judge `live` gave no verdict: it does not grade each of the 2 lines"]


def test_the_convention_of_others_runs_as_it_is(lab: Lab) -> None:
    (lab.shop.root / "evals/adder/suite.yaml").unlink()
    for word in ("assertions", "expectations"):
        evals = [
            {
                "id": 1,
                "prompt": "add it up",
                "expected_output": "a sum",
                "files": ["evals/files/a.csv"],
                word: ["The answer has a sum", "It says why"],
            }
        ]
        lab.shop.write("evals/adder/evals.json", json.dumps({"skill_name": "adder", "evals": evals}))
        lab.shop.write("skills/adder/evals/files/a.csv", "1,2\n")
        with chat_server(grades) as server:
            lab.settle(policy(server.url, "  default: {replay: live}\n  judge: {replay: live}\n"))
            answer = lab.eval("--record")
            asked = server.asked[0].body["messages"][-1]["content"]
        assert '<file path="evals/files/a.csv">\n1,2\n' in asked
        assert answer.exit_code == 3  # a judge alone is no evidence
        evidence = answer.data["evaluations"][0]["evidence"]
        assert (evidence["cases"], evidence["verdict"]) == ([], "errored")
        assert [(case["id"], case["outcome"]) for case in evidence["shown"]] == [("eval-1", "passed")]


def uses_tools(handler: Handler) -> None:
    """Reads a file of the skill, then a record, then answers with both."""
    messages = handler.asked.body["messages"]
    told = [message["content"] for message in messages if message["role"] == "tool"]
    if not told:
        says(completion(called("read_skill_file", '{"path": "scripts/add.py"}'), "tool_calls"))(handler)
    elif len(told) == 1:
        says(completion(called("search_read", '{"model": "res.partner", "limit": 5}'), "tool_calls"))(handler)
    else:
        good(f"{told[0].strip()} and {told[1]}")(handler)


TOOLS = """\
skill: adder
runner: live
cases:
  - id: uses-tools
    rehearsal: true
    ask:
      prompt: "who is it"
      tools: [{name: search_read, returns: [{id: 7, name: Ana}]}]
    expect:
      - {tool_called: {name: search_read, arguments: {model: res.partner}}}
      - {tool_not_called: create}
      - {contains: "print(42) and"}
      - {contains: "Ana"}
  - {id: adds, run: {script: scripts/add.py}, expect: [{equals: "42"}]}
"""


def test_tools_are_offered_answered_and_noted(lab: Lab) -> None:
    lab.shop.write("evals/adder/suite.yaml", TOOLS)
    with chat_server(uses_tools) as server:
        lab.settle(policy(server.url))
        (shown,) = lab.evidence()["shown"]
        offered = [tool["function"]["name"] for tool in server.asked[0].body["tools"]]
    assert (shown["outcome"], shown.get("reasons")) == ("passed", [])
    assert offered == ["search_read", "read_skill_file"]
