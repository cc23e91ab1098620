"""The body of a chat completion (the OpenAI protocol), as a reply or as the reason why it is none."""

from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

from skillctl.adapters.runners.quoting import Quoting
from skillctl.domain.exchange import Call, NoAnswer, Reply

_MOST_TOKENS = 10**12
#: Reasons to stop that leave no whole answer.
_CUT_OFF, _FILTERED = "length", "content_filter"


def reply(raw: bytes, quoting: Quoting) -> Reply:
    """The first choice of the answer.

    Raises NoAnswer where it is no JSON, has no choice, was refused, filtered or cut off, says nothing, or asks for
    a tool in a way that nobody could call. Token counts that are no counts are None.
    """
    said = _parsed(raw)
    if said is None:
        raise NoAnswer(f"the answer is no JSON object: {quoting.beginning(raw)}")
    choice = _first(said.get("choices"))
    message = _mapping(choice.get("message"))
    if not message:
        raise NoAnswer(f"the answer has no `choices` with a `message`: {quoting.beginning(raw)}")
    finish = choice.get("finish_reason")
    parts = _parts(message.get("content"))
    refusal = message.get("refusal") or "".join(part for kind, part in parts if kind == "refusal")
    if refusal:
        raise NoAnswer(f"the model refused: {quoting.beginning(str(refusal))}")
    if finish == _FILTERED:
        raise NoAnswer(f"the answer was stopped by a content filter: `finish_reason` is `{_FILTERED}`")
    if finish == _CUT_OFF:
        raise NoAnswer("the answer was cut off at `max_tokens`: raise it for this runner in `skillctl.yaml`")
    text = "".join(part for kind, part in parts if kind == "text")
    calls = list(_calls(message.get("tool_calls"), quoting))
    if not text and not calls:
        raise NoAnswer(f"the answer has neither text nor tool calls: {quoting.beginning(raw)}")
    usage = _mapping(said.get("usage"))
    return Reply(
        text=text,
        calls=calls,
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        finish=finish if isinstance(finish, str) else None,
    )


def message_of(raw: bytes) -> str | bytes:
    """What the body of an error says: its `error.message`, else all of it."""
    error = (_parsed(raw) or {}).get("error")
    message = error.get("message") if isinstance(error, dict) else error
    return message if isinstance(message, str) and message else raw


def _parsed(raw: bytes) -> dict[str, Any] | None:
    # Unlike the standard library's, this parser refuses half a surrogate pair, which no file could keep.
    try:
        said = from_json(raw, allow_inf_nan=False)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(value: Any) -> dict[str, Any]:
    return _mapping(value[0]) if isinstance(value, list) and value else {}


def _parts(content: Any) -> list[tuple[str, str]]:
    """Kind and text of each part of the content that is text; what a model thought before it answered is left out."""
    if isinstance(content, str):
        return [("text", content)]
    listed = [_mapping(part) for part in content] if isinstance(content, list) else []
    found = [(part.get("type"), part.get(str(part.get("type")))) for part in listed]
    return [(kind, text) for kind, text in found if isinstance(kind, str) and isinstance(text, str)]


def _calls(value: Any, quoting: Quoting) -> Iterator[Call]:
    for number, one in enumerate(value if isinstance(value, list) else (), start=1):
        function = _mapping(_mapping(one).get("function"))
        name, given = function.get("name"), function.get("arguments")
        if not isinstance(name, str) or not name:
            raise NoAnswer("the answer asks for a tool without a name")
        # Some servers write a call without arguments as an empty text.
        text = "{}" if given in (None, "") else str(given)
        arguments = given if isinstance(given, dict) else _parsed(text.encode("utf-8", "replace"))
        if arguments is None:
            said = quoting.beginning(text)
            raise NoAnswer(f"the answer calls {quoting.beginning(name)} with arguments that are no JSON object: {said}")
        identity = one.get("id")
        yield Call(
            id=identity if isinstance(identity, str) and identity else f"call-{number}", name=name, arguments=arguments
        )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS else None
