"""The board: where every skill stands, what blocks it, and the next command."""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from skillctl.domain.lifecycle import Status, next_by_promotion
from skillctl.domain.policy import EffectiveGate
from skillctl.domain.position import Position
from skillctl.domain.promotion import Reason, Refusal, Request, decide

_COMMAND = re.compile(r"`(skillctl [^`]+)`")


class Row(Struct, frozen=True):
    """One line of the board; `blocked` is the first thing that is in the way, None where nothing is."""

    skill: str
    version: str | None
    status: str | None
    serving: str | None
    blocked: str | None = None
    next: str | None = None


def row(skill: str, at: Position, errors: int, gate: EffectiveGate | None, reasons: Sequence[Reason] | None) -> Row:
    """The line of a skill with so many validation errors; `gate` is the one before it, None where there is none.

    `reasons` are those against its next step, where somebody looked at all of them; None where nobody did.
    """
    if not at.is_whole:
        return Row(skill, None, None, at.serving, "it cannot be read", f"skillctl validate {skill}")
    shown = Row(skill, at.version, at.status.value, at.serving)
    goal = next_by_promotion(at.status)
    if goal is None or gate is None:
        return _with(shown, _errors(skill, errors))
    if reasons is None:
        reasons = _against(skill, at, errors, gate, goal)
    return _with(shown, reasons) if reasons else _with(shown, (), f"skillctl promote {skill}")


def _against(skill: str, at: Position, errors: int, gate: EffectiveGate, goal: Status) -> Sequence[Reason]:
    """The reasons that show without measuring anything; that there is no evidence is one of them."""
    # Other content under an approved version is a validation error, so its own digest is not asked again.
    approved: Mapping[str, str] = {version: "" for version in at.approved if version != at.version}
    decision = decide(Request(skill, at.version, at.status, goal, "", at.cases, errors, gate, None, approved))
    return decision.reasons if isinstance(decision, Refusal) else ()


def _errors(skill: str, errors: int) -> Sequence[Reason]:
    hint = f"run `skillctl validate {skill}`"
    return (Reason("invalid", "the skill has validation errors", f"{errors} errors", "none", hint),) if errors else ()


def _with(shown: Row, reasons: Sequence[Reason], following: str | None = None) -> Row:
    if not reasons:
        return Row(shown.skill, shown.version, shown.status, shown.serving, None, following)
    first = reasons[0]
    found = _COMMAND.search(first.hint or "")
    return Row(
        shown.skill, shown.version, shown.status, shown.serving, first.message, found[1] if found else first.hint
    )
