"""Narrow: a tree of which only some skills are looked at, with what belongs to none; the others cost nothing."""

from collections.abc import Iterable, Mapping, Sequence

from skillctl.domain.tree import OF_SKILLS, TreeFile
from skillctl.workflows.ports import Tree


class Narrow:
    """As the tree itself, but of all folders of skills only those of these names."""

    def __init__(self, tree: Tree, names: Iterable[str]) -> None:
        self._tree = tree
        self._names = sorted(set(names))

    def names(self, folder: str) -> Sequence[str]:
        """The names of all that lies directly in a folder at the root."""
        return [name for name in self._tree.names(folder) if folder not in OF_SKILLS or name in self._names]

    def files(self, *folders: str) -> Sequence[TreeFile]:
        """All files below these folders (or these files themselves), sorted by path."""
        wanted: list[str] = []
        for folder in folders:
            wanted += [f"{folder}/{name}" for name in self._names] if folder in OF_SKILLS else [folder]
        return self._tree.files(*wanted)

    def read(self, files: Iterable[TreeFile]) -> Mapping[str, bytes]:
        """The bytes of files by path; one that cannot be read is left out."""
        return self._tree.read(files)

    @property
    def unreadable(self) -> Mapping[str, str]:
        """Why each file or folder that was asked for so far could not be read."""
        return self._tree.unreadable
