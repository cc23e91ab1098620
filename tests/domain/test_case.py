"""A case says one thing that can be measured, and stays in its folder."""

from typing import Any

import pytest
from pydantic import ValidationError

from skillctl.domain.case import LONGEST_PROMPT, Ask, Case, OfferedTool, Run
from skillctl.domain.kind import Kind

EXPECT = [{"contains": "42"}]
RUN = {"run": {"script": "scripts/add.py", "args": ["2", "40"]}}
ASK = {"ask": {"prompt": "what is 2 + 40?"}}
TRIGGER = {"trigger": {"prompt": "add these", "fires": True}}
TOOL = {"tool": {"server": "odoo", "name": "search_read"}}


def made(kind: dict[str, Any], **more: Any) -> Case:
    """A case of this kind, valid until a test changes one thing."""
    expect = {} if "trigger" in kind else {"expect": EXPECT}
    return Case.model_validate({"id": "adds", **kind, **expect, **more})


@pytest.mark.parametrize(
    ("said", "kind", "prompt"),
    [
        (RUN, "run", "scripts/add.py 2 40"),
        (ASK, "ask", "what is 2 + 40?"),
        (TRIGGER, "trigger", "add these"),
        (TOOL, "tool", "odoo: search_read"),
    ],
)
def test_a_case_is_of_one_kind(said: dict[str, Any], kind: Kind, prompt: str) -> None:
    case = made(said)
    assert (case.kind, case.prompt, case.rehearsal) == (kind, prompt, False)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"expect": EXPECT}, "a case is exactly one of `run`, `ask`, `trigger`, `tool`"),
        ({**RUN, **ASK, "expect": EXPECT}, "a case is exactly one of `run`, `ask`, `trigger`, `tool`"),
        ({"run": None, "expect": EXPECT}, "a case is exactly one of `run`, `ask`, `trigger`, `tool`"),
        (ASK, "a case needs `expect`, with a check at least"),
        ({**TOOL, "expect": []}, "a case needs `expect`, with a check at least"),
        ({**TRIGGER, "expect": EXPECT}, "a `trigger` case expects what `fires` says; it has no `expect`"),
    ],
)
def test_what_is_no_case(said: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Case.model_validate({"id": "adds", **said})
    assert [error["msg"] for error in caught.value.errors()] == [problem]


@pytest.mark.parametrize("id", ["a", "1", "a.b_c-d", "eval--1", "x" * 100])
def test_ids(id: str) -> None:
    assert made(RUN, id=id).id == id


@pytest.mark.parametrize("id", ["", "A", "-a", "a b", "a/b", "a\n", "ä", "x" * 101, 1])
def test_what_is_no_id(id: Any) -> None:
    with pytest.raises(ValidationError):
        made(RUN, id=id)


@pytest.mark.parametrize("path", ["a", "a/b.csv", "a b", "größe.csv", "...", "a/..b"])
def test_paths_within_the_folder(path: str) -> None:
    assert Run(script="a.py", files={path: ""}).files == {path: ""}
    assert Ask(prompt="x", attached=[path]).attached == [path]


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "..", "../a", "a/../b", "a/..", "./a", "a/./b", "a//b", "a/", "a\\b", "a\0b", "x" * 256]
)
def test_paths_that_lead_elsewhere(path: str) -> None:
    with pytest.raises(ValidationError):
        Run(script="a.py", files={path: ""})
    with pytest.raises(ValidationError):
        Ask(prompt="x", files={path: ""})
    with pytest.raises(ValidationError):
        Ask(prompt="x", attached=[path])


@pytest.mark.parametrize(
    "said",
    [
        {**RUN, "trials": 0},
        {**RUN, "trials": 101},
        {**RUN, "trials": True},
        {**RUN, "rehearsal": 1},
        {**RUN, "surprise": 1},
        {"run": {"script": ""}},
        {"run": {"script": "a.py", "timeout": 0}},
        {"run": {"script": "a.py", "timeout": 301}},
        {"run": {"script": "a.py", "timeout": float("nan")}},
        {"run": {"script": "a.py", "memory": 15}},
        {"run": {"script": "a.py", "memory": 4097}},
        {"run": {"script": "a.py", "output": 0}},
        {"run": {"script": "a.py", "output": 1024 * 1024 + 1}},
        {"run": {"script": "a.py", "env": {"A B": ""}}},
        {"run": {"script": "a.py", "env": {"1A": ""}}},
        {"run": {"script": "a.py", "files": {f"f{number}": "" for number in range(51)}}},
        {"ask": {"prompt": ""}},
        {"ask": {"prompt": "x" * (LONGEST_PROMPT + 1)}},
        {"ask": {"prompt": "x", "tools": [{"name": "a b"}]}},
        {"ask": {"prompt": "x", "tools": [{"name": "x" * 65}]}},
        {"tool": {"server": "../x", "name": "f"}},
        {"tool": {"server": "odoo", "name": ""}},
        {"tool": {"server": "odoo", "name": "f", "timeout": 0}},
    ],
)
def test_what_is_out_of_bounds(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(said)


def test_what_a_case_gets_that_does_not_say() -> None:
    run, tool = made(RUN).run, made(TOOL).tool
    assert run is not None
    assert tool is not None
    assert (run.timeout, run.memory, run.output, tool.timeout) == (10.0, 1024, 1024 * 1024, 30.0)


def test_a_trigger_is_short_enough_to_be_a_prompt() -> None:
    with pytest.raises(ValidationError):
        made({"trigger": {"prompt": "x" * 4001, "fires": True}})
    with pytest.raises(ValidationError):
        made({"trigger": {"prompt": "x"}})


def test_a_tool_answers_only_where_it_says_what() -> None:
    assert not OfferedTool(name="f").answers
    assert OfferedTool(name="f", returns=None).answers
    assert OfferedTool(name="f").parameters == {"type": "object", "properties": {}}


@pytest.mark.parametrize("names", [["f", "g", "f"], ["read_skill_file"]])
def test_tools_are_told_apart(names: list[str]) -> None:
    """A tool of the name of the agent's own would be called unseen: `tool_not_called` of it would always hold."""
    with pytest.raises(ValidationError, match=r"`(f|read_skill_file)` would be the name of two tools"):
        Ask.model_validate({"prompt": "x", "tools": [{"name": name} for name in names]})
    assert len(Ask.model_validate({"prompt": "x", "tools": [{"name": "f"}, {"name": "g"}]}).tools) == 2


@pytest.mark.parametrize(
    ("kind", "check", "word"),
    [
        ({"ask": {"prompt": "?"}}, {"exit_code": 0}, "exit_code"),
        ({"ask": {"prompt": "?"}}, {"contains": "x", "stream": "stderr"}, "stderr"),
        ({"run": {"script": "a.py"}}, {"tool_called": "create"}, "tool_called"),
        ({"tool": {"server": "lab", "name": "read"}}, {"rubric": ["says why"]}, "rubric"),
    ],
)
def test_a_check_has_something_to_look_at(kind: dict[str, Any], check: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=f"case has nothing that `{word}` could look at"):
        Case.model_validate({"id": "a", **kind, "expect": [check]})
