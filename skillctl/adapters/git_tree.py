"""Bulk reading of Git trees: one process for the names, one for the bytes, however many there are."""

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from skillctl.domain.tree import TreeFile
from skillctl.errors import Unreachable

#: What stands in the place of an object is said by each clone for itself, and is no part of what is judged.
GIT = ("git", "--no-replace-objects")


class GitTree:
    """What a commit or tree object holds."""

    def __init__(self, root: Path, treeish: str) -> None:
        self._root = root
        self._treeish = treeish
        self.unreadable: Mapping[str, str] = {}

    def names(self, folder: str) -> list[str]:
        """The names of all that lies directly in a folder at the root."""
        command = ["git", "ls-tree", "-z", "--name-only", "--full-tree", self._treeish, f"{folder}/"]
        paths = run(self._root, command).decode("utf-8", "surrogateescape").split("\0")
        return [path.removeprefix(f"{folder}/") for path in paths if path]

    def files(self, *folders: str) -> list[TreeFile]:
        """All entries below these folders (or these files themselves), sorted by path."""
        command = ["git", "ls-tree", "-r", "-z", "--full-tree", self._treeish, "--", *folders]
        entries = []
        for record in run(self._root, command).split(b"\0"):
            if record:
                head, _, path = record.partition(b"\t")
                mode, _, blob = head.split(b" ")
                entries.append(TreeFile(path.decode("utf-8", "surrogateescape"), mode.decode(), blob.decode()))
        return sorted(entries, key=lambda entry: entry.path)

    def read(self, files: Iterable[TreeFile]) -> Mapping[str, bytes]:
        """The bytes of files by path; a submodule has none."""
        wanted = [file for file in files if file.mode != "160000"]
        blobs = cat_blobs(self._root, (file.blob for file in wanted))
        return {file.path: blobs[file.blob] for file in wanted if file.blob in blobs}


def cat_blobs(root: Path, ids: Iterable[str]) -> dict[str, bytes]:
    """Bytes by object id; an object that is not there is left out."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    said = memoryview(run(root, ["git", "cat-file", "--batch"], "\n".join(wanted).encode() + b"\n"))
    blobs: dict[str, bytes] = {}
    at = 0
    for wish in wanted:
        end = _line_end(said, at)
        words = bytes(said[at:end]).decode().split()
        at = end + 1
        if words[-1] == "missing":
            continue
        size = int(words[2])
        if words[1] == "blob":
            blobs[wish] = bytes(said[at : at + size])
        at += size + 1
    return blobs


def _line_end(said: memoryview, at: int) -> int:
    # An answer's first line is an id, a type and a size: always short.
    return at + bytes(said[at : at + 200]).index(b"\n")


def run(root: Path, command: list[str], told: bytes | None = None) -> bytes:
    """What a plumbing command prints; Unreachable with its own words where it fails."""
    done = subprocess.run([*GIT, *command[1:]], cwd=root, input=told, capture_output=True, check=False)
    if done.returncode:
        words = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise Unreachable(f"`{' '.join(command[:2])}` failed: {words}")
    return done.stdout
