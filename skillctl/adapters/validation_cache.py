"""What the last `validate` judged, in `.skillctl/validate.cache`; deleting it is always safe.

It is believed only where it is surely still true. A file is the same if its inode, size, times of change (of its bytes,
and of anything: no program can set that one back) and mode are; a folder that is the same holds the same names. That is
Git's rule, and so is its exception: what changed at the moment of the look or later (`_stamp`) could change once more
without showing it, so it is read again, and its digest compared. The key holds the version of the tool and of each of
its files, so that another set of rules begins anew. A checksum finds what was cut off or spoiled.

Threat: a repository brings a cache of its own that says all is well. It would have to know the inodes and the
nanoseconds of files that are made when it is cloned. CI reads no cache at all.
"""

import contextlib
import hashlib
import json
import os
import tempfile
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path

from skillctl.adapters import atomic
from skillctl.adapters import judgement_rows as rows
from skillctl.adapters.folder_tree import FolderTree, identity
from skillctl.adapters.side_by_side import in_parts
from skillctl.domain.card import Card
from skillctl.domain.finding import Finding
from skillctl.domain.judgement import Ignore, Judgement
from skillctl.domain.registry import Registry
from skillctl.domain.tree import OF_SKILLS, name_in

FILE_NAME = "validate.cache"
_SHARED = (*OF_SKILLS, "skillctl.yaml", ".claude", ".claude/mcp-servers.json")
#: The mode is left out of what is kept: it cannot change without the time of a change of anything.
_GONE = (-1, -1, -1, -1)
#: No file is like this, so whatever has it is read again.
_DOUBTFUL = (-2, -2, -2, -2)
_WIDTH = len(_GONE) * 8
#: Below this many files a second process takes longer to start than the look takes.
_FEWEST = 20_000
_LINES = ("findings", "ignores", "card")


@dataclass
class _Unit:
    """One skill in the cache: the digest of its files, which of the paths are its own, and its lines."""

    digest: str
    begin: int
    count: int
    findings: str
    ignores: str
    card: str


@dataclass
class _Cache:
    """All that a cache holds; `identities` are those of `paths`, packed."""

    paths: list[str] = field(default_factory=list)
    identities: bytes = b""
    units: dict[str, _Unit] = field(default_factory=dict)
    registry: str = ""
    own: str = rows.NOTHING
    across: str = rows.NOTHING

    def identities_of(self, begin: int, count: int) -> bytes:
        return self.identities[begin * _WIDTH : (begin + count) * _WIDTH]


class ValidationCache:
    """The memory of `validate` for one folder; where it cannot be written, everything is judged each time."""

    def __init__(self, tree: FolderTree, root: Path, state: Path, key: str) -> None:
        """Load what is there, and look which of it is still true; a cache of another key, or a spoiled one, is none."""
        self._tree, self._root, self._state, self._key = tree, str(root), state, key
        self._stamp: int | None = None
        self._cache = _loaded(state / FILE_NAME, key) or _Cache()
        self._now = self._packed_now()

    def is_all_the_same(self) -> bool:
        """Whether no file is other than it was, none is new and none is gone."""
        if self._cache.paths and self._now == self._cache.identities:
            return True
        self._stamp = _stamp(self._state)
        return False

    def is_same(self, name: str) -> bool:
        """Whether the files of one skill are."""
        unit = self._cache.units.get(name)
        if unit is None:
            return False
        begin, end = unit.begin * _WIDTH, (unit.begin + unit.count) * _WIDTH
        if self._now[begin:end] != self._cache.identities[begin:end]:
            return False
        return self._tops_are_the_same or self._folders_now(name) == self._folders_then(unit)

    def digest(self, name: str) -> str | None:
        """The digest of those files of a skill that were judged, whatever they are now."""
        unit = self._cache.units.get(name)
        return unit.digest if unit is not None else None

    def skills(self) -> Sequence[str]:
        """The names of all skills."""
        return [name for name, unit in self._cache.units.items() if unit.card != rows.NOTHING]

    def findings(self) -> Sequence[Finding]:
        """All findings, suppressed ones too."""
        lines = (self._cache.own, self._cache.across, *(unit.findings for unit in self._cache.units.values()))
        return [finding for line in lines if line != rows.NOTHING for finding in rows.findings_of(line)]

    def ignores(self) -> Mapping[str, tuple[Ignore, ...]]:
        """The suppressions, by skill."""
        units = self._cache.units.items()
        return {name: rows.ignores_of(unit.ignores) for name, unit in units if unit.ignores != rows.NOTHING}

    def cards(self, names: Iterable[str]) -> Mapping[str, Card]:
        """The cards of those of these skills that have one."""
        units = ((name, self._cache.units.get(name)) for name in names)
        cards = ((name, rows.card_of(unit.card)) for name, unit in units if unit is not None)
        return {name: card for name, card in cards if card is not None}

    def across(
        self, names: Sequence[str], fresh: Mapping[str, Judgement], registry: Registry
    ) -> Sequence[Finding] | None:
        """The findings across the catalogue, if these are the names, cards and servers that gave them."""
        if rows.registry_line(registry) != self._cache.registry or list(names) != list(self._cache.units):
            return None
        if any(rows.card_line(one.card) != self._cache.units[name].card for name, one in fresh.items()):
            return None
        return rows.findings_of(self._cache.across)

    def keep(
        self,
        names: Sequence[str],
        fresh: Mapping[str, Judgement],
        registry: Registry,
        own: Sequence[Finding],
        across: Sequence[Finding],
    ) -> None:
        """Take over what was judged now; `own` are findings on what belongs to no skill."""
        cache = _Cache(
            registry=rows.registry_line(registry), own=rows.findings_line(own), across=rows.findings_line(across)
        )
        seen: dict[str, list[str]] = {}
        for path in self._tree.seen:
            seen.setdefault(name_in(path), []).append(path)
        parts = [self._packed(_SHARED)]
        cache.paths += _SHARED
        for name in names:
            old, judgement = self._cache.units.get(name), fresh.get(name)
            unit = _unit(judgement) if judgement is not None else replace(_known(old))
            if name in seen:
                paths = sorted(seen[name])
                parts.append(self._packed(paths))
            else:
                old = _known(old)
                paths = self._cache.paths[old.begin : old.begin + old.count]
                parts.append(self._cache.identities_of(old.begin, old.count))
            unit.begin, unit.count = len(cache.paths), len(paths)
            cache.paths += paths
            cache.units[name] = unit
        cache.identities = b"".join(parts)
        self._cache = cache
        if self._stamp is not None:
            with contextlib.suppress(OSError):
                atomic.write(self._state / FILE_NAME, _dumped(cache, self._key), durable=False)

    @cached_property
    def _tops_are_the_same(self) -> bool:
        end = len(OF_SKILLS) * _WIDTH
        return self._now[:end] == self._cache.identities[:end]

    def _folders_now(self, name: str) -> set[str]:
        return {f"{kind}/{name}" for kind, names in self._names_now.items() if name in names}

    def _folders_then(self, unit: _Unit) -> set[str]:
        paths = self._cache.paths[unit.begin : unit.begin + unit.count]
        return {path for path in paths if path.count("/") == 1}

    @cached_property
    def _names_now(self) -> dict[str, frozenset[str]]:
        return {kind: frozenset(self._tree.names(kind)) for kind in OF_SKILLS}

    def _packed_now(self) -> bytes:
        """The identities of all paths of the cache, as they are now."""
        root = self._root + "/"

        def packed(paths: Sequence[str]) -> list[bytes]:
            values = array("q")
            for path in paths:
                try:
                    found = os.lstat(root + path)
                except OSError:
                    values.extend(_GONE)
                else:
                    values.extend(identity(found)[:-1])
            return [values.tobytes()]

        return b"".join(in_parts(packed, self._cache.paths, _FEWEST))

    def _packed(self, paths: Iterable[str]) -> bytes:
        """The identities of paths as they were before they were read; doubtful where that was too near."""
        stamp = self._stamp or 0
        values = array("q")
        for path in paths:
            found = self._tree.seen[path][:-1] if path in self._tree.seen else _GONE
            values.extend(_DOUBTFUL if max(found[2:]) >= stamp else found)
        return values.tobytes()


def _unit(judgement: Judgement) -> _Unit:
    findings, ignores = rows.findings_line(judgement.findings), rows.ignores_line(judgement.ignores)
    return _Unit(judgement.digest, 0, 0, findings, ignores, rows.card_line(judgement.card))


def _known(unit: _Unit | None) -> _Unit:
    assert unit is not None, "what is not judged anew is in the cache"
    return unit


def _stamp(state: Path) -> int | None:
    """The time by the clock of the file system; None where it cannot be had, or a folder does not show a new name."""
    try:
        with tempfile.NamedTemporaryFile(dir=state, prefix=".validate-") as file:
            now = os.fstat(file.fileno()).st_mtime_ns
            return now if os.stat(state).st_mtime_ns >= now else None  # noqa: PTH116
    except OSError:
        return None


def _dumped(cache: _Cache, key: str) -> bytes:
    units = cache.units.values()
    sections = [
        json.dumps([[name, unit.digest, unit.begin, unit.count] for name, unit in cache.units.items()]).encode(),
        "\0".join(cache.paths).encode("utf-8", "surrogateescape"),
        cache.identities,
        *("\n".join(lines).encode() for lines in ([getattr(unit, name) for unit in units] for name in _LINES)),
        "\n".join((cache.registry, cache.own, cache.across)).encode(),
    ]
    body = b"".join(sections)
    head = {"key": key, "digest": hashlib.blake2b(body).hexdigest(), "sizes": [len(section) for section in sections]}
    return json.dumps(head).encode() + b"\n" + body


def _loaded(file: Path, key: str) -> _Cache | None:
    """The cache in a file; None where there is none, of another key, or one that does not hold what was written."""
    try:
        raw = file.read_bytes()
        end = raw.index(b"\n")
        head = json.loads(raw[:end])
        body = memoryview(raw)[end + 1 :]
        if head["key"] != key or head["digest"] != hashlib.blake2b(body).hexdigest():
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    sections = [bytes(body[at - size : at]) for size, at in zip(head["sizes"], accumulate(head["sizes"]), strict=True)]
    heads, paths, identities, *columns, shared = sections
    lines = [column.decode().split("\n") for column in columns]
    units = {
        name: _Unit(digest, begin, count, *texts)
        for (name, digest, begin, count), *texts in zip(json.loads(heads), *lines, strict=False)
    }
    return _Cache(paths.decode("utf-8", "surrogateescape").split("\0"), identities, units, *shared.decode().split("\n"))
