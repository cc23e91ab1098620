"""Bulk reading of Git trees: one process for the names, one for the bytes, however many there are."""

import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from skillctl.domain.tree import TreeFile
from skillctl.errors import Unreachable

#: What stands in the place of an object is said by each clone for itself, and is no part of what is judged.
GIT = ("git", "--no-replace-objects")


#: Above so many objects or files at once, what was read is not kept: it is seldom asked for again, and large.
_MANY = 1000
#: Bytes of the largest object that is kept.
_LARGEST = 64 * 1024
#: The whole name of an object, which never means other bytes.
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Objects:
    """The objects of one repository; a small one is read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._kept: dict[str, bytes] = {}

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Bytes by object id, or by `COMMIT:PATH`; an object that is not there is left out."""
        wanted = list(dict.fromkeys(ids))
        read = cat_blobs(self._root, [one for one in wanted if one not in self._kept])
        if len(read) <= _MANY:
            small = {name: raw for name, raw in read.items() if len(raw) <= _LARGEST and _ID.fullmatch(name)}
            self._kept |= small
        return {one: raw for one in wanted if (raw := self._kept.get(one, read.get(one))) is not None}


class GitTree:
    """What a commit or tree object holds."""

    def __init__(self, root: Path, treeish: str, objects: Objects | None = None) -> None:
        self._root = root
        self._treeish = treeish
        self._objects = objects or Objects(root)
        self._listed: dict[str, list[TreeFile]] = {}
        self.unreadable: Mapping[str, str] = {}

    def names(self, folder: str) -> list[str]:
        """The names of all that lies directly in a folder at the root."""
        command = ["git", "ls-tree", "-z", "--name-only", "--full-tree", self._treeish, f"{folder}/"]
        paths = run(self._root, command).decode("utf-8", "surrogateescape").split("\0")
        return [path.removeprefix(f"{folder}/") for path in paths if path]

    def files(self, *folders: str) -> list[TreeFile]:
        """All entries below these folders (or these files themselves), sorted by path."""
        if len(folders) == 1 and (wider := self._wider(folders[0])) is not None:
            return [one for one in wider if one.path == folders[0] or one.path.startswith(f"{folders[0]}/")]
        found = sorted(self._list(folders), key=lambda entry: entry.path)
        if len(found) <= _MANY and _ID.fullmatch(self._treeish):
            self._listed |= dict.fromkeys(folders, found)
        return found

    def _wider(self, folder: str) -> list[TreeFile] | None:
        """A list that was made before and has all that lies below this folder."""
        while folder:
            if folder in self._listed:
                return self._listed[folder]
            folder = folder.rpartition("/")[0]
        return None

    def _list(self, folders: Sequence[str]) -> Iterator[TreeFile]:
        command = ["git", "ls-tree", "-r", "-z", "--full-tree", self._treeish, "--", *folders]
        for record in run(self._root, command).split(b"\0"):
            if record:
                head, _, path = record.partition(b"\t")
                mode, _, blob = head.split(b" ")
                yield TreeFile(path.decode("utf-8", "surrogateescape"), mode.decode(), blob.decode())

    def read(self, files: Iterable[TreeFile]) -> Mapping[str, bytes]:
        """The bytes of files by path; a submodule has none."""
        wanted = [file for file in files if file.mode != "160000"]
        blobs = self._objects.blobs(file.blob for file in wanted)
        return {file.path: blobs[file.blob] for file in wanted if file.blob in blobs}


def cat_blobs(root: Path, wanted: Sequence[str]) -> dict[str, bytes]:
    """Bytes by object id, each asked for once; an object that is not there is left out."""
    if not wanted:
        return {}
    # By way of files: piece by piece through pipes takes Python as long as all of it takes Git.
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as answered:
        asked.write("\n".join(wanted).encode() + b"\n")
        asked.seek(0)
        run(root, ["git", "cat-file", "--batch", "--buffer"], stdin=asked, stdout=answered)
        answered.seek(0)
        said = memoryview(answered.read())
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


def run(root: Path, command: list[str], told: bytes | None = None, **files: IO[bytes]) -> bytes:
    """What a plumbing command prints, if not to one of these `files`; Unreachable with its own words where it fails."""
    given: dict[str, Any] = {"stdout": subprocess.PIPE, **files}
    if told is not None:
        given["input"] = told
    done = subprocess.run([*GIT, *command[1:]], cwd=root, stderr=subprocess.PIPE, check=False, **given)
    if done.returncode:
        words = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise Unreachable(f"`{' '.join(command[:2])}` failed: {words}")
    printed: bytes = done.stdout or b""
    return printed
