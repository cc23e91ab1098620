"""`tool_order`: the agent called these tools in this order, whatever it called between them."""

from collections.abc import Sequence

from skillctl.domain.checks.calls import Wanted, those
from skillctl.domain.checks.produced import Produced


def failure(wanted: Sequence[Wanted], produced: Produced) -> str | None:
    """Why the calls do not hold the wanted ones in order: the first that is missing."""
    calls = iter(produced.calls)
    for number, one in enumerate(wanted):
        # What was passed over is used up, so the next one is looked for after it.
        if not any(one.is_(call) for call in calls):
            after = f" after {wanted[number - 1].told}" if number else ""
            return f"{one.told} was not called{after}: {those(produced.calls)}"
    return None
