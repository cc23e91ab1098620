"""What a change does to the situation that a case puts the skill in: another one is another case."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from skillctl.domain.case import Case, OfferedTool
from skillctl.domain.weakening.change import NOTHING, Change, direction, meaning, told

#: Of these, less is stricter: what takes more is errored.
_LIMITS = frozenset({"timeout", "memory", "output"})


def situation_changes(what: str, before: Case, after: Case) -> Iterator[Change]:
    """Each part of the situation of two cases of one kind that is other than before; `what` names the case."""
    old, new = _situation(before), _situation(after)
    for key in type(old).model_fields:
        then, now = _said(getattr(old, key)), _said(getattr(new, key))
        if meaning(then) != meaning(now):
            kind = direction(then, now) if key in _LIMITS else "weakened"
            yield Change(kind, f"{what}: `{key}`", _told(then), _told(now))


def _situation(case: Case) -> BaseModel:
    found: BaseModel = getattr(case, case.kind)
    return found


def _said(value: Any) -> Any:
    if isinstance(value, list):
        return [_said(item) for item in value]
    if isinstance(value, OfferedTool):
        # That a call is answered with nothing is other than that it ends the trial.
        return {**value.model_dump(), "answers": value.answers}
    return value


def _told(value: Any) -> str:
    return NOTHING if value in (None, [], {}) else told(value)
