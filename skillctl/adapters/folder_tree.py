"""The files of a folder as they lie on the disk, for what needs no Git."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from skillctl.domain.digest import TreeFile
from skillctl.domain.document import MAX_BYTES

_LEFT_OUT = frozenset({".git", "__pycache__", ".DS_Store"})


class FolderTree:
    """A tree read from the disk; no more than a bounded part of any file is read, links are never followed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def files(self, *folders: str) -> list[TreeFile]:
        """All files below these folders (or these files themselves), sorted by path."""
        found = [file for folder in folders for file in self._below(folder)]
        return sorted(found, key=lambda file: file.path)

    def read(self, files: Iterable[TreeFile]) -> Mapping[str, bytes]:
        """The bytes of files by path, one byte more than the bound at most, so that too large is still seen."""
        texts = {}
        for file in files:
            with (self._root / file.path).open("rb") as opened:
                texts[file.path] = opened.read(MAX_BYTES + 1)
        return texts

    def _below(self, folder: str) -> Iterator[TreeFile]:
        top = self._root / folder
        if top.is_file() and not top.is_symlink():
            yield TreeFile(folder, _mode(top.stat().st_mode), "")
        elif top.is_dir():
            yield from self._walk(top, folder)

    def _walk(self, top: Path, name: str) -> Iterator[TreeFile]:
        with os.scandir(top) as entries:
            for entry in entries:
                path = f"{name}/{entry.name}"
                if entry.name in _LEFT_OUT:
                    continue
                if entry.is_symlink():
                    yield TreeFile(path, "120000", "")
                elif entry.is_dir():
                    yield from self._walk(Path(entry.path), path)
                elif entry.is_file():
                    yield TreeFile(path, _mode(entry.stat().st_mode), "")


def _mode(bits: int) -> str:
    return "100755" if bits & 0o100 else "100644"
