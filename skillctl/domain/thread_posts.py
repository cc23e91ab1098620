"""A release as a bot tells of it: a thread for each skill that changed, or one post where that would be too many."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from skillctl.domain import chat_text, notice
from skillctl.domain import version as versions
from skillctl.domain.canonical import short
from skillctl.domain.chat_text import escaped
from skillctl.domain.production import Hold, SkillState

#: A release of more skills opens no threads: it is told in one post, and in the threads that there are.
MOST_THREADS = 20
#: Versions that the first post of a thread names, the newest ones.
_MOST_VERSIONS = 10
_COLOURS = {"approved": "good", "deprecated": "warning", "withdrawn": "danger", "revoked": "danger"}

Post = Mapping[str, Any]


class Threads(Struct, frozen=True):
    """What is to be posted: `steps` are the posts in the thread of each skill, `whole` tells of all of it."""

    steps: Mapping[str, tuple[Post, ...]]
    whole: tuple[Post, ...]

    @property
    def opens(self) -> bool:
        """Whether a skill that has no thread gets one."""
        return not self.whole


def threads(facts: Mapping[str, Any]) -> Threads:
    """What a release is told by; KeyError and its like where these are no facts of a release."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for change in facts["changes"]:
        rows.setdefault(str(change["skill"]), []).append(change)
    steps = {skill: _step(facts, skill, changes) for skill, changes in rows.items()}
    return Threads(steps, () if 0 < len(rows) <= MOST_THREADS else _whole(facts))


def plain(text: str) -> Threads:
    """A finished text that is of no skill, in as few posts as hold it."""
    return Threads({}, tuple(_post(part) for part in chat_text.posts([text])))


def root(skill: str, state: SkillState | None, hold: Hold | None) -> Post:
    """The first post of a thread: how the skill stands in production now."""
    serving = state.serving if state else None
    lines = [f"**{escaped(skill, 64)}** serves {escaped(serving, 64) if serving else 'nothing'}"]
    colour = "warning" if hold else "danger" if serving is None else "good"
    if state is not None:
        known = state.versions.get(serving or "")
        if known is not None:
            lines[0] += f" ({escaped(known.state, 64)}, digest {escaped(short(known.digest))})"
            colour = colour if hold else _COLOURS.get(known.state, "good")
        newest = versions.ordered(state.versions)[::-1]
        named = [f"{escaped(one, 64)} {escaped(state.versions[one].state, 64)}" for one in newest[:_MOST_VERSIONS]]
        more = f" and {len(newest) - _MOST_VERSIONS} older" if len(newest) > _MOST_VERSIONS else ""
        lines += [f"versions: {', '.join(named)}{more}"] if named else []
    if hold is not None:
        word = "held" if hold.kind == "hold" else "rolled back"
        lines.append(f"{word} by {escaped(hold.actor, 200)}: {escaped(hold.reason, notice.SHORT_REASON)}")
    return _post(lines[0], {"color": colour, "text": "\n".join(lines[1:]) or lines[0]})


def _step(facts: Mapping[str, Any], skill: str, changes: list[Mapping[str, Any]]) -> tuple[Post, ...]:
    words = [notice.headline(facts)] if facts.get("reason") else []
    words += [
        f"{escaped(str(one['version']), 64)} {notice.verb(one)}, "
        f"serving {escaped(str(one['serving'] or 'nothing'), 64)}"
        for one in changes[: notice.SHOWN_ROWS]
    ]
    if len(changes) > notice.SHOWN_ROWS:
        words.append(f"and {len(changes) - notice.SHOWN_ROWS} more")
    lines = [*words, *notice.where(facts), *notice.concerned(facts, [skill])]
    mark = {"color": notice.colour(facts, changes), "text": notice.footer(facts)}
    return _posts("\n".join(lines), facts, mark)


def _whole(facts: Mapping[str, Any]) -> tuple[Post, ...]:
    body = notice.mattermost(facts)
    return _posts(body["text"], facts, body["attachments"][0])


def _posts(text: str, facts: Mapping[str, Any], mark: Mapping[str, Any]) -> tuple[Post, ...]:
    first, *others = chat_text.posts([text, *notice.whole_reason(facts)])
    return (_post(first, mark), *(_post(other) for other in others))


def _post(message: str, *attachments: Mapping[str, Any]) -> Post:
    return {"message": message, "props": {"attachments": list(attachments)}}
