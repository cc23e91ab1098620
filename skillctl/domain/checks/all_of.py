"""`all_of`: every one of these checks holds."""

from collections.abc import Callable, Sequence
from typing import Any


def failure(checks: Sequence[Any], judge: Callable[[Any], str | None]) -> str | None:
    """Why some of them do not hold; raises BrokenCheck where one cannot be carried out."""
    reasons = [reason for reason in map(judge, checks) if reason is not None]
    return "; ".join(reasons) or None
