"""The committed JSON Schemas say what the reader does."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from skillctl.cli import schema
from tests.shop import run

NAMES = ("skill", "suite", "skillctl", "serving")


def load(project: Path, name: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((project / "schemas" / f"{name}.json").read_text())
    return said


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_one_is_current(project: Path, name: str) -> None:
    assert (project / "schemas" / f"{name}.json").read_text() == schema.text(name), "run `skillctl schema schemas`"


def test_it_writes_them(tmp_path: Path) -> None:
    assert run("schema", tmp_path / "there").exit_code == 0
    assert {file.stem for file in (tmp_path / "there").iterdir()} == set(NAMES)


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("skill", "skills/*/skill.yaml"), ("suite", "evals/*/suite.yaml"), ("skillctl", "skillctl.yaml")],
)
def test_our_own_files_are_valid_by_them(project: Path, name: str, pattern: str) -> None:
    files = list(project.glob(pattern))
    assert files
    for file in files:
        jsonschema.Draft202012Validator(load(project, name)).validate(yaml.safe_load(file.read_text()))


def test_unknown_keys_are_wrong_and_own_keys_are_not(project: Path) -> None:
    validator = jsonschema.Draft202012Validator(load(project, "skill"))
    good = {"name": "a", "version": "1.0.0", "status": "draft", "owners": ["o"]}
    assert validator.is_valid(good | {"x-mine": 1})
    assert not validator.is_valid(good | {"versoin": "1.0.0"})
    assert not validator.is_valid(good | {"version": 1.0})
