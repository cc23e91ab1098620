"""A case: one situation of a skill, and what is expected of it there."""

from collections import Counter
from typing import Annotated, Any, Self

from pydantic import Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from skillctl.domain.checks import OF_ANSWERS, OF_SCRIPTS, OF_TOOLS, Check
from skillctl.domain.kind import Kind
from skillctl.domain.relative import FilePath
from skillctl.domain.runner import Alias
from skillctl.domain.schema import Model, NonEmpty

_CHECKS: dict[Kind, frozenset[str]] = {"run": OF_SCRIPTS, "ask": OF_ANSWERS, "tool": OF_TOOLS}
CaseId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=100)]
LONGEST_PROMPT = 100_000
Prompt = Annotated[str, Field(min_length=1, max_length=LONGEST_PROMPT)]
Trials = Annotated[int, Field(ge=1, le=100)]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
Texts = Annotated[dict[FilePath, str], Field(max_length=50)]


class Run(Model):
    """Run one script of the skill, in its folder.

    `files` are put there beside it, `env` is added to its environment. It may take `timeout` seconds, `memory` MB of
    each process, and write `output` bytes to each of its texts; more is errored.
    """

    script: NonEmpty
    args: list[str] = Field(default_factory=list)
    stdin: str | None = None
    files: Texts = Field(default_factory=dict)
    env: Annotated[dict[Variable, str], Field(max_length=50)] = Field(default_factory=dict)
    timeout: Annotated[float, Field(gt=0, le=300)] = 10.0
    memory: Annotated[int, Field(ge=16, le=4096)] = 1024
    output: Annotated[int, Field(ge=1, le=1024 * 1024)] = 1024 * 1024


#: The tool by which an agent reads the files of a skill that it has loaded; no case offers one of this name.
READING = "read_skill_file"
_NO_PARAMETERS: dict[str, JsonValue] = {"type": "object", "properties": {}}


class OfferedTool(Model):
    """A tool that the agent may call; `returns` is what each call answers, without it the first call ends the trial."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    description: str = ""
    parameters: dict[str, JsonValue] = Field(default_factory=lambda: dict(_NO_PARAMETERS))
    returns: JsonValue = None

    @property
    def answers(self) -> bool:
        """Whether the agent is told what a call gave."""
        return "returns" in self.model_fields_set


class Ask(Model):
    """Have an agent with the skill loaded answer a prompt.

    `files` are given with it; `attached` are files of the skill, or of the suite's folder, that are.
    """

    prompt: Prompt
    system: str | None = None
    files: Texts = Field(default_factory=dict)
    attached: Annotated[list[FilePath], Field(max_length=50)] = Field(default_factory=list)
    tools: Annotated[list[OfferedTool], Field(max_length=100)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _tools_are_told_apart(self) -> Self:
        for name, number in Counter([READING, *(tool.name for tool in self.tools)]).items():
            if number > 1:
                raise PydanticCustomError("tools", "`{name}` would be the name of two tools", {"name": name})
        return self


class Trigger(Model):
    """A prompt for which the skill must (`fires`), or must not, be the one selected from the whole catalogue."""

    prompt: Annotated[str, Field(min_length=1, max_length=4000)]
    fires: bool


class Tool(Model):
    """Call one tool of an MCP server, named by its alias in `skillctl.yaml`; `timeout` is in seconds."""

    server: Alias
    name: NonEmpty
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    timeout: Annotated[float, Field(gt=0, le=300)] = 30.0


class Case(Model):
    """Exactly one of `run`, `ask`, `trigger`, `tool`, with the checks that must all hold.

    `trials` is how often it is measured; a `rehearsal` is measured and shown, and never counts.
    """

    id: CaseId
    run: Run | None = None
    ask: Ask | None = None
    trigger: Trigger | None = None
    tool: Tool | None = None
    trials: Trials | None = None
    rehearsal: bool = False
    expect: list[Check] = Field(default_factory=list)

    @model_validator(mode="after")
    def _is_exactly_one_kind(self) -> Self:
        if sum(part is not None for part in (self.run, self.ask, self.trigger, self.tool)) != 1:
            raise PydanticCustomError("case", "a case is exactly one of `run`, `ask`, `trigger`, `tool`")
        if self.trigger is None and not self.expect:
            raise PydanticCustomError("case", "a case needs `expect`, with a check at least")
        if self.trigger is not None and self.expect:
            raise PydanticCustomError("case", "a `trigger` case expects what `fires` says; it has no `expect`")
        strange = {word for check in self.expect for word in check.uses()} - _CHECKS.get(self.kind, frozenset())
        if strange:
            context = {"kind": self.kind, "word": min(strange)}
            raise PydanticCustomError("case", "a `{kind}` case has nothing that `{word}` could look at", context)
        return self

    @property
    def kind(self) -> Kind:
        """The one that it is."""
        kinds: tuple[Kind, ...] = ("run", "ask", "trigger", "tool")
        return next(kind for kind in kinds if getattr(self, kind) is not None)

    @property
    def decidable(self) -> list[Check]:
        """All checks but those that a judge answers.

        A tool that answers with an error has failed, unless a check asks how it ended.
        """
        checks = [check for check in self.expect if check.rubric is None]
        if self.tool is None or any("exit_code" in check.uses() for check in checks):
            return checks
        return [Check(exit_code=0), *checks]

    @property
    def prompt(self) -> str:
        """What it asks, for people to read."""
        if self.run is not None:
            return " ".join([self.run.script, *self.run.args])
        if self.tool is not None:
            return f"{self.tool.server}: {self.tool.name}"
        asked: Any = self.ask or self.trigger
        return str(asked.prompt)
