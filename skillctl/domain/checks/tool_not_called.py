"""`tool_not_called`: the agent did not call this tool."""

from skillctl.domain.checks.produced import Produced, shown


def failure(name: str, produced: Produced) -> str | None:
    """Why the calls are wrong: one is of this tool, with its arguments."""
    for call in produced.calls:
        if call.name == name:
            return f"{shown(name)} was called with {shown(dict(call.arguments))}"
    return None
