"""What is told of a release: one payload for every destination, and its words for Mattermost."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from skillctl.domain import ledger
from skillctl.domain.release import Action, Plan

_VERBS = {
    Action.PUBLISH: "published",
    Action.UPDATE: "updated",
    Action.DEPRECATE: "deprecated",
    Action.REINSTATE: "reinstated",
    Action.WITHDRAW: "withdrawn",
    Action.REVOKE: "revoked",
}
_COLOURS = {"publish": "good", "deprecate": "warning", "withdraw": "danger", "revoke": "danger"}
#: Characters that Mattermost's Markdown, mentions and links give a meaning to.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:@])")
SHOWN_ROWS = 20


def payload(release: str, environment: str, plan: Plan, digests: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """The facts of a release, for every destination alike; `digests` by (skill, version).

    Production adds `head`, that of its ledger after the release, which nobody knows before.
    """
    changes = [
        {
            "skill": entry.skill,
            "version": step.version,
            "action": step.action.value,
            "from_status": step.source,
            "to_status": step.target,
            "digest": digests[entry.skill, step.version],
            "serving": entry.serving,
        }
        for entry in plan.changes
        for step in entry.steps
    ]
    updated = [entry for entry in plan.changes if not entry.steps]
    changes += [
        {
            "skill": entry.skill,
            "version": entry.version,
            "action": entry.action.value,
            "from_status": "approved",
            "to_status": "approved",
            "digest": digests.get((entry.skill, entry.version or ""), ""),
            "serving": entry.serving,
        }
        for entry in updated
    ]
    return {"release": release, "environment": environment, "commit": plan.commit, "changes": changes}


def mattermost(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The body for an incoming webhook: one line, and a table of the first twenty changes."""
    changes = facts["changes"]
    count = f"{len(changes)} {'change' if len(changes) == 1 else 'changes'}"
    title = f"Skills released to {escaped(facts['environment'])}: {count}"
    footer = [f"commit {facts['commit'][:12]}", f"release {facts['release']}"]
    if "head" in facts:
        footer.append(f"ledger {ledger.shown(facts['head'])}")
    rows = ["| skill | version | what | serving |", "|---|---|---|---|"]
    rows += [_row(change) for change in changes[:SHOWN_ROWS]]
    if len(changes) > SHOWN_ROWS:
        rows.append(f"\nand {len(changes) - SHOWN_ROWS} more")
    return {
        "text": title,
        "attachments": [
            {
                "fallback": title,
                "color": _colour(changes),
                "text": "\n".join(rows),
                "footer": " · ".join(footer),
            }
        ],
    }


def escaped(text: str) -> str:
    """Text that Mattermost shows as it is: no Markdown, no mention, no link, no line break."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split())).replace("\\@", "@\u200b")


def _row(change: Mapping[str, Any]) -> str:
    cells = (change["skill"], change["version"], _VERBS[Action(change["action"])], change["serving"] or "nothing")
    return "| " + " | ".join(escaped(str(cell)) for cell in cells) + " |"


def _colour(changes: Iterable[Mapping[str, Any]]) -> str:
    actions = {change["action"] for change in changes}
    worst = next((action for action in ("revoke", "withdraw", "deprecate") if action in actions), "publish")
    return _COLOURS[worst]
