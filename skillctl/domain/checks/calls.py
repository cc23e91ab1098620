"""Calls of tools that are looked for: by name, and by a part of their arguments."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, JsonValue

from skillctl.domain.checks.equals import same
from skillctl.domain.checks.produced import ToolCall, shown
from skillctl.domain.schema import Model, NonEmpty


class Wanted(Model):
    """A call of the tool `name` whose arguments hold these ones; mappings within them need hold no more either."""

    name: NonEmpty
    arguments: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    def told(self) -> str:
        """The call, for a message."""
        return shown(self.name) + (f" with {shown(self.arguments)}" if self.arguments else "")

    def is_(self, call: ToolCall) -> bool:
        """Whether the call is one that is looked for."""
        return call.name == self.name and _holds(call.arguments, self.arguments)


def named(value: Any) -> Any:
    """A name alone is a call with whatever arguments."""
    return {"name": value} if isinstance(value, str) else value


WantedOrName = Annotated[Wanted, BeforeValidator(named, json_schema_input_type=NonEmpty | Wanted)]


def those(calls: Iterable[ToolCall]) -> str:
    """The calls that there were, in order, for a message."""
    names = [call.name for call in calls]
    return f"called were {shown(', '.join(names))}" if names else "no tool was called"


def _holds(actual: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(actual, Mapping) and all(
            key in actual and _holds(actual[key], value) for key, value in wanted.items()
        )
    return same(actual, wanted)
