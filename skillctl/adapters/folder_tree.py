"""The files of a folder as they lie on the disk, for what needs no Git."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from skillctl.domain.digest import TreeFile
from skillctl.domain.document import MAX_BYTES

_LEFT_OUT = frozenset({".git", "__pycache__", ".DS_Store"})
_LINK = "120000"


class FolderTree:
    """A tree read from the disk; no more than a bounded part of any file is read, links are never followed.

    `unreadable` grows while it is read: the path of each file or folder that was asked for and could not be read,
    and why.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.unreadable: dict[str, str] = {}

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
                with (self._root / file.path).open("rb") as opened:
                    texts[file.path] = opened.read(MAX_BYTES + 1)
            except OSError as problem:
                self._note(file.path, problem)
        return texts

    def _below(self, folder: str) -> Iterator[TreeFile]:
        top = self._root / folder
        link = self._link_on_the_way_to(folder)
        if link is not None:
            # As Git has it: a link at the end is an entry of its own, and there is nothing behind one on the way.
            if link == folder:
                yield TreeFile(folder, _LINK, "")
            if top.exists():
                self.unreadable[link] = "symbolic links are not followed"
            return
        try:
            mode = top.lstat().st_mode
        except FileNotFoundError:
            return
        except OSError as problem:
            self._note(folder, problem)
            return
        if top.is_dir():
            yield from self._walk(top, folder)
        elif top.is_file():
            yield TreeFile(folder, _mode(mode), "")

    def _link_on_the_way_to(self, folder: str) -> str | None:
        steps = [PurePosixPath(folder), *PurePosixPath(folder).parents][-2::-1]
        return next((str(step) for step in steps if os.path.islink(self._root / step)), None)  # noqa: PTH114

    def _walk(self, top: Path, name: str) -> Iterator[TreeFile]:
        try:
            entries = list(os.scandir(top))
        except OSError as problem:
            self._note(name, problem)
            return
        for entry in entries:
            path = f"{name}/{entry.name}"
            if entry.name in _LEFT_OUT:
                continue
            if entry.is_symlink():
                yield TreeFile(path, _LINK, "")
            elif entry.is_dir():
                yield from self._walk(Path(entry.path), path)
            elif entry.is_file():
                yield from self._measured(entry, path)

    def _measured(self, entry: "os.DirEntry[str]", path: str) -> Iterator[TreeFile]:
        try:
            yield TreeFile(path, _mode(entry.stat().st_mode), "")
        except OSError as problem:
            self._note(path, problem)

    def _note(self, path: str, problem: OSError) -> None:
        self.unreadable[path] = (problem.strerror or type(problem).__name__).lower()


def _mode(bits: int) -> str:
    return "100755" if bits & 0o100 else "100644"
