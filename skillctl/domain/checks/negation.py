"""`not`: this check does not hold."""

from collections.abc import Callable
from typing import Any

from skillctl.domain.checks.produced import shown


def failure(check: Any, judge: Callable[[Any], str | None]) -> str | None:
    """Why the check holds, in one sentence; raises BrokenCheck where it cannot be carried out."""
    if judge(check) is not None:
        return None
    return f"{shown(check.model_dump(exclude_unset=True, by_alias=True))} holds, and must not"
