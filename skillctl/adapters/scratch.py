"""The folder that one script works in: its copy of the files, and the texts that it made or changed there."""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

#: Files that are told of one case, and bytes of each; others are left out, as everything is that is not UTF-8.
TEXTS = 50
TEXT_BYTES = 1024 * 1024

# What a suite can name; it bounds how deep one looks as well.
_LONGEST_PATH = 255
_ENTRIES = 10_000
# Whatever lies there by now: no link is followed, nobody is waited for.
_AS_IT_IS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

#: Path to permissions and bytes.
Files = Mapping[str, tuple[int, bytes]]


def write(folder: Path, files: Files) -> None:
    """Make the files below a new folder; OSError if they do not fit, ValueError if one would lie elsewhere."""
    # Texts and not `Path`, which took a fifth of what a case costs beside its script.
    root = str(folder)
    os.mkdir(root)  # noqa: PTH102
    for above in sorted({path[:end] for path in files for end, letter in enumerate(path) if letter == "/"}):
        if not above or ".." in above.split("/"):
            raise ValueError(f"`{above or '/'}` leads out of the folder")
        with suppress(FileExistsError):
            os.mkdir(f"{root}/{above}")  # noqa: PTH102
    for path, (mode, raw) in files.items():
        opened = os.open(f"{root}/{path}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            # The umask of the process is not asked.
            os.fchmod(opened, mode)
            rest = memoryview(raw)
            while rest:
                rest = rest[os.write(opened, rest) :]
        finally:
            os.close(opened)


def made(folder: int, before: Files) -> dict[str, str]:
    """The first texts, in the order of their paths, that an open folder holds now and did not hold before.

    Links are not followed; links, sockets, pipes and devices are nothing, and so is what its owner may not read.
    """
    texts: dict[str, str] = {}
    for path, raw in _files(folder, "", iter(range(_ENTRIES))):
        if path not in before or before[path][1] != raw:
            with suppress(UnicodeDecodeError):
                texts[path] = raw.decode()
        if len(texts) == TEXTS:
            break
    return texts


def _files(folder: int, way: str, tickets: Iterator[int]) -> Iterator[tuple[str, bytes]]:
    for name in sorted(os.listdir(folder)):
        path = way + name
        if next(tickets, None) is None:
            return
        with suppress(OSError, UnicodeEncodeError):
            if len(path.encode()) > _LONGEST_PATH:
                continue
            kind = os.lstat(name, dir_fd=folder).st_mode
            # Asked before it is opened: to open a device may already do something.
            if not kind & stat.S_IRUSR or not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                continue
            opened = os.open(name, _AS_IT_IS, dir_fd=folder)
            try:
                if stat.S_ISDIR(os.fstat(opened).st_mode):
                    yield from _files(opened, f"{path}/", tickets)
                elif (raw := _bytes(opened)) is not None:
                    yield path, raw
            finally:
                os.close(opened)


def _bytes(opened: int) -> bytes | None:
    found = os.fstat(opened)
    if not stat.S_ISREG(found.st_mode) or found.st_size > TEXT_BYTES:
        return None
    raw = b"".join(iter(lambda: os.read(opened, TEXT_BYTES + 1), b""))
    return raw if len(raw) <= TEXT_BYTES else None
