"""A commit on another branch than the one that is checked out; the folder, the index and HEAD are not touched.

It is made with plumbing in an index of its own. Hooks, which look at the folder, do not run; Git's own settings for
signing hold.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from skillctl.adapters import git_tree
from skillctl.errors import UsageError


class Plumbing(Protocol):
    """Runs a command of Git: what it prints, or an exception of the caller's."""

    def __call__(self, *words: str, index: Path | None = None) -> str:
        """The output without the last line's end."""
        ...


class BranchCommit:
    """One commit in the making, on a branch that begins at `head`."""

    def __init__(self, root: Path, plumbing: Plumbing, branch: str, head: str) -> None:
        self._root = root
        self._git = plumbing
        self._branch = branch
        self._head = head

    def made(self, files: Mapping[str, bytes], message: str, tip: str | None) -> str | None:
        """The commit on a branch whose tip is this now; None if the branch, or HEAD, says all of it already.

        UsageError where the branch holds what is not expected there.
        """
        blobs = {path: self._kept(raw) for path, raw in files.items()}
        if tip not in (None, self._head):
            if self._holds(str(tip), blobs):
                return None
            hint = f"delete it (`git branch -D {self._branch}`), or give another name"
            raise UsageError(f"there is a branch `{self._branch}` already, with something else on it", hint=hint)
        with tempfile.TemporaryDirectory(prefix="skillctl-") as scratch:
            tree = self._tree(blobs, Path(scratch) / "index")
        if tree == self._git("rev-parse", f"{self._head}^{{tree}}"):
            return None
        signing = ["-S"] if self._signs() else []
        command = ["git", "commit-tree", *signing, "-p", self._head, tree]
        commit = git_tree.run(self._root, command, message.encode()).decode().strip()
        # With the value of before, so that whoever moved the branch meanwhile loses nothing.
        before = tip or "0" * len(self._head)
        self._git("update-ref", "-m", "commit: skillctl", f"refs/heads/{self._branch}", commit, before)
        return commit

    def _tree(self, blobs: Mapping[str, str], index: Path) -> str:
        self._git("read-tree", self._head, index=index)
        for path, blob in blobs.items():
            entry = f"{self._mode(path)},{blob},{path}"
            self._git("update-index", "--add", "--cacheinfo", entry, index=index)
        return self._git("write-tree", index=index)

    def _holds(self, tip: str, blobs: Mapping[str, str]) -> bool:
        """Whether a commit after HEAD has exactly these bytes: then it was made before, and others added to it."""
        if self._git("merge-base", self._head, tip) != self._head:
            return False
        here = {entry.path: entry.blob for entry in git_tree.GitTree(self._root, tip).files(*blobs)}
        return here == blobs

    def _mode(self, path: str) -> str:
        listed = git_tree.GitTree(self._root, self._head).files(path)
        return listed[0].mode if listed else "100644"

    def _kept(self, raw: bytes) -> str:
        return git_tree.run(self._root, ["git", "hash-object", "-w", "--stdin"], raw).decode().strip()

    def _signs(self) -> bool:
        # `commit-tree` is plumbing: it does not ask this setting by itself.
        return self._git("config", "--type=bool", "--default=false", "--get", "commit.gpgsign") == "true"
