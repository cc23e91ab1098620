"""The file of the cache of `validate`: what it holds, how it is written, and why nothing else is taken for it."""

import hashlib
import json
import os
import stat
from itertools import accumulate
from pathlib import Path

from msgspec import Struct, field

from skillctl.adapters import judgement_rows as rows

#: Bytes of one identity: inode, size and the two times of change, eight each.
WIDTH = 32
_COLUMNS = ("findings", "ignores", "card", "position")
# What a repository brings may be a link to what never ends, or a pipe that nobody writes to.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class CachedUnit(Struct):
    """One skill: the digest of its files, which of the paths are its own, and its lines."""

    digest: str
    begin: int
    count: int
    findings: str
    ignores: str
    card: str
    position: str


class Cached(Struct):
    """All that a cache holds; `identities` are those of `paths`, packed."""

    paths: list[str] = field(default_factory=list)
    identities: bytes = b""
    units: dict[str, CachedUnit] = field(default_factory=dict)
    registry: str = ""
    own: str = rows.NOTHING
    across: str = rows.NOTHING
    near: str = "null"

    def identities_of(self, begin: int, count: int) -> bytes:
        """The packed identities of some of the paths."""
        return self.identities[begin * WIDTH : (begin + count) * WIDTH]


def dumped(cached: Cached, key: str) -> bytes:
    """The bytes of a cache: a line with its key, checksum and sizes, then its sections."""
    units = cached.units.values()
    sections = [
        json.dumps([[name, unit.digest, unit.begin, unit.count] for name, unit in cached.units.items()]).encode(),
        "\0".join(cached.paths).encode("utf-8", "surrogateescape"),
        cached.identities,
        *("\n".join(lines).encode() for lines in ([getattr(unit, name) for unit in units] for name in _COLUMNS)),
        "\n".join((cached.registry, cached.own, cached.across, cached.near)).encode(),
    ]
    body = b"".join(sections)
    head = {"key": key, "digest": hashlib.sha256(body).hexdigest(), "sizes": [len(section) for section in sections]}
    return json.dumps(head).encode() + b"\n" + body


def loaded(file: Path, key: str) -> Cached | None:
    """The cache in a file; None where there is none, of another key, or one that does not hold what was written."""
    try:
        return _parsed(bytes_of(file), key)
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None


def bytes_of(file: Path) -> bytes:
    """The bytes of a plain file; OSError for a link or anything else."""
    with os.fdopen(os.open(file, _FLAGS), "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise OSError("it is no file")
        return opened.read()


def _parsed(raw: bytes, key: str) -> Cached | None:
    end = raw.index(b"\n")
    head = json.loads(raw[:end])
    body = memoryview(raw)[end + 1 :]
    if head["key"] != key or head["digest"] != hashlib.sha256(body).hexdigest():
        return None
    sections = [bytes(body[at - size : at]) for size, at in zip(head["sizes"], accumulate(head["sizes"]), strict=True)]
    heads, paths, identities, *columns, shared = sections
    lines = [column.decode().split("\n") for column in columns]
    units = {
        name: CachedUnit(digest, begin, count, *texts)
        for (name, digest, begin, count), *texts in zip(json.loads(heads), *lines, strict=False)
    }
    listed = paths.decode("utf-8", "surrogateescape").split("\0")
    return Cached(listed, identities, units, *shared.decode().split("\n"))
