"""A plan as data: for programs, and saved, so that what is applied later is what was looked at."""

import json
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from skillctl.domain.release import Action, Entry, Plan

FORMAT = 1


class SavedPlan(Struct, frozen=True):
    """What was planned: the environment and commit, what production held, and every entry but those unchanged."""

    environment: str
    commit: str
    deployed: str | None
    release: str | None
    entries: tuple[dict[str, Any], ...]

    def text(self) -> str:
        """As it lies in a file."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2, ensure_ascii=False) + "\n"


def saved(plan: Plan, environment: str) -> SavedPlan:
    """A plan as it is saved."""
    told = tuple(entry_data(entry) for entry in plan.entries if entry.action is not Action.UNCHANGED)
    return SavedPlan(environment, plan.commit, plan.current.commit, plan.current.release, told)


def read(text: str) -> SavedPlan | None:
    """What was saved; None for what is no saved plan."""
    try:
        said = json.loads(text)
        if said.pop("format") != FORMAT:
            return None
        return SavedPlan(**{**said, "entries": tuple(said["entries"])})
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None


def entry_data(entry: Entry) -> dict[str, Any]:
    """One entry for programs; `hold` says who stopped the skill."""
    hold = entry.hold
    return {
        "skill": entry.skill,
        "action": entry.action.value,
        "version": entry.version,
        "serving": entry.serving,
        "was_serving": entry.was_serving,
        "digest": entry.digest,
        "was_digest": entry.was_digest,
        "publish": list(entry.publish),
        "states": [[step.version, step.source, step.target] for step in entry.steps],
        "hold": {"kind": hold.kind, "actor": hold.actor, "reason": hold.reason, "at": hold.at} if hold else None,
        "codes": [problem.code for problem in entry.problems],
    }
