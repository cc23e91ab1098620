"""The files of a folder as they lie on the disk, for what needs no Git."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from skillctl.domain.tree import MAX_BYTES, TreeFile
from skillctl.errors import UsageError

_LEFT_OUT = frozenset({".git", "__pycache__", ".DS_Store"})
_NEVER_SKILLS = frozenset({"node_modules", "__pycache__"})
_LINK = "120000"
_LARGEST = 2**63 - 1
# A file that becomes a link, or a pipe that nobody writes to, between the look and the reading.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


#: Inode, size, time of the last change of the bytes and of anything in nanoseconds, and mode, as `lstat` has them.
Identity = tuple[int, int, int, int, int]


def identity(found: os.stat_result) -> Identity:
    """By what a file or folder is known again; what does not fit 63 bits (a huge inode, an absurd time) is cut."""
    return (
        found.st_ino & _LARGEST,
        found.st_size,
        found.st_mtime_ns & _LARGEST,
        found.st_ctime_ns & _LARGEST,
        found.st_mode,
    )


class FolderTree:
    """A tree read from the disk; no more than a bounded part of any file is read, links are never followed.

    `unreadable` grows while it is read: the path of each file or folder that was asked for and could not be read,
    and why. So does `seen`: the identity of each file and folder, before it was opened.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self.unreadable: dict[str, str] = {}
        self.seen: dict[str, Identity] = {}

    def names(self, folder: str) -> list[str]:
        """The names of all that lies directly in a folder at the root; none where it is missing, or a link."""
        if not self._is_folder(folder, folder):
            return []
        return [entry.name for entry in self._entries(folder)]

    def files(self, *folders: str) -> list[TreeFile]:
        """All files below these folders (or these files themselves), sorted by path."""
        found = [file for folder in folders for file in self._below(folder)]
        return sorted(found, key=lambda file: file.path)

    def read(self, files: Iterable[TreeFile]) -> Mapping[str, bytes]:
        """The bytes of files by path, one byte more than the bound at most, so that too large is still seen.

        A file that cannot be read is left out and noted in `unreadable`.
        """
        texts = {}
        for file in files:
            try:
                texts[file.path] = _bytes(f"{self._root}/{file.path}")
            except OSError as problem:
                self._note(file.path, problem)
        return texts

    def _below(self, path: str) -> Iterator[TreeFile]:
        top = path.partition("/")[0]
        if top != path and not self._is_folder(top, path):
            return
        found = self._look(path)
        if found is None:
            return
        mode = found[-1]
        if stat.S_ISLNK(mode):
            # As Git has it: a link is an entry of its own, and there is nothing behind it.
            yield TreeFile(path, _LINK, "")
            if os.path.isdir(f"{self._root}/{path}") or top == path:  # noqa: PTH112
                self.unreadable[path] = "symbolic links are not followed"
        elif stat.S_ISDIR(mode):
            yield from self._walk(path)
        elif stat.S_ISREG(mode):
            yield TreeFile(path, _mode(mode), "")

    def _is_folder(self, top: str, wanted: str) -> bool:
        """Whether a folder at the root is one; a link is none, and is told of where what is wanted lies behind it."""
        found = self.seen.get(top) or self._look(top)
        if found is not None and stat.S_ISLNK(found[-1]) and os.path.exists(f"{self._root}/{wanted}"):  # noqa: PTH110
            self.unreadable[top] = "symbolic links are not followed"
        return found is not None and stat.S_ISDIR(found[-1])

    def _look(self, path: str) -> Identity | None:
        try:
            found = identity(os.lstat(f"{self._root}/{path}"))
        except FileNotFoundError:
            return None
        except OSError as problem:
            self._note(path, problem)
            return None
        self.seen[path] = found
        return found

    def _walk(self, folder: str) -> Iterator[TreeFile]:
        waiting = [folder]
        while waiting:
            top = waiting.pop()
            for entry in self._entries(top):
                path = f"{top}/{entry.name}"
                try:
                    found = identity(entry.stat(follow_symlinks=False))
                except OSError as problem:
                    self._note(path, problem)
                    continue
                self.seen[path] = found
                if entry.is_symlink():
                    yield TreeFile(path, _LINK, "")
                elif entry.is_dir():
                    waiting.append(path)
                elif entry.is_file():
                    yield TreeFile(path, _mode(found[-1]), "")

    def _entries(self, folder: str) -> list["os.DirEntry[str]"]:
        try:
            with os.scandir(f"{self._root}/{folder}") as entries:
                return [entry for entry in entries if entry.name not in _LEFT_OUT]
        except OSError as problem:
            self._note(folder, problem)
            return []

    def _note(self, path: str, problem: OSError) -> None:
        self.unreadable[path] = (problem.strerror or type(problem).__name__).lower()


def _bytes(path: str) -> bytes:
    file = os.open(path, _FLAGS)
    try:
        size = min(os.fstat(file).st_size, MAX_BYTES)
        raw = os.read(file, size + 1)
        # What came is all there was when one byte more was asked for; else some systems give less at a time.
        while len(raw) < size and (more := os.read(file, size + 1 - len(raw))):
            raw += more
        return raw
    finally:
        os.close(file)


def _mode(bits: int) -> str:
    return "100755" if bits & 0o100 else "100644"


def plain_skills(root: Path, path: Path) -> tuple[FolderTree, list[str]]:
    """The folders with a `SKILL.md` at or below a path, with the tree they lie in; the path itself if there is none.

    Their names begin at `root` where they lie in it, so that what is found is found from there. UsageError where the
    path is no folder.
    """
    if not (root / path).is_dir():
        what = "is no folder" if (root / path).exists() else "is not there"
        raise UsageError(f"`{root / path}` {what}", hint="name a folder with a `SKILL.md`, or one above it")
    top, base = (root / path).resolve(), root.resolve()
    found = sorted(_plain_below(top)) or [top]
    if base == top or not top.is_relative_to(base):
        base = top.parent if found == [top] else top
    return FolderTree(base), [str(folder.relative_to(base)) for folder in found]


def _plain_below(top: Path) -> Iterator[Path]:
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                listed = [one for one in entries if not one.name.startswith(".") and one.name not in _NEVER_SKILLS]
        except OSError:
            # Whatever nobody may look into is no skill that anybody could load.
            continue
        if any(entry.name.lower() == "skill.md" for entry in listed):
            yield folder
        else:
            waiting += [Path(entry.path) for entry in listed if entry.is_dir(follow_symlinks=False)]
