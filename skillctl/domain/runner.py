"""Runners of `ask` cases and MCP servers of `tool` cases: `skillctl.yaml` defines them, suites name them by alias."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from skillctl.domain import canonical
from skillctl.domain.schema import Model, NonEmpty
from skillctl.domain.variable import EnvironmentVariable

#: The Vercel AI Gateway, which speaks the OpenAI protocol.
GATEWAY = "https://ai-gateway.vercel.sh/v1"


def _web_address(text: str) -> str:
    if not text.startswith(("https://", "http://")) or "@" in text or any(letter.isspace() for letter in text):
        raise PydanticCustomError("address", "it must be an address (`https://…`) without a user or password in it")
    return text


Address = Annotated[str, Field(max_length=2000), AfterValidator(_web_address)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Dollars = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
Alias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
Command = Annotated[list[NonEmpty], Field(min_length=1, max_length=100)]


class Prices(Model):
    """US dollars for a million tokens."""

    input: Dollars
    output: Dollars

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """The price of so many tokens, in US dollars."""
        return (input_tokens * self.input + output_tokens * self.output) / 1_000_000


class ChatModel(Model):
    """A model behind an OpenAI-compatible chat endpoint; `key` names the variable that holds the API key.

    The address is `base_url`, else the variable `AI_GATEWAY_BASE_URL`, else the Vercel AI Gateway. `timeout` is for one
    call, `attempts` are made of it where the other side is busy or silent, `turns` is the most calls of one trial.
    """

    name: NonEmpty
    base_url: Address | None = None
    key: EnvironmentVariable = "AI_GATEWAY_API_KEY"
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=200_000)] = 1024
    parameters: dict[str, JsonValue] = {}
    timeout: Seconds = 60.0
    attempts: Annotated[int, Field(ge=1, le=10)] = 4
    turns: Annotated[int, Field(ge=1, le=50)] = 8
    prices: Prices | None = None


class Harness(Model):
    """Any other agent: a program that reads one request as JSON and writes one answer; `env` names what it is given."""

    argv: Command
    env: Annotated[list[EnvironmentVariable], Field(max_length=50)] = []
    timeout: Seconds = 300.0
    model: NonEmpty | None = None


class Fake(Model):
    """Answers with the first text whose key stands in the prompt, else with the prompt: a rehearsal, never evidence."""

    answers: dict[NonEmpty, str] = {}


class Runner(Model):
    """What answers: exactly one of a model, a command, recorded answers of another runner, or a fake."""

    model: ChatModel | None = None
    command: Harness | None = None
    replay: Alias | None = None
    fake: Fake | None = None

    @model_validator(mode="after")
    def _is_exactly_one_kind(self) -> Self:
        if [getattr(self, kind) is None for kind in self.model_fields_set] != [False]:
            raise PydanticCustomError("runner", "a runner is exactly one of `model`, `command`, `replay`, `fake`")
        return self

    @property
    def kind(self) -> Literal["model", "command", "replay", "fake"]:
        """The one that it is."""
        (kind,) = self.model_fields_set
        return kind  # type: ignore[return-value]

    @property
    def argv(self) -> list[str] | None:
        """The words of its program, where it has one."""
        return None if self.command is None else self.command.argv

    @property
    def model_name(self) -> str | None:
        """The model that answers, as far as it is said."""
        known = self.model.name if self.model is not None else None
        return self.command.model if self.command is not None else known

    @property
    def digest(self) -> str:
        """What evidence names as its runner: all that could change an answer, not where it is or how long it takes."""
        left_out = {"model": {"base_url", "key", "timeout", "attempts", "prices"}, "command": {"env", "timeout"}}
        return "sha256:" + canonical.sha256(self.model_dump(mode="json", exclude_none=True, exclude=left_out))


class Server(Model):
    """An MCP server: a program (`command`, stdio) or an address (`url`, HTTP).

    `env` names the variables that the program is given, `token` the one that holds the bearer token for the address.
    """

    command: Command | None = None
    env: Annotated[list[EnvironmentVariable], Field(max_length=50)] = []
    url: Address | None = None
    token: EnvironmentVariable | None = None

    @model_validator(mode="after")
    def _is_exactly_one_kind(self) -> Self:
        if (self.command is None) is (self.url is None):
            raise PydanticCustomError("server", "a server is exactly one of `command`, `url`")
        return self

    @property
    def digest(self) -> str:
        """What evidence names as its server."""
        return "sha256:" + canonical.sha256(self.model_dump(mode="json", exclude_none=True, exclude={"token", "env"}))
