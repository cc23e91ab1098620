"""What a person in a chat asks of production, and the answer in words; it shows and links, and changes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from skillctl.domain import chat_text, forge, rollout
from skillctl.domain.canonical import short
from skillctl.domain.chat_text import escaped
from skillctl.domain.naming import nearest

#: Rows of the ledger that one answer shows.
HISTORY_ROWS = 10
_MOST_VERSIONS = 10
_MOST_HOLDS = 10
_LONGEST_REASON = 300
_NAME = 64
ASKED = ("status", "why", "history")
_HELP = (
    "`status [NAME]`: what production serves of a skill, how it arrived, and what is held",
    "`why NAME`: on what proof that is served, and by whom it was released",
    "`history NAME`: the newest rows of the ledger of promotions",
    "An approval is a signature, which no chat can give: `skillctl approve NAME`",
)


class Question(Struct, frozen=True):
    """`kind` is one of `ASKED`, or `help`; `wrong` is what of it was not understood."""

    kind: str
    name: str | None = None
    wrong: str | None = None


class Surroundings(Struct, frozen=True):
    """Which environment answers, and where its commits and its dashboard are shown."""

    environment: str
    remote: str | None = None
    dashboard: str | None = None


def question(text: str) -> Question:
    """What was typed after the command."""
    words = text.split()
    kind = words[0].lower() if words else "help"
    if kind == "help":
        return Question("help")
    if kind not in ASKED:
        return Question("help", wrong=words[0])
    if len(words) > 2 or (len(words) == 1 and kind != "status"):
        return Question("help", wrong=" ".join(words))
    return Question(kind, words[1].removeprefix("@").lower() if len(words) > 1 else None)


def help_text(asked: Question, command: str) -> str:
    """What can be asked."""
    lines = [f"`/{command} {line[1:]}" if line.startswith("`") else line for line in _HELP]
    if asked.wrong is not None:
        near = nearest(asked.wrong.split()[0].lower(), ASKED)
        meant = f"; did you mean `{near}`?" if near and near != asked.wrong.split()[0].lower() else ""
        lines.insert(0, f"not understood: {escaped(asked.wrong, _NAME)}{meant}")
    return "\n".join(lines)


def answer(asked: Question, said: Mapping[str, Any], history: Sequence[Mapping[str, Any]], around: Surroundings) -> str:
    """The answer to a question, from what production said."""
    if asked.name is None:
        blocks = [_overall(said, around)]
    elif said["skill"] is None:
        blocks = [_unknown(asked.name, said, around)]
    elif asked.kind == "history":
        blocks = _history(said["skill"], history, around)
    elif asked.kind == "why":
        blocks = ["\n".join(_why(said, history, around))]
    else:
        blocks = ["\n".join(_status(said, around))]
    return chat_text.posts(blocks)[0]


def _overall(said: Mapping[str, Any], around: Surroundings) -> str:
    where = escaped(around.environment, _NAME)
    if said["commit"] is None:
        return f"{where} holds nothing yet"
    lines = [f"{where} serves {said['served']:,} {'skill' if said['served'] == 1 else 'skills'}"]
    if said["release"] is not None:
        lines.append(f"last release: {_released(said['kind'], said['actor'], said['applied_at'])}")
    lines += _holds(said)
    return "\n".join([*lines, *_links(said["commit"], around)])


def _unknown(name: str, said: Mapping[str, Any], around: Surroundings) -> str:
    near = nearest(name, said["names"] or ())
    hint = f"; did you mean {escaped(near, _NAME)}?" if near else ""
    return f"{escaped(around.environment, _NAME)} knows no skill {escaped(name, _NAME)}{hint}"


def _status(said: Mapping[str, Any], around: Surroundings) -> Iterator[str]:
    skill = said["skill"]
    yield _served(skill, around)
    if skill["description"]:
        yield escaped(str(skill["description"]), _LONGEST_REASON)
    yield from _notice(skill["notice"])
    versions = skill["versions"] or []
    if versions:
        named = [
            f"{escaped(one['version'], _NAME)} {escaped(one['state'], _NAME)}" for one in versions[:_MOST_VERSIONS]
        ]
        more = f" and {len(versions) - _MOST_VERSIONS} older" if len(versions) > _MOST_VERSIONS else ""
        yield f"versions: {', '.join(named)}{more}"
    if skill["rollout"] is not None:
        yield f"rollout: {escaped(rollout.last(skill['rollout']), 2 * _NAME)}"
    yield from _holds(said)
    yield from _links(said["commit"], around)


def _why(said: Mapping[str, Any], history: Sequence[Mapping[str, Any]], around: Surroundings) -> Iterator[str]:
    skill, proof = said["skill"], said["skill"]["proof"]
    yield _served(skill, around)
    if skill["serving"] is not None:
        yield f"digest: {escaped(short(skill['digest']))}"
        if proof is None:
            yield "proof: production has none on record; run `skillctl verify`"
        else:
            asked = f" by {escaped(str(proof['model']), _NAME)}" if proof["model"] else ""
            passed = f"{proof['passed']} of {proof['cases']} cases passed"
            verdict, measured = escaped(str(proof["verdict"]), _NAME), _moment(proof["measured_at"])
            kind = escaped(str(proof["class"]), _NAME)
            yield f"proof: {kind} evidence{asked}, {passed}, verdict {verdict}, measured {measured}"
            written = [escaped(str(one), _NAME) for one in proof["authors"] or ()]
            if written:
                yield f"written by {', '.join(written[:_MOST_HOLDS])}"
    yield from _notice(skill["notice"])
    yield from _holds(said)
    if history:
        last = history[0]
        yield (
            f"last step: {escaped(last['version'], _NAME)} {escaped(last['action'], _NAME)}, "
            f"{_released(last['kind'], last['actor'], last['at'])}"
        )
        if last["reason"]:
            yield f"reason: {escaped(last['reason'], _LONGEST_REASON)}"
        yield from _links(last["commit"], around)


def _history(skill: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], around: Surroundings) -> list[str]:
    if not rows:
        return [_served(skill, around), "the ledger has no step of it"]
    cells = [
        (
            _moment(one["at"]),
            one["version"],
            one["action"],
            f"{one['from_status'] or '-'} → {one['to_status']}",
            one["actor"],
        )
        for one in rows[:HISTORY_ROWS]
    ]
    return [_served(skill, around), chat_text.table(("when", "version", "what", "status", "who"), cells)]


def _served(skill: Mapping[str, Any], around: Surroundings) -> str:
    where, name = escaped(around.environment, _NAME), escaped(skill["name"], _NAME)
    if skill["serving"] is None:
        return f"**{name}**: {where} serves nothing of it"
    return f"**{name}**: {where} serves {escaped(skill['serving'], _NAME)} ({escaped(str(skill['state']), _NAME)})"


def _notice(notice: Mapping[str, Any] | None) -> Iterator[str]:
    if notice:
        words = [escaped(str(notice.get("reason", "no reason given")), _LONGEST_REASON)]
        if notice.get("replaced_by"):
            words.append(f"use {escaped(str(notice['replaced_by']), 2 * _NAME)}")
        if notice.get("sunset"):
            words.append(f"until {escaped(str(notice['sunset']), _NAME)}")
        yield "; ".join(words)


def _holds(said: Mapping[str, Any]) -> Iterator[str]:
    for one in said["holds"][:_MOST_HOLDS]:
        word = "held" if one["kind"] == "hold" else "rolled back"
        reason, actor = escaped(one["reason"], _LONGEST_REASON), escaped(one["actor"], _NAME)
        yield f"{escaped(one['skill'], _NAME)} is {word} by {actor} since {_moment(one['at'])}: {reason}"
    if len(said["holds"]) > _MOST_HOLDS:
        yield "and more that is held: `skillctl hold list`"


def _released(kind: str, actor: str, at: str) -> str:
    return f"{escaped(kind, _NAME)} by {escaped(actor, _NAME)}, {_moment(at)}"


def _moment(at: object) -> str:
    """A moment in UTC to the minute; production speaks UTC."""
    text = str(at or "unknown")
    return escaped(f"{text[:10]} {text[11:16]} UTC" if len(text) >= 16 else text, _NAME)


def _links(commit: str | None, around: Surroundings) -> Iterator[str]:
    links = forge.links(around.remote, commit or "", None)
    shown = [chat_text.link(f"commit {(commit or '')[:12]}", links["commit"])] if links else []
    if around.dashboard:
        shown.append(chat_text.link("dashboard", around.dashboard))
    if shown:
        yield " · ".join(shown)
