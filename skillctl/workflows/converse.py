"""Converse: one trial of an `ask` case → what the agent said and did in the end."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgspec import Struct, field

from skillctl.domain import asking
from skillctl.domain.arm import Arm
from skillctl.domain.asking import Loaded
from skillctl.domain.case import Ask
from skillctl.domain.checks.produced import Produced, ToolCall
from skillctl.domain.exchange import Call, NoAnswer, Reply, Request
from skillctl.domain.runner import ChatModel
from skillctl.domain.trial import Said
from skillctl.workflows.eval_ports import Answers

Files = Mapping[str, tuple[str, bytes]]


class Side(Struct, frozen=True):
    """One arm's content: the skill as it is loaded, None without any, and its files."""

    skill: Loaded | None
    files: Files = field(default_factory=dict)


class Talk(Struct):
    """A conversation as it goes on; `tokens` and `cost` are None where nobody counts them."""

    case: str
    arm: Arm
    trial: int
    said: list[Said] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    tokens: int | None = None
    cost: float | None = None
    seconds: float | None = None

    def spend(self, reply: Reply, answers: Answers) -> None:
        """Take in what an answer took."""
        if reply.seconds is not None:
            self.seconds = (self.seconds or 0.0) + reply.seconds
        if reply.cost is not None:
            self.cost = (self.cost or 0.0) + reply.cost
        if reply.input_tokens is None and reply.output_tokens is None:
            return
        used = reply.input_tokens or 0, reply.output_tokens or 0
        self.tokens = (self.tokens or 0) + sum(used)
        prices = answers.config.model.prices if answers.config.model else None
        if prices is not None and reply.cost is None:
            self.cost = (self.cost or 0.0) + prices.of(*used)

    def produced(self, text: str) -> Produced:
        """What the checks see of it."""
        return Produced(0, text, calls=tuple(self.calls), seconds=self.seconds or 0.0, cost=self.cost)


def converse(answers: Answers, ask: Ask, attached: Mapping[str, str], side: Side, talk: Talk) -> Produced:
    """Ask, and answer each tool that is called, until the agent has its say; NoAnswer where it never has."""
    made_of = partial(asking.inputs_of, ask, side.skill, answers.config, attached)
    if answers.config.model is not None:
        return _chat(answers, answers.config.model, ask, attached, side, talk, made_of)
    body = asking.harness_body(answers.config, ask, side.skill, attached)
    talk.said.append(Said(who="user", text=ask.prompt))
    reply = answers.answer(Request(talk.case, talk.arm, talk.trial, body, made_of), side.files)
    _heard(talk, reply, answers)
    talk.calls += [ToolCall(call.name, call.arguments) for call in reply.calls]
    return talk.produced(reply.text)


def say(answers: Answers, ask: Ask, talk: Talk) -> str:
    """The text that a runner answers without a skill and without tools; NoAnswer where there is none."""
    made_of = partial(asking.inputs_of, ask, None, answers.config, {})
    body = asking.plain_body(answers.config, ask)
    reply = answers.answer(Request(talk.case, talk.arm, talk.trial, body, made_of), {})
    talk.spend(reply, answers)
    return reply.text


def _chat(
    answers: Answers,
    config: ChatModel,
    ask: Ask,
    attached: Mapping[str, str],
    side: Side,
    talk: Talk,
    made_of: Callable[[], Mapping[str, str]],
) -> Produced:
    messages = asking.messages_of(ask, side.skill, attached)
    tools = asking.tools_of(ask, side.skill)
    talk.said += [Said(who=str(one["role"]), text=str(one["content"])) for one in messages]
    for _turn in range(config.turns):
        body = asking.chat_body(config, messages, tools)
        reply = answers.answer(Request(talk.case, talk.arm, talk.trial, body, made_of), side.files)
        _heard(talk, reply, answers)
        # Reading what is loaded already is the agent's own affair, and no call that a check asks for.
        talk.calls += [
            ToolCall(call.name, call.arguments) for call in reply.calls if call.name != asking.READ_FILE.name
        ]
        results = [(call, asking.answer_of(call, tools, side.skill)) for call in reply.calls]
        if not results or any(result is None for _, result in results):
            return talk.produced(reply.text)
        messages = [*messages, _asked(reply), *(_told(call, result or "") for call, result in results)]
        talk.said += [Said(who="tool", text=result or "") for _, result in results]
    raise NoAnswer(f"no answer after {config.turns} turns: the agent goes on calling tools")


def _heard(talk: Talk, reply: Reply, answers: Answers) -> None:
    calls: list[dict[str, Any]] = [{"name": call.name, "arguments": call.arguments} for call in reply.calls]
    talk.said.append(Said(who="assistant", text=reply.text, calls=calls))
    talk.spend(reply, answers)


def _asked(reply: Reply) -> dict[str, Any]:
    return {
        "role": "assistant",
        "content": reply.text or None,
        "tool_calls": [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)},
            }
            for call in reply.calls
        ],
    }


def _told(call: Call, result: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call.id, "content": result}
