"""The stage of `skillctl demo`: a scratch repository, an embedded PostgreSQL, a local sink, and real commands."""

import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from skillctl import settings, wiring
from skillctl.cli import loaded
from skillctl.domain.definition_text import rewritten
from skillctl.errors import SkillctlError

_COPIED = ("skills", "evals", ".claude/mcp-servers.json", "skillctl.yaml")
_IDENTITY = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Demo Developer",
    "GIT_AUTHOR_EMAIL": "developer@example.test",
    "GIT_COMMITTER_NAME": "Demo Developer",
    "GIT_COMMITTER_EMAIL": "developer@example.test",
}


class Unexpected(SkillctlError):
    """A step of the demo did not do what it says."""

    exit_code = 1


class Stage(Struct):
    """Where the demo plays; `variables` are what a person needs to go on by hand."""

    repository: Path
    variables: Mapping[str, str]
    colour: bool
    width: int
    arrived: Mapping[str, list[dict[str, Any]]]
    commands: int = 0
    _environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        look = {"COLUMNS": str(self.width - 2)} | ({"FORCE_COLOR": "1"} if self.colour else {"NO_COLOR": "1"})
        self._environment = settings.child_environment({**_IDENTITY, **self.variables, **look})

    def skillctl(self, *words: str, expect: int = 0, shows: Sequence[str] = ()) -> str:
        """Run a command as a person would and show what it prints.

        Raises Unexpected where it ends otherwise than expected, or does not show what it must.
        """
        self.commands += 1
        typed = _typed("skillctl", *words)
        self._announce(typed)
        ended = loaded.run(words, self.repository, self._environment)
        return self._judged(typed, ended.exit_code, ended.out + ended.err, expect, shows)

    def git(self, *words: str, shows: Sequence[str] = (), quiet: bool = False) -> str:
        """Run Git in the repository, as `skillctl`."""
        if not quiet:
            self._announce(_typed("git", *words))
        done = subprocess.run(
            ["git", *words], cwd=self.repository, env=self._environment, capture_output=True, text=True, check=False
        )
        typed = None if quiet else _typed("git", *words)
        return self._judged(typed, done.returncode, done.stdout + done.stderr, 0, shows)

    def ask(self, *words: str) -> Any:
        """The `data` of a command's JSON answer, without showing it."""
        return json.loads(loaded.run([*words, "--format", "json"], self.repository, self._environment).out)["data"]

    def _announce(self, typed: str) -> None:
        sys.stdout.write(f"\n  {_bold('$ ' + typed, self.colour)}\n")
        sys.stdout.flush()

    def _judged(self, typed: str | None, exit_code: int, said: str, expect: int, shows: Sequence[str]) -> str:
        if typed is not None:
            sys.stdout.write("".join(f"  {line}\n" for line in said.splitlines()))
            sys.stdout.flush()
        what = typed or "preparing the repository"
        if exit_code != expect:
            raise Unexpected(f"`{what}` ended with {exit_code}, not {expect}: {said.strip()[-300:]}")
        for words in shows:
            if words not in said:
                raise Unexpected(f"`{what}` did not say `{words}`")
        return said


def _typed(*words: str) -> str:
    return " ".join(f'"{word}"' if " " in word else word for word in words)


def _bold(text: str, colour: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if colour else text


@contextmanager
def stage(folder: Path, *, colour: bool, width: int) -> Iterator[Stage]:
    """A running stage in an empty folder; its server and sink end with the block, its files stay."""
    wiring.need_git()
    repository = folder / "repository"
    secret = secrets.token_hex(16)
    with wiring.local_production(folder / "production") as url, wiring.local_destinations(secret) as sink:
        variables = {
            "SKILLCTL_DATABASE_URL": url,
            "MATTERMOST_WEBHOOK_URL": sink.mattermost_url,
            "N8N_WEBHOOK_URL": sink.n8n_url,
            "N8N_WEBHOOK_SECRET": secret,
        }
        made = Stage(repository, variables, colour, width, sink.arrived)
        _fill(repository)
        made.git("init", "--quiet", "--initial-branch=main", quiet=True)
        made.git("add", "--all", quiet=True)
        made.git("commit", "--quiet", "-m", "Add six skills as drafts", quiet=True)
        yield made


def _fill(repository: Path) -> None:
    """This project's own skills and evals, every skill as its author first wrote it: a draft."""
    source = wiring.material()
    for name in _COPIED:
        target = repository / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source / name, target)
    for definition in repository.glob("skills/*/skill.yaml"):
        definition.write_bytes(rewritten(definition.read_bytes(), {"status": "draft"}))
