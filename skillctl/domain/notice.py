"""What is told of a release: one payload for every destination, and its words for Mattermost."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from skillctl.domain import chat_text, ledger
from skillctl.domain.chat_text import escaped
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
SHOWN_ROWS = 20
#: Names that one notice calls.
MOST_CALLED = 20
#: Characters of a reason in a headline, and of one that is told in full.
SHORT_REASON = 300
LONGEST_REASON = 15_000


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
    """The body for an incoming webhook: what it is, where to look, whom it concerns, and the first twenty changes."""
    changes, title = facts["changes"], headline(facts)
    shown = table(changes[:SHOWN_ROWS]) if changes else title
    if len(changes) > SHOWN_ROWS:
        shown += f"\n\n{_rest(facts, len(changes) - SHOWN_ROWS)}"
    others = [{"fallback": title, "text": text} for text in chat_text.posts(whole_reason(facts))]
    return {
        "text": "\n".join([title, *where(facts), *concerned(facts, [change["skill"] for change in changes])]),
        "attachments": [
            {"fallback": title, "color": colour(facts, changes), "text": shown, "footer": footer(facts)},
            *others,
        ],
    }


def table(changes: Iterable[Mapping[str, Any]]) -> str:
    """Changes row by row."""
    rows = ((str(one["skill"]), str(one["version"]), verb(one), str(one["serving"] or "nothing")) for one in changes)
    return chat_text.table(("skill", "version", "what", "serving"), rows)


def verb(change: Mapping[str, Any]) -> str:
    """What became of a version."""
    return _VERBS[Action(change["action"])]


def headline(facts: Mapping[str, Any]) -> str:
    """What the release is, in one line."""
    where, what, count = (
        escaped(facts["environment"], 64),
        _TITLES.get(facts.get("kind", "sync")),
        len(facts["changes"]),
    )
    if facts.get("kind") == "rebuild":
        return f"Skills of {where} filled from Git: {facts['skills']:,} skills"
    if what is None:
        return f"Skills released to {where}: {count} {'change' if count == 1 else 'changes'}"
    actor = escaped(facts["actor"], 200)
    return f"{what} in {where} by {actor}: {escaped(facts['reason'] or 'no reason given', SHORT_REASON)}"


def whole_reason(facts: Mapping[str, Any]) -> list[str]:
    """The reason where a headline cannot hold it; no more of it than a body may hold."""
    reason = facts.get("reason") or ""
    return [escaped(reason, LONGEST_REASON)] if len(reason) > SHORT_REASON else []


def where(facts: Mapping[str, Any]) -> list[str]:
    """One line of links to look at, if there are any; an act of a person came by no pull request."""
    links = facts.get("links", {})
    named = {"commit": f"commit {facts['commit'][:12]}", "dashboard": "dashboard"}
    if facts.get("kind", "sync") == "sync":
        named["pull_request"] = "pull request"
    shown = [
        chat_text.link(named[key], links[key])
        for key in ("commit", "pull_request", "dashboard")
        if key in named and key in links
    ]
    return [" · ".join(shown)] if shown else []


def concerned(facts: Mapping[str, Any], skills: Iterable[str]) -> list[str]:
    """One line that calls the owners of these skills, if they have names in the chat."""
    owners = facts.get("owners", {})
    names = dict.fromkeys(name for skill in dict.fromkeys(skills) for name in owners.get(skill, ()))
    called = [call for name in names if (call := chat_text.mention(str(name)))]
    return [f"owners: {', '.join(called[:MOST_CALLED])}"] if called else []


def footer(facts: Mapping[str, Any]) -> str:
    """Which commit, release and ledger it is of."""
    told = [f"commit {facts['commit'][:12]}", f"release {facts['release']}"]
    if "head" in facts:
        told.append(f"ledger {ledger.shown(facts['head'])}")
    return " · ".join(told)


def _rest(facts: Mapping[str, Any], count: int) -> str:
    links = facts.get("links", {})
    target = links.get("dashboard") or links.get("commit")
    more = f"and {count:,} more"
    return f"{more}: {chat_text.link('all of them', target)}" if target else more


def colour(facts: Mapping[str, Any], changes: Iterable[Mapping[str, Any]]) -> str:
    """That of the hardest of these changes, or of a rollout that failed."""
    if facts.get("kind") == "rollout-failed":
        return "danger"
    actions = {change["action"] for change in changes}
    worst = next(
        (action for action in ("revoke", "withdraw", "rollback", "hold", "deprecate") if action in actions), "publish"
    )
    return _COLOURS[worst]
