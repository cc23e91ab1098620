"""The history of a repository, by plumbing: which commits, what differs between them, who wrote it."""

import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from skillctl.adapters import git_tree
from skillctl.errors import Unreachable, UsageError

_COAUTHORS = "%(trailers:key=Co-authored-by,valueonly,unfold)"

#: The last second that a calendar has, of the year 9999.
_LAST = 253_402_300_799


class Refused(Exception):
    """A command of Git failed; the text is its own words in one line."""

    def __init__(self, exit_code: int, words: str) -> None:
        super().__init__(" ".join(words.split()) or f"exit code {exit_code}")
        self.exit_code = exit_code


class GitHistory:
    """Questions to the history of one repository, of which `root` is the folder it begins in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._brought: dict[tuple[tuple[str, ...], str], Mapping[str, tuple[str, str | None]]] = {}

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether one commit lies in the history of another; False if either is unknown here."""
        try:
            self.git("merge-base", "--is-ancestor", older, newer)
        except Refused:
            return False
        return True

    def merge_base(self, one: str, other: str) -> str:
        """The newest commit that two commits have in common; Unreachable if this clone knows of none."""
        try:
            return self.git("merge-base", one, other).split()[0]
        except (Refused, IndexError):
            hint = "run `git fetch --unshallow`, or `git fetch --deepen=100`"
            raise Unreachable(f"this clone does not know where {one[:12]} and {other[:12]} parted", hint=hint) from None

    def changed(self, before: str, after: str) -> list[str]:
        """The paths that differ between two trees, sorted."""
        # A `.gitmodules` is content of the change, and could have Git overlook a submodule.
        words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", "--ignore-submodules=none")
        return sorted(path for path in self.read(*words, before, after).split("\0") if path)

    def merged(self, base: str, head: str) -> str:
        """The tree that merging `head` into `base` would give; Unreachable where that takes a person.

        Nothing is checked out; the objects are written to Git's store, where `git gc` removes what nobody commits.
        """
        try:
            return self.git("merge-tree", "--write-tree", "--no-messages", base, head).split("\n")[0]
        except Refused as problem:
            if problem.exit_code == 1:
                message = f"{head[:12]} cannot be merged into {base[:12]} without conflicts"
                raise Unreachable(message, hint="merge or rebase the branch first") from None
            hint = "install Git 2.38 or newer, or merge the base into the branch first"
            raise Unreachable(f"git could not merge: {problem}", hint=hint) from None

    def first_parents(self, since: str, until: str) -> list[str]:
        """The commits of the first-parent line of `until` after `since`, the oldest first.

        UsageError where `since` does not lie on that line; Unreachable where this clone does not reach back so far.
        """
        line = self.read("rev-list", "--first-parent", until).split()
        if since in line:
            return line[: line.index(since)][::-1]
        if self.is_shallow():
            message = f"this clone is shallow, and does not reach back to {since[:12]}"
            raise Unreachable(message, hint="run `git fetch --unshallow`")
        message = f"{since[:12]} is not on the first-parent line of {until[:12]}"
        raise UsageError(message, hint="was the branch rewritten? what is judged must come after what was judged")

    def parent(self, commit: str) -> str | None:
        """The first parent of a commit; None of the first one."""
        parents = self.git("rev-list", "--parents", "--max-count=1", commit).split()[1:]
        return parents[0] if parents else None

    def branch(self, name: str) -> list[str]:
        """The newest commits of a branch as this clone knows it, its own and its origin's; none if it knows neither."""
        refs = (f"refs/heads/{name}", f"refs/remotes/origin/{name}")
        return self.git("for-each-ref", "--format=%(objectname)", *refs).split()

    def authors(self, folder: str, since: str | None, at: str = "HEAD") -> list[str]:
        """Everybody who wrote in `folder` after the commit `since` (None: ever), up to `at`, as `Name <mail>`, sorted.

        Those whom a commit names in a trailer `Co-authored-by:` wrote it too. Names are taken as committed: a
        `.mailmap` is content of the change, and could rename its author. Unreachable in a shallow clone, whose list
        would leave out whoever worked before it begins.
        """
        if self.is_shallow():
            message = f"this clone is shallow, so it does not know everybody who worked on `{folder}`"
            hint = "run `git fetch --unshallow`; in CI check out with the whole history (`fetch-depth: 0`)"
            raise Unreachable(message, hint=hint)
        span = [f"^{since}"] if since else []
        # All history: what came in over two ways was written by both.
        words = ("--full-history", f"--format=%an <%ae>%n{_COAUTHORS}")
        lines = self._log(*words, at, *span, "--", folder).splitlines()
        return sorted({line.strip() for line in lines if line.strip()})

    def days(self, at: str) -> Mapping[str, str]:
        """The day in UTC of each commit of the first-parent line of `at`, `YYYY-MM-DD`, never before an older one's.

        Who dates a commit back does not get back to when a key still signed.
        """
        day, found = "", {}
        for line in reversed(self._log("--first-parent", "--format=%H %ct", at).split("\n")):
            commit, _, seconds = line.partition(" ")
            found[commit] = day = max(day, _day(seconds))
        return found

    def message(self, commit: str) -> str | None:
        """The message of a commit; None where this clone does not know it."""
        try:
            return self.git("log", "--no-show-signature", "--max-count=1", "--format=%B", "--end-of-options", commit)
        except Refused:
            return None

    def remote(self) -> str | None:
        """The address that its origin is fetched from, as its configuration has it; None if there is none."""
        try:
            return self.git("config", "--get", "remote.origin.url") or None
        except Refused:
            return None

    def is_shallow(self) -> bool:
        """Whether this clone lacks a part of the history."""
        return self._is_shallow

    @cached_property
    def _is_shallow(self) -> bool:
        return self.git("rev-parse", "--is-shallow-repository") == "true"

    def introduced(self, folders: Sequence[str], at: str) -> Mapping[str, tuple[str, str | None]]:
        """For each file below these folders: the first-parent commit of `at` that brought in its bytes, and its parent.

        The newest come first.
        """
        asked = tuple(sorted(folders))
        if (asked, at) not in self._brought:
            found = self._since_known(asked, at)
            self._brought[asked, at] = self._introduced(asked, at) if found is None else found
        return self._brought[asked, at]

    def _since_known(self, folders: tuple[str, ...], at: str) -> Mapping[str, tuple[str, str | None]] | None:
        """What is known of the commit asked for last, with what came in since; None where it is not behind this one."""
        older = next((commit for of, commit in reversed(self._brought) if of == folders), None)
        if older is None:
            return None
        line = self.read("rev-list", "--first-parent", "--parents", f"{older}..{at}")
        # One that came in by a merge's side is no commit of the line.
        if line.rsplit("\n", 1)[-1].split(" ")[1:2] != [older]:
            return None
        came, known = self._introduced(folders, f"{older}..{at}"), self._brought[folders, older]
        # The newest first, as Git lists them: their order says how old they are.
        return {**came, **{path: origin for path, origin in known.items() if path not in came}}

    def _introduced(self, folders: tuple[str, ...], span: str) -> Mapping[str, tuple[str, str | None]]:
        words = ("--first-parent", "-m", "--no-renames", "--diff-filter=AMT", "--format=%x00%H %P", "--name-only")
        found: dict[str, tuple[str, str | None]] = {}
        for record in self._log(*words, span, "--", *folders).split("\0")[1:]:
            head, *paths = record.split("\n")
            commit, *parents = head.split(" ")
            for path in paths:
                if path:
                    found.setdefault(path, (commit, parents[0] if parents and parents[0] else None))
        return found

    def _log(self, *words: str) -> str:
        return self.read("log", "--no-show-signature", *words)

    def read(self, *words: str) -> str:
        """What a command prints; Unreachable where it fails."""
        try:
            return self.git(*words)
        except Refused as problem:
            raise Unreachable(f"git could not read its history: {problem}") from None

    def git(self, *words: str, index: Path | None = None) -> str:
        """What a command prints, in English and without the last line's end; Refused where it fails."""
        chosen = ["LC_ALL=C", "LANGUAGE=C", *([f"GIT_INDEX_FILE={index}"] if index is not None else [])]
        done = subprocess.run(["env", *chosen, *git_tree.GIT, *words], cwd=self.root, capture_output=True, check=False)
        printed = done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")
        if done.returncode:
            raise Refused(done.returncode, done.stderr.decode("utf-8", "replace") or printed)
        return printed


def _day(said: str) -> str:
    # Whoever writes a commit writes its time; what is none, or in no calendar, is after every key retired.
    seconds = min(int(said), _LAST) if said else _LAST
    return datetime.fromtimestamp(max(seconds, 0), UTC).date().isoformat()
