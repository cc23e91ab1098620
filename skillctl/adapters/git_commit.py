"""A commit of exactly these files with exactly these bytes, or everything as it was."""

import contextlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import git
from git.exc import GitCommandError

from skillctl.adapters import atomic
from skillctl.errors import Unreachable, UsageError

_AGAIN = "nothing was changed; mend what git says, then run the same command again"


class FileCommit:
    """One commit in the making; `ids` are the object ids that Git gives the bytes of each file."""

    def __init__(self, repo: "git.Repo", root: Path, files: Mapping[str, bytes], ids: Mapping[str, str]) -> None:
        self._repo = repo
        self._root = root
        self._files = files
        self._ids = ids
        self._scratch = Path(repo.git_dir)

    def made(self, message: str) -> bool:
        """Whether a commit was made; False if HEAD says so already.

        UsageError where a file has changes of somebody's that would be lost; Unreachable where Git refuses (a hook,
        a lock, an attribute that changes the bytes): then the files, the index and HEAD are as they were.
        """
        self._refuse_to_overwrite()
        before = {path: self._bytes_of(path) for path in self._files}
        head = str(self._repo.git.rev_parse("HEAD"))
        with tempfile.TemporaryDirectory(prefix="skillctl-") as scratch:
            index = Path(scratch) / "index"
            if self._index.exists():
                shutil.copy2(self._index, index)
            try:
                return self._commit(message)
            except (GitCommandError, OSError) as problem:
                self._put_back(before, index, head)
                raise Unreachable(f"the commit was refused: {said(problem)}", hint=_AGAIN) from None
            except Unreachable:
                self._put_back(before, index, head)
                raise

    def written(self) -> None:
        """Put the files into the folder and commit nothing; UsageError, Unreachable as of `made`."""
        self._refuse_to_overwrite()
        before = {path: self._bytes_of(path) for path in self._files}
        try:
            for path, raw in self._files.items():
                if before[path] != raw:
                    atomic.write(self._root / path, raw, self._scratch)
        except OSError as problem:
            self._files_back(before)
            raise Unreachable(f"the files could not be written: {said(problem)}", hint=_AGAIN) from None

    def _refuse_to_overwrite(self) -> None:
        """What stands in the folder is HEAD's, or ours from a run that was killed; anything else is somebody's work."""
        for path, raw in self._files.items():
            changed = self._repo.git.status("--porcelain", "--ignored", "--", path)
            if changed and (self._root / path).is_file() and (self._root / path).read_bytes() != raw:
                hint = f"commit it (`git add {path} && git commit`), or put it back (`git checkout -- {path}`)"
                raise UsageError(f"`{path}` has changes that are not committed, and would lose them", hint=hint)

    def _commit(self, message: str) -> bool:
        for path, raw in self._files.items():
            atomic.write(self._root / path, raw, self._scratch)
        self._repo.git.add("--", *self._files)
        self._expect(self._repo.git.ls_files("--stage", "-z", "--", *self._files), 1, "an attribute or `core.autocrlf`")
        if not self._repo.git.diff("--cached", "--name-only", "HEAD", "--", *self._files):
            return False
        self._repo.git.commit("--only", "--quiet", f"--message={message}", "--", *self._files)
        self._expect(self._repo.git.ls_tree("-z", "HEAD", "--", *self._files), 2, "a commit hook")
        return True

    def _expect(self, listed: str, place: int, culprit: str) -> None:
        """An approval names bytes; a commit that holds others would be a lie."""
        held = {}
        for record in listed.split("\0"):
            if record:
                head, _, path = record.partition("\t")
                held[path] = head.split(" ")[place]
        for path, wanted in self._ids.items():
            if held.get(path) != wanted:
                raise Unreachable(f"{culprit} changes the bytes of `{path}` on their way into the commit", hint=_AGAIN)

    def _bytes_of(self, path: str) -> bytes | None:
        file = self._root / path
        return file.read_bytes() if file.is_file() else None

    def _put_back(self, before: Mapping[str, bytes | None], index: Path, head: str) -> None:
        if str(self._repo.git.rev_parse("HEAD")) != head:
            self._repo.git.reset("--soft", head)
        self._files_back(before)
        if index.exists():
            shutil.copy2(index, self._index)
        else:
            self._index.unlink(missing_ok=True)

    def _files_back(self, before: Mapping[str, bytes | None]) -> None:
        for path, raw in before.items():
            if raw is not None:
                atomic.write(self._root / path, raw, self._scratch)
                continue
            with contextlib.suppress(OSError):
                (self._root / path).unlink(missing_ok=True)
                # Folders that were made for the file; one that holds something else stays.
                for folder in Path(path).parents:
                    (self._root / folder).rmdir()

    @property
    def _index(self) -> Path:
        return Path(self._repo.index.path)


def said(problem: GitCommandError | OSError) -> str:
    """What Git or the system says of a failure, in one line."""
    if isinstance(problem, OSError) and not isinstance(problem, GitCommandError):
        return f"`{problem.filename}`: {(problem.strerror or type(problem).__name__).lower()}"
    words = str(problem.stderr or problem.stdout).strip().removeprefix("stderr:").strip().strip("'")
    return " ".join(words.split()) or f"exit code {problem.status}"
