"""What is told of a release: one payload for every destination, and its words for Mattermost."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from skillctl.domain import ledger
from skillctl.domain.release import Action, Desired, Entry

_VERBS = {
    Action.PUBLISH: "published",
    Action.UPDATE: "updated",
    Action.ROLLBACK: "rolled back",
    Action.DEPRECATE: "deprecated",
    Action.REINSTATE: "reinstated",
    Action.WITHDRAW: "withdrawn",
    Action.REVOKE: "revoked",
    Action.HOLD: "held",
    Action.UNHOLD: "no longer held",
}
#: What a person did at once; a release that follows a commit has none of these.
_TITLES = {
    "rollback": "Skills rolled back",
    "revoke": "Skills revoked",
    "hold": "Skills held",
    "unhold": "Skills no longer held",
    "repair": "Skills put right",
    "rollout-failed": "Rollout failed",
}
_COLOURS = {
    "publish": "good",
    "deprecate": "warning",
    "hold": "warning",
    "rollback": "danger",
    "withdraw": "danger",
    "revoke": "danger",
}
#: Characters that Mattermost's Markdown, mentions and links give a meaning to.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:@])")
SHOWN_ROWS = 20


def changes(entries: Iterable[Entry], desired: Mapping[str, Desired]) -> list[dict[str, Any]]:
    """What a plan changes, row by row as people are told: each step of a version, else what becomes of the skill."""
    rows = []
    for entry in entries:
        known = desired[entry.skill].state.versions
        steps = [(step.version, step.action, step.source, step.target) for step in entry.steps]
        for version, action, source, target in steps or [(entry.version or "", entry.action, "approved", "approved")]:
            digest = known[version].digest if version in known else ""
            rows.append(row(entry.skill, version, action, source, target, digest, entry.serving))
    return rows


def row(
    skill: str, version: str, action: Action, source: str, target: str, digest: str, serving: str | None
) -> dict[str, Any]:
    """One change as every destination is told of it; `serving` is what is served afterwards."""
    return {
        "skill": skill,
        "version": version,
        "action": action.value,
        "from_status": source,
        "to_status": target,
        "digest": digest,
        "serving": serving,
    }


def facts(release: str, environment: str, commit: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The facts of a release, for every destination alike."""
    return {"release": release, "environment": environment, "commit": commit, "changes": list(rows)}


def mattermost(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The body for an incoming webhook: one line, and a table of the first twenty changes."""
    changes = facts["changes"]
    title = _title(facts, len(changes))
    footer = [f"commit {facts['commit'][:12]}", f"release {facts['release']}"]
    if "head" in facts:
        footer.append(f"ledger {ledger.shown(facts['head'])}")
    rows = ["| skill | version | what | serving |", "|---|---|---|---|"] if changes else []
    rows += [_row(change) for change in changes[:SHOWN_ROWS]]
    if len(changes) > SHOWN_ROWS:
        rows.append(f"\nand {len(changes) - SHOWN_ROWS} more")
    return {
        "text": title,
        "attachments": [
            {
                "fallback": title,
                "color": "danger" if facts.get("kind") == "rollout-failed" else _colour(changes),
                "text": "\n".join(rows) or title,
                "footer": " · ".join(footer),
            }
        ],
    }


def _title(facts: Mapping[str, Any], count: int) -> str:
    where, what = escaped(facts["environment"]), _TITLES.get(facts.get("kind", "sync"))
    if facts.get("kind") == "rebuild":
        return f"Skills of {where} filled from Git: {facts['skills']:,} skills"
    if what is None:
        return f"Skills released to {where}: {count} {'change' if count == 1 else 'changes'}"
    return f"{what} in {where} by {escaped(facts['actor'])}: {escaped(facts['reason'] or 'no reason given')}"


def escaped(text: str) -> str:
    """Text that Mattermost shows as it is: no Markdown, no mention, no link, no line break."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split())).replace("\\@", "@\u200b")


def _row(change: Mapping[str, Any]) -> str:
    cells = (change["skill"], change["version"], _VERBS[Action(change["action"])], change["serving"] or "nothing")
    return "| " + " | ".join(escaped(str(cell)) for cell in cells) + " |"


def _colour(changes: Iterable[Mapping[str, Any]]) -> str:
    actions = {change["action"] for change in changes}
    worst = next(
        (action for action in ("revoke", "withdraw", "rollback", "hold", "deprecate") if action in actions), "publish"
    )
    return _COLOURS[worst]
