"""One exchange with what answers `ask` cases: a request, which is the key of its recorded answer, and the reply."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from msgspec import Struct
from pydantic import Field, JsonValue

from skillctl.domain import canonical
from skillctl.domain.schema import Model, NonEmpty

Tokens = Annotated[int, Field(ge=0, le=10**12)]


class NoAnswer(Exception):
    """There is no answer that could be judged, and why: the trial is errored."""


class Call(Model):
    """A tool that a model wants called; `id` is the model's own name of the call."""

    id: str
    name: NonEmpty
    arguments: dict[str, JsonValue]


class Reply(Model):
    """What came back: text, and the tools asked for; tokens are as the other side counted them, None if it did not.

    `finish` is why a model stopped, in its own word; `seconds` is how long it took to answer, as whoever asked measured
    it; `cost` is in US dollars, None where the other side did not say.
    """

    text: str
    calls: list[Call] = []
    input_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    finish: str | None = None
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    cost: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class Request(Struct, frozen=True):
    """One complete request: `body` is all that the other side is sent, `made_of` gives its inputs when asked."""

    case: str
    arm: str
    trial: int
    body: Mapping[str, Any]
    made_of: Callable[[], Mapping[str, str]] = dict

    @property
    def inputs(self) -> Mapping[str, str]:
        """What it was made of: `skill`, `prompt`, `model`, … to their digests, so that a miss can say what changed."""
        return self.made_of()

    @property
    def key(self) -> str:
        """The SHA-256 of the body with its trial: what differs in any byte has another."""
        return canonical.sha256({"body": self.body, "trial": self.trial})
