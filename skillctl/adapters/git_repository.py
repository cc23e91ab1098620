"""Git: reads with plumbing (`rev-parse`, `ls-tree`, `cat-file --batch`), commits with GitPython (`git_commit`)."""

import contextlib
import fcntl
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from skillctl.adapters import git_root, git_tree
from skillctl.adapters.git_history import GitHistory, Refused
from skillctl.adapters.git_tree import GitTree, Objects
from skillctl.errors import Unreachable, UsageError

#: The name of a ref within a revision such as `origin/main~2`.
_REF = re.compile(r"[^~^:@]+")
#: What Git takes for an object, whatever refs are called so.
_OBJECT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class GitRepository(GitHistory):
    """One repository with a working folder."""

    def __init__(self, folder: Path) -> None:
        """Open the repository that `folder` lies in; UsageError where there is none."""
        super().__init__(git_root.find(folder))
        self._objects = Objects(self.root)

    def head(self) -> str:
        """The commit that is checked out; UsageError before the first commit."""
        head = self._head()
        if head is None:
            hint = "run `git add skills evals skillctl.yaml && git commit`"
            raise UsageError(f"the repository `{self.root}` has no commits yet", hint=hint)
        return head

    def resolve(self, revision: str) -> str:
        """The commit a revision means; UsageError if it means none, or more than one."""
        self.head()
        try:
            found = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        except Refused:
            raise UsageError(f"`{revision}` is not a commit of this repository", hint="run `git fetch`") from None
        self._refuse_ambiguous(revision)
        return found

    def tree(self, commit: str) -> GitTree:
        """What a commit holds."""
        return GitTree(self.root, commit, self._objects)

    def pending(self, *folders: str) -> GitTree:
        """What committing these folders as they lie now would give, without staging anything.

        The objects are written to Git's store, where `git gc` removes what nobody commits.
        """
        with tempfile.TemporaryDirectory(prefix="skillctl-") as scratch:
            index = Path(scratch) / "index"
            own_index = self._path("--git-path", "index")
            if own_index.exists():
                # A copy keeps Git's knowledge of unchanged files, so only changed ones are hashed; with its time, by
                # which Git knows the files that changed so soon after they were staged that it must look again.
                shutil.copy2(own_index, index)
            present = [folder for folder in folders if (self.root / folder).exists()]
            try:
                if not own_index.exists() and self._head() is not None:
                    self.git("read-tree", "HEAD", index=index)
                if present:
                    self.git("add", "--all", "--", *present, index=index)
                gone = [folder for folder in folders if folder not in present]
                if gone:
                    self.git("rm", "-r", "--cached", "--quiet", "--ignore-unmatch", "--", *gone, index=index)
                tree = self.git("write-tree", index=index)
            except Refused as problem:
                hint = "finish what `git status` shows (a merge, a lock), then try again"
                raise Unreachable(f"git could not read the working folder: {problem}", hint=hint) from None
        return GitTree(self.root, tree, self._objects)

    def blobs(self, ids: Iterable[str]) -> Mapping[str, bytes]:
        """Bytes by Git object id, or by `COMMIT:PATH`; an object that is not there is left out."""
        return self._objects.blobs(ids)

    def ids(self, names: Iterable[str]) -> Mapping[str, str]:
        """The object ids of `COMMIT:PATH`, by that name; what is not there is left out."""
        wanted = list(dict.fromkeys(names))
        command = ["git", "cat-file", "--batch-check=%(objectname)"]
        said = git_tree.run(self.root, command, "\n".join(wanted).encode() + b"\n") if wanted else b""
        pairs = zip(wanted, said.decode().splitlines(), strict=True)
        return {name: line for name, line in pairs if not line.endswith(" missing")}

    def hash_blob(self, raw: bytes) -> str:
        """The object id that Git gives these bytes."""
        return git_tree.run(self.root, ["git", "hash-object", "--stdin"], raw).decode().strip()

    def folders(self, treeish: str, folder: str) -> Mapping[str, str]:
        """The folders directly in a folder of a tree, with the object ids that name all they hold."""
        found = {}
        for record in self.read("ls-tree", "-z", "--full-tree", treeish, f"{folder}/").split("\0"):
            head, _, path = record.partition("\t")
            if head.split(" ")[1:2] == ["tree"]:
                found[path.removeprefix(f"{folder}/")] = head.split(" ")[2]
        return found

    def current_branch(self) -> str | None:
        """The branch that is checked out; None where it is a commit alone."""
        try:
            return self.git("symbolic-ref", "--quiet", "--short", "HEAD")
        except Refused:
            return None

    def default_branch(self) -> str | None:
        """The branch that a clone of its origin begins with; None where there is no origin, or it did not say."""
        try:
            name = self.git("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
        except Refused:
            return None
        return name.removeprefix("refs/remotes/origin/")

    def tracks(self, folder: str) -> bool:
        """Whether anything of a folder belongs to the repository, however its name is written."""
        return bool(self.git("ls-files", "--", f":(icase){folder}"))

    def brought(self, folder: str) -> Mapping[str, str]:
        """For each file below `folder` in HEAD: the day and time at which a commit brought it in last, RFC 3339.

        One that came in before this shallow clone begins is left out: when that was is not known here.
        """
        words = ("--first-parent", "-m", "--no-renames", "--diff-filter=A", "--format=%x00%H %cI", "--name-only")
        try:
            told = self.git("log", *words, "HEAD", "--", folder)
        except Refused as problem:
            if self._head() is None:
                return {}
            raise Unreachable(f"git could not read its history: {problem}") from None
        shallow = self._path("--git-path", "shallow")
        edges = set(shallow.read_text(encoding="ascii").split()) if shallow.exists() else set()
        found: dict[str, str] = {}
        for record in told.split("\0")[1:]:
            head, *paths = record.split("\n")
            commit, _, when = head.partition(" ")
            for path in filter(None, paths):
                found.setdefault(path, "" if commit in edges else when)
        return {path: when for path, when in found.items() if when}

    def actor(self) -> str:
        """Who commits here, as `Name <mail>`."""
        try:
            identity = self.git("var", "GIT_COMMITTER_IDENT")
        except Refused as problem:
            hint = "run `git config user.name` and `git config user.email` with yours"
            raise UsageError(f"git does not know who you are: {problem}", hint=hint) from None
        return identity.rsplit(" ", 2)[0]

    def signing_key(self) -> str | None:
        """The SSH key that Git signs with (`user.signingkey`), as its configuration has it; None if there is none."""
        try:
            return self.git("config", "--get", "user.signingkey") or None
        except Refused:
            return None

    def commit(self, files: Mapping[str, bytes], message: str) -> str | None:
        """Commit exactly these files with exactly these bytes, whatever else is staged or changed.

        None if HEAD says so already. UsageError where a file has changes of somebody's that would be lost;
        Unreachable where Git refuses, and then everything is as it was.
        """
        # Loaded here: GitPython asks Git for its version twice, and most commands only read.
        import git

        from skillctl.adapters.git_commit import FileCommit

        self.actor()
        ids = {path: self.hash_blob(raw) for path, raw in files.items()}
        return self.head() if FileCommit(git.Repo(self.root), self.root, files, ids).made(message) else None

    def write(self, files: Mapping[str, bytes]) -> list[str]:
        """Put exactly these bytes into the folder, for somebody to commit; the paths in which HEAD says otherwise.

        UsageError where a file has changes of somebody's that would be lost.
        """
        import git

        from skillctl.adapters.git_commit import FileCommit

        ids = {path: self.hash_blob(raw) for path, raw in files.items()}
        held = {entry.path: entry.blob for entry in self.tree(self.head()).files(*files)}
        FileCommit(git.Repo(self.root), self.root, files, ids).written()
        return [path for path in files if held.get(path) != ids[path]]

    def commit_on(self, branch: str, files: Mapping[str, bytes], message: str) -> str | None:
        """Commit exactly these files on a branch that begins at HEAD; it is made where it is missing.

        The folder, the index and HEAD are not touched. None if the branch, or HEAD, says so already. UsageError where
        the branch is checked out, or holds something else; Unreachable where Git refuses.
        """
        from skillctl.adapters.git_branch import BranchCommit

        self.actor()
        try:
            valid = self.git("check-ref-format", "--branch", branch) == branch
        except Refused:
            valid = False
        if not valid:
            raise UsageError(f"`{branch}` cannot be the name of a branch", hint="give another name to `--branch`")
        ref, head = f"refs/heads/{branch}", self.head()
        where = self.git("for-each-ref", "--format=%(worktreepath)", ref)
        if where or self.current_branch() == branch:
            hint = "leave `--branch` out to commit to what is checked out, or give another name"
            raise UsageError(f"branch `{branch}` is checked out in `{where or self.root}`", hint=hint)
        try:
            tip = self.git("for-each-ref", "--format=%(objectname)", ref) or None
            return BranchCommit(self.root, self.git, branch, head).made(files, message, tip)
        except Refused as problem:
            hint = "nothing was changed; mend what git says, then run the same command again"
            raise Unreachable(f"the commit was refused: {problem}", hint=hint) from None

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Held while one process changes the repository; it ends with the process, so nothing is left behind."""
        path = self._path("--git-common-dir") / "skillctl.lock"
        try:
            opened = path.open("w")
        except OSError as problem:
            words = f"`{problem.filename}`: {(problem.strerror or type(problem).__name__).lower()}"
            raise Unreachable(f"the repository cannot be changed: {words}") from None
        with opened as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = f"another `skillctl` is changing `{self.root}` at this moment"
                raise Unreachable(message, hint="wait for it, then try again") from None
            yield

    def _refuse_ambiguous(self, revision: str) -> None:
        """UsageError where several refs have this name: Git would take a tag, which anybody may have called so."""
        name = _REF.match(revision)
        word = name[0] if name else ""
        refs = [f"refs/{kind}/{word}" for kind in ("tags", "heads", "remotes")] if word else []
        # Whatever names of refs begin so; those below are of other refs.
        known = [ref for ref in self.git("for-each-ref", "--format=%(refname)", *refs).split("\n") if ref in refs]
        if word and len(known) > 1 and _OBJECT.fullmatch(word) is None:
            message = f"`{word}` is the name of more than one ref: `{'`, `'.join(known)}`"
            raise UsageError(message, hint=f"name the one that is meant, such as `{known[-1]}`")

    def _path(self, *asked: str) -> Path:
        return self.root / self.git("rev-parse", *asked)

    def _head(self) -> str | None:
        try:
            return self.git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        except Refused as problem:
            if problem.exit_code != 1:
                raise Unreachable(f"git could not read `{self.root}`: {problem}") from None
            return None
