"""Git: reads with plumbing (`ls-tree`, `cat-file --batch`), commits with `git commit --only`; the rest by GitPython."""

import contextlib
import fcntl
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import git
from git.exc import GitCommandError

from skillctl.adapters import atomic
from skillctl.adapters.git_tree import GitTree, cat_blobs
from skillctl.errors import Unreachable, UsageError


class GitRepository:
    """One repository with a working folder."""

    def __init__(self, folder: Path) -> None:
        """Open the repository that `folder` lies in; UsageError where there is none."""
        try:
            self._repo = git.Repo(folder, search_parent_directories=True)
        except (git.InvalidGitRepositoryError, git.NoSuchPathError):
            hint = "run `git init` there, or name another folder with `-C`"
            raise UsageError(f"`{folder}` is not in a Git repository", hint=hint) from None
        if self._repo.working_tree_dir is None:
            raise UsageError(f"`{folder}` is a bare repository; a working folder is needed")
        self.root = Path(self._repo.working_tree_dir)

    def head(self) -> str:
        """The commit that is checked out; UsageError before the first commit."""
        head = self._head()
        if head is None:
            hint = "run `git add skills evals skillctl.yaml && git commit`"
            raise UsageError(f"the repository `{self.root}` has no commits yet", hint=hint)
        return head

    def resolve(self, revision: str) -> str:
        """The commit a revision means; UsageError if it means none."""
        self.head()
        try:
            return str(self._repo.git.rev_parse("--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"))
        except GitCommandError:
            raise UsageError(f"`{revision}` is not a commit of this repository", hint="run `git fetch`") from None

    def tree(self, commit: str) -> GitTree:
        """What a commit holds."""
        return GitTree(self.root, commit)

    def pending(self, *folders: str) -> GitTree:
        """What committing these folders as they lie now would give, without staging anything.

        The objects are written to Git's store, where `git gc` removes what nobody commits.
        """
        with tempfile.TemporaryDirectory(prefix="skillctl-") as scratch:
            index = Path(scratch) / "index"
            own_index = self._index
            if own_index.exists():
                # A copy keeps Git's knowledge of unchanged files, so only changed ones are hashed; with its time, by
                # which Git knows the files that changed so soon after they were staged that it must look again.
                shutil.copy2(own_index, index)
            present = [folder for folder in folders if (self.root / folder).exists()]
            with self._repo.git.custom_environment(GIT_INDEX_FILE=str(index)):
                try:
                    if self._head() is not None:
                        self._repo.git.read_tree("HEAD") if not own_index.exists() else None
                    if present:
                        self._repo.git.add("--all", "--", *present)
                    gone = [folder for folder in folders if folder not in present]
                    if gone:
                        self._repo.git.rm("-r", "--cached", "--quiet", "--ignore-unmatch", "--", *gone)
                    tree = str(self._repo.git.write_tree())
                except GitCommandError as problem:
                    raise Unreachable(f"git could not read the working folder: {_said(problem)}") from None
        return GitTree(self.root, tree)

    def blobs(self, ids: Iterable[str]) -> Mapping[str, bytes]:
        """Bytes by Git object id; an object that is not there is left out."""
        return cat_blobs(self.root, ids)

    def hash_blob(self, raw: bytes) -> str:
        """The object id that Git gives these bytes."""
        command = ["git", "hash-object", "--stdin"]
        return (
            subprocess.run(command, cwd=self.root, input=raw, capture_output=True, check=True).stdout.decode().strip()
        )

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether one commit lies in the history of another; False if either is unknown here."""
        try:
            self._repo.git.merge_base("--is-ancestor", older, newer)
        except GitCommandError:
            return False
        return True

    def authors(self, folder: str, since: str) -> list[str]:
        """Everybody who committed to `folder` after the last commit to `since`, as `Name <mail>`, sorted."""
        last = str(self._repo.git.log("-1", "--format=%H", "--", since))
        span = [f"{last}..HEAD"] if last else ["HEAD"]
        return sorted(set(str(self._repo.git.log("--format=%aN <%aE>", *span, "--", folder)).splitlines()))

    def actor(self) -> str:
        """Who commits here, as `Name <mail>`."""
        try:
            identity = str(self._repo.git.var("GIT_COMMITTER_IDENT"))
        except GitCommandError as problem:
            hint = "run `git config user.name` and `git config user.email` with yours"
            raise UsageError(f"git does not know who you are: {_said(problem)}", hint=hint) from None
        return identity.rsplit(" ", 2)[0]

    def commit(self, files: Mapping[str, bytes], message: str) -> str | None:
        """Commit exactly these files, whatever else is staged or changed; None if HEAD says so already.

        Where Git refuses (a hook, no identity), the files are put back and Unreachable is raised.
        """
        self.actor()
        before = {path: self._bytes_of(path) for path in files}
        with tempfile.TemporaryDirectory(prefix="skillctl-") as scratch:
            index = Path(scratch) / "index"
            if self._index.exists():
                shutil.copy2(self._index, index)
            return self._committed(files, message, before, index)

    def _committed(
        self, files: Mapping[str, bytes], message: str, before: Mapping[str, bytes | None], index: Path
    ) -> str | None:
        try:
            for path, raw in files.items():
                atomic.write(self.root / path, raw, Path(self._repo.git_dir))
            self._repo.git.add("--", *files)
            if not self._repo.git.diff("--cached", "--name-only", "HEAD", "--", *files):
                return None
            self._repo.git.commit("--only", "--quiet", f"--message={message}", "--", *files)
        except GitCommandError as problem:
            self._put_back(before, index)
            raise Unreachable(f"git refused the commit: {_said(problem)}", hint="nothing was changed") from None
        return self.head()

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Held while one process changes the repository; it ends with the process, so nothing is left behind."""
        with (Path(self._repo.common_dir) / "skillctl.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = f"another `skillctl` is changing `{self.root}` at this moment"
                raise Unreachable(message, hint="wait for it, then try again") from None
            yield

    @property
    def _index(self) -> Path:
        return Path(self._repo.index.path)

    def _head(self) -> str | None:
        # Asked of Git itself: GitPython reads no repository of SHA-256 objects.
        try:
            return str(self._repo.git.rev_parse("--verify", "--quiet", "HEAD^{commit}"))
        except GitCommandError as problem:
            if problem.status != 1:
                raise Unreachable(f"git could not read `{self.root}`: {_said(problem)}") from None
            return None

    def _bytes_of(self, path: str) -> bytes | None:
        file = self.root / path
        return file.read_bytes() if file.exists() else None

    def _put_back(self, before: Mapping[str, bytes | None], index: Path) -> None:
        for path, raw in before.items():
            if raw is not None:
                atomic.write(self.root / path, raw, Path(self._repo.git_dir))
                continue
            (self.root / path).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                # Folders that were made for the file; one that holds something else stays.
                for folder in Path(path).parents:
                    (self.root / folder).rmdir()
        if index.exists():
            shutil.copy2(index, self._index)
        else:
            self._index.unlink(missing_ok=True)


def _said(problem: GitCommandError) -> str:
    words = str(problem.stderr or problem.stdout).strip().removeprefix("stderr:").strip().strip("'")
    return " ".join(words.split()) or f"exit code {problem.status}"
