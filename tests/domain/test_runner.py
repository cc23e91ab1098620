"""Runners and servers: exactly one kind each, and a digest of all that could change an answer."""

from typing import Any

import pytest
from pydantic import ValidationError

from skillctl.domain.runner import Prices, Runner, Server

MODEL = {"name": "vendor/m1"}
COMMAND = {"argv": ["agents/ask.py", "--fast"]}


def runner(**said: Any) -> Runner:
    return Runner.model_validate(said)


@pytest.mark.parametrize(
    ("said", "kind", "model"),
    [
        ({"model": MODEL}, "model", "vendor/m1"),
        ({"command": COMMAND}, "command", None),
        ({"command": {**COMMAND, "model": "vendor/m2"}}, "command", "vendor/m2"),
        ({"replay": "live"}, "replay", None),
        ({"fake": {}}, "fake", None),
    ],
)
def test_a_runner_is_of_one_kind(said: dict[str, Any], kind: str, model: str | None) -> None:
    assert (runner(**said).kind, runner(**said).model_name) == (kind, model)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"model": MODEL, "fake": {}},
        {"model": MODEL, "command": None},
        # What YAML makes of `fake:` is no fake: it would be taken for a model's live answers.
        {"fake": None},
        {"model": None},
        {"replay": None},
    ],
)
def test_what_is_no_runner(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="a runner is exactly one of `model`, `command`, `replay`, `fake`"):
        runner(**said)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"key": "sk-secret"},
        {"base_url": "gateway.example.test"},
        {"base_url": "https://user:secret@example.test"},
        {"base_url": "https://example.test/a b"},
        {"base_url": "file:///etc/passwd"},
        {"temperature": 2.1},
        {"temperature": float("nan")},
        {"max_tokens": 0},
        {"timeout": 0},
        {"timeout": float("inf")},
        {"attempts": 11},
        {"turns": 0},
        {"prices": {"input": -1, "output": 1}},
        {"prices": {"input": float("inf"), "output": 1}},
        {"prices": {"input": float("nan"), "output": 1}},
        {"prices": {"input": 1}},
        {"api_key": "sk-secret"},
    ],
)
def test_what_no_model_may_be(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        runner(model=MODEL | changed)


@pytest.mark.parametrize(
    "said",
    [
        {"command": {"argv": []}},
        {"command": {"argv": [""]}},
        {"command": {**COMMAND, "env": ["secret=1"]}},
        {"replay": "../live"},
        {"replay": "Live"},
        {"fake": {"answers": {"": "x"}}},
    ],
)
def test_what_no_other_runner_may_be(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        runner(**said)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"model": MODEL}, {"model": {**MODEL, "base_url": "https://example.test"}}, True),
        ({"model": MODEL}, {"model": {**MODEL, "key": "OTHER_KEY"}}, True),
        ({"model": MODEL}, {"model": {**MODEL, "timeout": 5}}, True),
        ({"model": MODEL}, {"model": {**MODEL, "attempts": 1}}, True),
        ({"model": MODEL}, {"model": {**MODEL, "prices": {"input": 1, "output": 2}}}, True),
        ({"model": MODEL}, {"model": {**MODEL, "name": "vendor/m2"}}, False),
        ({"model": MODEL}, {"model": {**MODEL, "temperature": 0}}, False),
        ({"model": MODEL}, {"model": {**MODEL, "max_tokens": 10}}, False),
        ({"model": MODEL}, {"model": {**MODEL, "turns": 1}}, False),
        ({"model": MODEL}, {"model": {**MODEL, "parameters": {"seed": 1}}}, False),
        ({"model": MODEL}, {"model": {**MODEL, "parameters": {"stop": None}}}, False),
        ({"command": COMMAND}, {"command": {**COMMAND, "env": ["TOKEN"]}}, True),
        ({"command": COMMAND}, {"command": {**COMMAND, "timeout": 5}}, True),
        ({"command": COMMAND}, {"command": {"argv": ["agents/ask.py"]}}, False),
        ({"command": COMMAND}, {"command": {**COMMAND, "model": "vendor/m1"}}, False),
        ({"fake": {}}, {"fake": {"answers": {"a": "b"}}}, False),
        ({"replay": "live"}, {"replay": "other"}, False),
    ],
)
def test_the_digest_is_of_what_could_change_an_answer(one: dict[str, Any], other: dict[str, Any], same: bool) -> None:
    assert (runner(**one).digest == runner(**other).digest) is same


def test_prices_are_for_a_million_tokens() -> None:
    assert Prices(input=3, output=15).of(2_000_000, 100_000) == 7.5
    assert Prices(input=0, output=0).of(10**12, 10**12) == 0


@pytest.mark.parametrize(
    ("said", "other", "same"),
    [
        ({"command": ["odoo-mcp"]}, {"command": ["odoo-mcp"], "env": ["TOKEN"]}, True),
        ({"command": ["odoo-mcp"]}, {"command": ["odoo-mcp", "--lab"]}, False),
        ({"url": "https://mcp.example.test"}, {"url": "https://mcp.example.test", "token": "TOKEN"}, True),
        ({"url": "https://mcp.example.test"}, {"url": "https://lab.example.test"}, False),
    ],
)
def test_the_digest_of_a_server(said: dict[str, Any], other: dict[str, Any], same: bool) -> None:
    assert (Server.model_validate(said).digest == Server.model_validate(other).digest) is same


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"command": ["a"], "url": "https://mcp.example.test"},
        {"command": []},
        {"url": "mcp.example.test"},
        {"url": "https://mcp.example.test", "token": "Bearer abc"},
    ],
)
def test_what_is_no_server(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Server.model_validate(said)


def test_only_a_command_has_words() -> None:
    assert Runner.model_validate({"command": {"argv": ["sh", "a.sh"]}}).argv == ["sh", "a.sh"]
    assert Runner.model_validate({"fake": {}}).argv is None
