"""What the last `validate` judged, in `.skillctl/validate.cache`; deleting it is always safe.

It is believed only where it is surely still true. A file is the same if its inode, its size and its times of change are
(of its bytes, and of anything: no program can set that one back); a folder that is the same holds the same names. That
is Git's rule, and so is its exception: what changed at the moment of the look or later (`_stamp`) could change once
more without showing it, so it is read again, and its digest compared. So is what could not be read, and every link, for
what lies behind it shows nothing here. Nobody can see bytes that are written through a mapping of memory before the
system writes them to the file; Git cannot either. A checksum finds what was cut off or spoiled.

Threat: a repository brings a cache of its own that says all is well. The key holds the version of the tool and its
files, the user, and the identity of a file that is made where the cache is used, whose time nobody knows before. CI
reads no cache at all.
"""

import contextlib
import json
import os
import stat
import tempfile
from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from skillctl.adapters import atomic
from skillctl.adapters import judgement_rows as rows
from skillctl.adapters.cache_file import WIDTH, Cached, CachedUnit, dumped, loaded
from skillctl.adapters.folder_tree import FolderTree, Identity, identity
from skillctl.adapters.side_by_side import in_parts
from skillctl.domain.card import Card
from skillctl.domain.finding import Finding
from skillctl.domain.judgement import Ignore, Judgement
from skillctl.domain.position import Position
from skillctl.domain.registry import Registry
from skillctl.domain.tree import OF_SKILLS, POLICY_FILE, name_in

FILE_NAME = "validate.cache"
_PLACE = ".gitignore"
_SHARED = (*OF_SKILLS, POLICY_FILE, ".claude", ".claude/mcp-servers.json")
#: The mode is left out of what is kept: it cannot change without the time of a change of anything.
_GONE = (-1, -1, -1, -1)
#: No file is like this, so whatever has it is read again.
_DOUBTFUL = (-2, -2, -2, -2)
#: Below this many files a second process takes longer to start than the look takes.
_FEWEST = 20_000


class ValidationCache:
    """The memory of `validate` for one folder; where it cannot be written, everything is judged each time."""

    def __init__(self, tree: FolderTree, root: Path, state: Path, key: str) -> None:
        """Load what is there, and look which of it is still true; a cache of another key, or a spoiled one, is none."""
        self._tree, self._root, self._state = tree, str(root), state
        self._key = _sealed(key, state)
        self._stamp: int | None = None
        self._cache = (loaded(state / FILE_NAME, self._key) if self._key else None) or Cached()
        self._now = self._packed_now()
        self._shared: dict[str, Identity] = {}

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
        begin, end = unit.begin * WIDTH, (unit.begin + unit.count) * WIDTH
        return self._now[begin:end] == self._cache.identities[begin:end] and name not in self._gained

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
        units = self._cache.units
        return {card.name: card for card in rows.cards_of(units[name].card for name in names if name in units)}

    def positions(self) -> Mapping[str, Position]:
        """Where each skill stands, by name."""
        return rows.positions_of({name: unit.position for name, unit in self._cache.units.items()})

    def own(self) -> Sequence[Finding] | None:
        """The findings on what belongs to no skill, if the files they are of are the same."""
        # Looked at once more: what is told as known must be so at a moment that the stamp is before.
        seen = {path: found for path in _SHARED if (found := self._look(path)) is not None}
        known = self._cache.identities_of(0, len(_SHARED)) if self._cache.paths else b""
        # As they are, doubtful or not: what was in doubt is not the same as what is in doubt now.
        if array("q", [value for path in _SHARED for value in seen.get(path, _GONE)[:4]]).tobytes() != known:
            return None
        self._shared = seen
        return rows.findings_of(self._cache.own)

    def near_names(self, names: Iterable[str]) -> Mapping[str, Sequence[str]] | None:
        """Which names are nearly alike, if the skills have these names."""
        found: dict[str, list[str]] | None = json.loads(self._cache.near) if set(names) == set(self.skills()) else None
        return found

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
        near: Mapping[str, Sequence[str]] | None,
    ) -> None:
        """Take over what was judged now; `own` are findings on what belongs to no skill, `near` the names that are
        nearly alike, None where these are as they were.
        """
        cache = Cached(
            paths=list(_SHARED),
            registry=rows.registry_line(registry),
            own=rows.findings_line(own),
            across=rows.findings_line(across),
            near=self._cache.near if near is None else json.dumps(near),
        )
        seen: dict[str, list[str]] = {}
        for path in self._tree.seen:
            seen.setdefault(name_in(path), []).append(path)
        # A folder was looked at before its names were read; of a file that is told as known that look alone counts.
        tops = {path: self._tree.seen[path] for path in OF_SKILLS if path in self._tree.seen}
        parts = [self._packed(_SHARED, {**self._tree.seen, **self._shared, **tops})]
        for name in names:
            unit = _unit(fresh[name]) if name in fresh else self._cache.units[name]
            if name in seen:
                paths = sorted(seen[name])
                parts.append(self._packed(paths, self._tree.seen))
            else:
                paths = self._cache.paths[unit.begin : unit.begin + unit.count]
                parts.append(self._cache.identities_of(unit.begin, unit.count))
            unit.begin, unit.count = len(cache.paths), len(paths)
            cache.paths += paths
            cache.units[name] = unit
        cache.identities = b"".join(parts)
        self._cache = cache
        if self._stamp is not None and self._key:
            with contextlib.suppress(OSError):
                atomic.write(self._state / FILE_NAME, dumped(cache, self._key), durable=False)

    @cached_property
    def _gained(self) -> frozenset[str]:
        """The skills that a folder came to: it has no path in the cache that could be another now."""
        known = {path for path in self._cache.paths if path.count("/") == 1}
        return frozenset(name for kind in OF_SKILLS for name in self._tree.names(kind) if f"{kind}/{name}" not in known)

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

    def _look(self, path: str) -> Identity | None:
        with contextlib.suppress(OSError):
            return identity(os.lstat(f"{self._root}/{path}"))
        return None

    def _packed(self, paths: Iterable[str], seen: Mapping[str, Identity]) -> bytes:
        """The identities of paths as they were before they were read; doubtful where that shows too little."""
        stamp = self._stamp or 0
        values = array("q")
        for path in paths:
            *found, mode = seen.get(path, (*_GONE, 0))
            is_doubtful = max(found[2:]) >= stamp or stat.S_ISLNK(mode) or name_in(path) in self._unread
            values.extend(_DOUBTFUL if is_doubtful else found)
        return values.tobytes()

    @cached_property
    def _unread(self) -> frozenset[str]:
        """The skills of which something could not be read; the empty name for what belongs to none."""
        return frozenset(map(name_in, self._tree.unreadable))


def _unit(judgement: Judgement) -> CachedUnit:
    findings, ignores = rows.findings_line(judgement.findings), rows.ignores_line(judgement.ignores)
    card, position = rows.card_line(judgement.card), rows.position_line(judgement.position)
    return CachedUnit(judgement.digest, 0, 0, findings, ignores, card, position)


def _sealed(key: str, state: Path) -> str:
    """The key of this tool for this user in this very place; empty where there is no such place."""
    try:
        return f"{key} {os.geteuid()} {identity(os.lstat(state / _PLACE))}"
    except OSError:
        return ""


def _stamp(state: Path) -> int | None:
    """The time by the clock of the file system; None where it cannot be had, or a folder does not show a new name."""
    try:
        os.utime(state, ns=(0, 0))
        with tempfile.NamedTemporaryFile(dir=state, prefix=".validate-") as file:
            now = os.fstat(file.fileno()).st_mtime_ns
            return now if os.stat(state).st_mtime_ns >= now else None  # noqa: PTH116
    except OSError:
        return None
