"""The layers hold, and the contracts that say so are seen to fail on a planted breach."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


def lint(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(PROJECT / "skillctl", folder / "skillctl", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / ".importlinter", folder)
    return folder


def test_the_layers_hold(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("domain/finding.py", "import skillctl.workflows.read", "imports point down only"),
        ("workflows/read.py", "import skillctl.adapters.clock", "imports point down only"),
        ("adapters/clock.py", "import skillctl.workflows.read", "imports point down only"),
        ("adapters/clock.py", "import skillctl.settings", "imports point down only"),
        ("utils.py", "", "imports point down only"),
        ("domain/finding.py", "import pathlib", "the domain knows no files"),
        ("domain/rules/known_tools.py", "import subprocess", "the domain knows no files"),
        ("workflows/read.py", "import httpx", "the workflows reach the world through ports only"),
        ("cli/list.py", "import skillctl.adapters.clock", "only the wiring knows the adapters"),
        ("adapters/clock.py", "import rich", "the terminal stays in the command line"),
    ],
)
def test_a_planted_breach_is_seen(copy: Path, file: str, line: str, contract: str) -> None:
    target = copy / "skillctl" / file
    before = target.read_text() if target.exists() else None
    target.write_text((before or "") + f"\n{line}\n")
    try:
        done = lint(copy)
    finally:
        if before is None:
            target.unlink()
        else:
            target.write_text(before)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert any(contract in row and "BROKEN" in row for row in said.splitlines()) or "exhaustive" in said.lower(), said


def test_files_and_functions_stay_small() -> None:
    import ast

    long = []
    for path in sorted((PROJECT / "skillctl").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 300:
            long.append(f"{path.name}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > 45:
                    long.append(f"{path.name}:{node.lineno} {node.name}: {size} lines")
    assert long == []
