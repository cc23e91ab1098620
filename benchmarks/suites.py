"""A repository of one skill with a suite of many cases: prompts that a model repeats, or a tiny script each time."""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import timing

#: The skill, and the variable that its runner takes a key from.
SKILL, KEY = "repeats", "SKILLCTL_BENCH_KEY"
SCRIPT = "scripts/one.py"


@dataclass(frozen=True)
class Ask:
    """A prompt, and what its answer must contain; the model repeats the prompt."""

    id: str
    prompt: str
    contains: str


def asks(count: int, wrong: int = 0) -> list[Ask]:
    """So many cases, each with a prompt of its own; the answers to `wrong` of them, evenly spread, do not hold."""
    every = count // wrong if wrong else count + 1
    return [
        Ask(
            id=f"c{number}",
            prompt=f"Branch {number} asks whether the ledger of March is closed. Answer in one sentence.",
            contains="no answer says this" if number % every == 0 else f"Branch {number} asks",
        )
        for number in range(1, count + 1)
    ]


def write_for_peers(folder: Path, cases: Iterable[Ask]) -> None:
    """The cases as the programs in `peers` take them, and as promptfoo does: JSON, which is read faster than YAML."""
    folder.mkdir(parents=True)
    listed = [asdict(case) for case in cases]
    tests = [
        {"vars": {"prompt": case["prompt"]}, "assert": [{"type": "contains", "value": case["contains"]}]}
        for case in listed
    ]
    config = {"prompts": ["{{prompt}}"], "providers": ["echo"], "tests": tests}
    (folder / "cases.json").write_text(json.dumps(listed))
    (folder / "promptfoo.json").write_text(json.dumps(config))


def asking(folder: Path, cases: Iterable[Ask], runner: str, port: int) -> None:
    """A repository whose suite asks a runner: `default`, the model behind a port, or `taped`, what it once answered."""
    listed = (
        f"  - {{id: {case.id}, ask: {{prompt: {json.dumps(case.prompt)}}}, "
        f"expect: [{{contains: {json.dumps(case.contains)}}}]}}\n"
        for case in cases
    )
    policy = f"""\
recorders: none
runners:
  default: {{model: {{name: bench/echo, base_url: "http://127.0.0.1:{port}/v1", key: {KEY}}}}}
  taped: {{replay: default}}
"""
    _repository(folder, policy, f"runner: {runner}\n", listed)


def running(folder: Path, count: int) -> None:
    """A repository whose suite runs the same script so many times."""
    listed = (f'  - {{id: c{n}, run: {{script: {SCRIPT}}}, expect: [{{equals: "1"}}]}}\n' for n in range(1, count + 1))
    _repository(folder, "", "", listed)


def environment() -> dict[str, str]:
    """The environment of `skillctl` and Git: a key for the model, and nothing of what this user has set for Git.

    Without a signing key a recording is unsigned, which the policy here accepts.
    """
    return timing.environment(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1", **{KEY: "no-secret"})


def _repository(folder: Path, policy: str, head: str, cases: Iterable[str]) -> None:
    files: Mapping[str, str] = {
        ".gitignore": ".skillctl/\n",
        "skillctl.yaml": f"gates:\n  - {{to: approved, pass_rate: 1.0}}\n{policy}",
        f"skills/{SKILL}/skill.yaml": f'name: {SKILL}\nversion: "1.0.0"\nstatus: draft\nowners: [bench]\n',
        f"skills/{SKILL}/SKILL.md": f'---\nname: {SKILL}\ndescription: "Repeats what was asked. Use it where somebody '
        f'asks for an echo."\n---\n# Repeats\n\nRepeat the question, or run `{SCRIPT}`.\n',
        f"skills/{SKILL}/{SCRIPT}": "print(1)\n",
        f"evals/{SKILL}/suite.yaml": f"skill: {SKILL}\n{head}cases:\n{''.join(cases)}",
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    git = ("git", "-c", "user.name=Bench", "-c", "user.email=bench@example.test")
    for words in (("init", "--quiet", "--initial-branch=main"), ("add", "--all"), ("commit", "--quiet", "-m", "all")):
        subprocess.run((*git, *words), cwd=folder, env=environment(), check=True)
