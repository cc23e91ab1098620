"""`tool_called`: the agent called this tool, with these arguments among others, so many times."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from skillctl.domain.checks.calls import Wanted, named, those
from skillctl.domain.checks.produced import Produced, shown
from skillctl.domain.schema import NonEmpty

_Count = Annotated[int, Field(ge=0)]


class Called(Wanted):
    """Exactly `times`; or at least `at_least` times, which is once if nothing is said, and at most `at_most`."""

    times: _Count | None = None
    at_least: _Count | None = None
    at_most: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _can_hold_and_fail(self) -> Self:
        if self.times is not None and (self.at_least, self.at_most) != (None, None):
            raise PydanticCustomError("check", "`times` says how often already; leave out `at_least` and `at_most`")
        if self.at_most is not None and self.bounds[0] > self.at_most:
            raise PydanticCustomError("check", "`at_least` is more than `at_most`")
        if self.at_least == 0 and self.at_most is None:
            raise PydanticCustomError("check", "`at_least: 0` holds for whatever is called")
        return self

    @property
    def bounds(self) -> tuple[int, int | None]:
        """The least and the greatest number of calls, None without end."""
        if self.times is not None:
            return self.times, self.times
        return 1 if self.at_least is None else self.at_least, self.at_most


CalledOrName = Annotated[Called, BeforeValidator(named, json_schema_input_type=NonEmpty | Called)]


def failure(called: Called, produced: Produced) -> str | None:
    """Why the tool was not called as often as expected, with the calls that there were."""
    count = sum(called.is_(call) for call in produced.calls)
    least, most = called.bounds
    if least <= count and (most is None or count <= most):
        return None
    often = f"called {_times(count)}" if count else "not called"
    told = f"{called.told} was {often}, expected {_expected(least, most)}"
    return f"{told}: {_arguments(called, produced) or those(produced.calls)}"


def _arguments(called: Called, produced: Produced) -> str | None:
    """With what the tool was called, where that may be what is wrong."""
    given: list[Any] = [dict(call.arguments) for call in produced.calls if call.name == called.name]
    return f"it was called with {shown(given)}" if called.arguments and given else None


def _expected(least: int, most: int | None) -> str:
    if least == most:
        return _times(least)
    if most is None:
        return f"at least {_times(least)}"
    return f"at most {_times(most)}" if least == 0 else f"{least} to {_times(most)}"


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")
