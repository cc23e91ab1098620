"""The prod store: the functions of schema `mcp`, the same over every transport."""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import Any, Protocol, TypeVar

from msgspec import Struct
from pydantic_core import PydanticSerializationError, to_json

from skillctl.adapters.lanes import Transport, call_each
from skillctl.adapters.production_jobs import ProductionJobs
from skillctl.domain.ledger import Fault, Kept, Ledger
from skillctl.domain.production import Applied, Current, Hold, Revocation, SkillState, VersionState
from skillctl.domain.selection import EDITION, Candidate, Candidates, Indexed, Offer, weights
from skillctl.errors import StoreRefused

#: Bytes of base64 in one call; the hosted API's own limit is not documented.
CHUNK = 1024 * 1024
#: Digests asked for in one call.
DIGESTS = 10_000
#: Skills whose whole facts are asked for in one call.
SKILLS = 500
#: Skills whose terms go up in one call: a few words each, of descriptions that are short.
INDEXED = 1_250
#: U+0000 as JSON says it.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

T = TypeVar("T")


class Memory(Protocol):
    """What production was seen to hold, under the head of its ledger, which changes with all of it."""

    def known(self) -> tuple[str, Mapping[str, Any]] | None:
        """The head and the skills that were seen last."""
        ...

    def keep(self, head: str, skills: Mapping[str, Any]) -> None:
        """Have these in the place of the others."""
        ...


class _Seen(Struct, frozen=True):
    """The newest release that production had, and its skills as it told of them."""

    release: str | None
    skills: Mapping[str, Any]


class ProductionCatalogue(ProductionJobs):
    """What `sync` and the delivery of jobs need of production."""

    def __init__(self, transport: Transport, memory: "Memory | None" = None) -> None:
        super().__init__(transport)
        self._transport, self._memory = transport, memory
        #: What was seen last of it all, and of a release made on that: its head and the skills that it changed.
        self._seen: _Seen | None = None
        self._made: tuple[str, frozenset[str]] | None = None

    def current(self, only: Sequence[str] | None = None, *, anew: bool = False) -> Current:
        """What it holds now, of all skills or of these; `anew` asks for all of it, whatever was known before."""
        if only is not None:
            answer = self._call("current_release", skills=list(only))
            self._follow(answer, frozenset(only))
            return _current(answer, answer["skills"])
        known = None if anew or self._memory is None else self._memory.known()
        answer = self._call("current_release", **({"known": known[0]} if known else {}))
        is_known = answer["skills"] is None and known is not None
        skills = known[1] if known is not None and is_known else answer["skills"]
        self._seen = _Seen(answer["release"], skills)
        if self._memory is not None and not is_known:
            self._memory.keep(answer["head"], skills)
        return _current(answer, skills)

    def _follow(self, answer: Mapping[str, Any], only: frozenset[str]) -> None:
        """Know what production holds after a release of one's own that changed only these skills."""
        if self._memory is None or self._seen is None or self._made is None:
            return
        head, changed = self._made
        if answer["head"] == head and changed <= only:
            rest = {name: said for name, said in self._seen.skills.items() if name not in only}
            # The release is made: what only makes the next command faster must not fail this one.
            with suppress(OSError):
                self._memory.keep(head, rest | answer["skills"])

    def effect(self, release: str) -> Mapping[str, Any] | None:
        """What the one release whose id begins so changed, and how that stands now; None for none, or several."""
        answer: Mapping[str, Any] | None = self._call("release_effect", release=release)
        return answer

    def releases(self, limit: int) -> list[Mapping[str, Any]]:
        """The newest releases."""
        answer: list[Mapping[str, Any]] = self._call("list_releases", limit=limit)
        return answer

    def facts(self, skills: Sequence[str]) -> Mapping[str, Any]:
        """All that is held of these skills, to be compared with what a commit says."""
        found: dict[str, Any] = {}
        for start in range(0, len(skills), SKILLS):
            found |= self._call("version_facts", skills=list(skills[start : start + SKILLS]))
        return found

    def strays(self) -> list[Mapping[str, str]]:
        """What is not as its releases left it: the `table`, and `what` is wrong there."""
        answer: list[Mapping[str, str]] = self._call("strays")
        return answer

    def missing_blobs(self, digests: Iterable[str]) -> set[str]:
        """Those of these SHA-256 that it has no bytes for."""
        chunks = ({"digests": part} for part in _batched(digests, DIGESTS))
        return set(chain.from_iterable(call_each(self._transport, "missing_blobs", chunks)))

    def put_blobs(self, blobs: Mapping[str, bytes]) -> int:
        """Bring up bytes by SHA-256, in chunks of about a megabyte; the number stored."""
        return sum(answer["stored"] for answer in call_each(self._transport, "put_blobs", _chunks(blobs)))

    def apply(self, release: Mapping[str, Any]) -> Applied:
        """Make a release true, all of it or nothing."""
        changes = release["changes"]
        if not _is_keepable(changes):
            bad = next(change for change in changes if not _is_keepable(change))
            message = f"{bad['skill']}@{bad['version']} holds text that PostgreSQL cannot keep"
            hint = "take U+0000 and broken characters out of its `SKILL.md` and definition: `skillctl revise`"
            raise StoreRefused("invalid-release", message, hint=hint)
        answer = self._call("apply_release", release=dict(release))
        if self._seen is not None and changes and release["expected_release"] == self._seen.release:
            self._made = answer["head"], frozenset(change["skill"] for change in changes)
        return Applied(answer["release"], answer["head"], tuple(job["destination"] for job in answer["jobs"]))

    def served(self) -> Mapping[str, Any]:
        """What an agent sees when it lists skills."""
        answer: Mapping[str, Any] = self._call("list_skills")
        return answer

    def skill(self, name: str, version: str | None) -> Mapping[str, Any] | None:
        """What an agent sees when it opens one skill by name."""
        arguments = {"name": name} if version is None else {"name": name, "version": version}
        answer: Mapping[str, Any] | None = self._call("get_skill", **arguments)
        return answer

    def verify_ledger(self, head: str | None) -> Ledger:
        """Every hash of its ledger computed again, and where in it stands a head that was kept elsewhere."""
        said = self._call("verify_ledger", **({} if head is None else {"head": head}))
        bad, kept = said["first_bad"], said["kept"]
        return Ledger(
            said["head"],
            said["promotions"],
            said["releases"],
            Fault(bad["table"], bad["seq"], bad["what"]) if bad else None,
            Kept(kept["head"], kept["held"], kept["release"], kept["later"]) if kept else None,
        )

    def candidates(self, prompt: str, limit: int = 20) -> Candidates:
        """The offered skills that may be the first to fit a prompt; StoreRefused for one of over a thousand words."""
        said = self._call("select_candidates", terms=weights(prompt), edition=EDITION, limit=limit)
        return Candidates(
            [Candidate(one["name"], one["mentions"]) for one in said["candidates"]],
            said["spread"],
            [_offer(one) for one in said["unread"]],
        )

    def unindexed(self) -> list[tuple[str, Offer]]:
        """The offered skills whose terms it has not, each with its version."""
        return [(one["version"], _offer(one)) for one in self._call("unindexed_skills", edition=EDITION)]

    def kept_terms(self) -> Mapping[str, str]:
        """The digest of the terms of each offered skill that it has terms of, by name."""
        answer: Mapping[str, str] = self._call("kept_terms")
        return answer

    def put_terms(self, skills: Iterable[Indexed]) -> None:
        """Bring up the terms of offered skills, in chunks."""
        chunks = (
            {
                "edition": EDITION,
                "skills": [{"name": one.name, "version": one.version, "terms": dict(one.terms)} for one in part],
            }
            for part in _batched(skills, INDEXED)
        )
        call_each(self._transport, "put_terms", chunks)


def _is_keepable(data: Any) -> bool:
    """Whether PostgreSQL can keep what JSON says: all but U+0000 and half a surrogate pair."""
    try:
        text = to_json(data)
    except PydanticSerializationError:
        return False
    # Nearly none has it, and the pattern takes its time.
    return b"\\u0000" not in text or _NUL.search(text) is None


def _offer(said: Mapping[str, Any]) -> Offer:
    return Offer(said["name"], said["description"] or "", tuple(said["tags"] or ()))


def _batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def _current(answer: Mapping[str, Any], skills: Mapping[str, Any]) -> Current:
    states = {
        name: SkillState(
            said["serving"],
            {
                version: VersionState(state["digest"], state["state"], state["notice"])
                for version, state in said["versions"].items()
            },
        )
        for name, said in skills.items()
    }
    holds = {one["skill"]: _hold(one) for one in answer["holds"]}
    revocations = {
        one["digest"]: Revocation(one["digest"], one["name"], one["version"], one["reason"], one["actor"])
        for one in answer["revocations"]
    }
    return Current(answer["release"], answer["commit"], answer["head"], states, answer["judged"], holds, revocations)


def _hold(said: Mapping[str, Any]) -> Hold:
    digests = frozenset(said["digests"])
    return Hold(said["skill"], said["kind"], said["version"], digests, said["reason"], said["actor"], said["at"])


def _chunks(blobs: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    chunk: list[dict[str, str]] = []
    size = 0
    for digest, raw in blobs.items():
        text = base64.b64encode(raw).decode()
        if chunk and size + len(text) > CHUNK:
            yield {"blobs": chunk}
            chunk, size = [], 0
        chunk.append({"sha256": digest, "base64": text})
        size += len(text)
    if chunk:
        yield {"blobs": chunk}
