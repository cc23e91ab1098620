"""A small company for the tests: a real Git repository, skills whose scripts really run, the real command line."""

import contextlib
import io
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skillctl.cli.main import main

POLICY = """\
gates:
  - {to: candidate, min_cases: 1}
  - {to: approved, evidence: [deterministic], pass_rate: 1.0}
environments:
  dev: {}
  prod: {store: supabase, mattermost: {}, n8n: {}}
"""


@dataclass(frozen=True)
class Answer:
    """What a command said: its exit code, both streams, and its envelope where it was asked for JSON."""

    exit_code: int
    out: str
    err: str

    @property
    def envelope(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.out)
        return said

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.envelope["data"]
        return data

    @property
    def codes(self) -> list[str]:
        """The codes of all findings, and of all reasons of a refusal."""
        return [finding["code"] for finding in self.envelope["findings"]] + [
            reason["code"] for reason in self.data.get("reasons", [])
        ]


def run(*words: str | Path) -> Answer:
    """The command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(word) for word in words])
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    return Answer(code, out.getvalue(), err.getvalue())


class Shop:
    """A repository and what people do in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def opened(cls, root: Path) -> "Shop":
        """A new one, with a policy and no commits."""
        root.mkdir(parents=True)
        shop = cls(root)
        shop.git("init", "--quiet", "--initial-branch=main")
        shop.write("skillctl.yaml", POLICY)
        return shop

    @classmethod
    def copied(cls, source: Path, root: Path) -> "Shop":
        """One as another one was: far faster than taking all its steps again."""
        shutil.copytree(source, root, symlinks=True)
        return cls(root)

    def skillctl(self, *words: str) -> Answer:
        """A command on this repository, as programs call it."""
        return run("-C", self.root, *words, "--format", "json")

    def typed(self, *words: str) -> Answer:
        """A command on this repository, as people call it."""
        return run("-C", self.root, *words)

    def git(self, *words: str) -> str:
        """What Git says."""
        done = subprocess.run(["git", *words], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, path: str, text: str | bytes) -> Path:
        """A file of the repository."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def commit(self, message: str = "change") -> str:
        """Everything, committed."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def add_skill(self, name: str = "adder", version: str = "1.0.0", status: str = "draft", answer: int = 42) -> None:
        """A skill with one script and one case that it passes; not committed."""
        self.write(
            f"skills/{name}/skill.yaml",
            f'name: {name}\nversion: "{version}"\nstatus: {status}  # kept\nowners: [sums]\ntags: [sums]\n',
        )
        self.write(
            f"skills/{name}/SKILL.md",
            f'---\nname: {name}\ndescription: "Adds. Use it to add."\n---\n\nRun `scripts/add.py`.\n',
        )
        self.write(f"skills/{name}/scripts/add.py", f"print({answer})\n")
        self.write(
            f"evals/{name}/suite.yaml",
            f"skill: {name}\ncases:\n"
            f'  - {{id: adds, run: {{script: scripts/add.py}}, expect: [{{equals: "{answer}"}}]}}\n',
        )

    def approve(self, name: str = "adder") -> None:
        """Take a committed draft all the way."""
        for words in (("promote", name), ("eval", name), ("promote", name)):
            answer = self.skillctl(*words)
            assert answer.exit_code == 0, answer.out

    def status(self, name: str = "adder") -> str:
        """The status that HEAD says."""
        return self.git("show", f"HEAD:skills/{name}/skill.yaml").split("status: ")[1].split()[0]

    def is_clean(self) -> bool:
        return not self.git("status", "--porcelain")
