"""`any_of`: one of these checks holds."""

from collections.abc import Callable, Sequence
from typing import Any

from skillctl.domain.checks.produced import BrokenCheck


def failure(checks: Sequence[Any], judge: Callable[[Any], str | None]) -> str | None:
    """Why none of them holds; raises BrokenCheck where none does and one cannot be carried out."""
    reasons: list[str] = []
    broken: BrokenCheck | None = None
    for check in checks:
        try:
            reason = judge(check)
        except BrokenCheck as problem:
            broken = broken or problem
            continue
        if reason is None:
            return None
        reasons.append(reason)
    if broken is not None:
        raise broken
    return f"none of {len(reasons)} checks holds: {'; '.join(reasons)}"
