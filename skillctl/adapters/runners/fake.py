"""A fake that answers from a list: for rehearsals, never for evidence."""

from typing import Any

from skillctl.domain.exchange import Reply, Request
from skillctl.domain.runner import Fake


class FakeRunner:
    """Answers with the first text whose key stands in the prompt, else with the prompt."""

    def __init__(self, config: Fake) -> None:
        self._answers = config.answers

    def answer(self, request: Request, _files: object = None) -> Reply:
        """The reply, always the same to the same request: `prompt` of its body, or the last of the user's messages."""
        prompt = _prompt(request)
        return Reply(text=next((text for words, text in self._answers.items() if words in prompt), prompt))


def _prompt(request: Request) -> str:
    messages: list[dict[str, Any]] = request.body.get("messages", [])
    asked = [str(message["content"]) for message in messages if message["role"] == "user"]
    return str(request.body.get("prompt", asked[-1] if asked else ""))
