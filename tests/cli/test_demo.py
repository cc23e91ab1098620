"""`skillctl demo` plays to its end with real parts, and says so when a step does not do what it says."""

import re
from pathlib import Path

import pytest

from skillctl.cli import demo
from skillctl.cli.stage import Stage
from tests.shop import run


def readme_block(project: Path) -> str:
    """What the README shows of the demo."""
    part = (project / "README.md").read_text().split("## What the demo shows")[1].split("\n## ")[0]
    return "\n".join(line for line in part.splitlines() if line.startswith("    "))


def normal(text: str) -> str:
    """Hashes, ids and widths left out: they differ from run to run."""
    text = re.sub(r"\b[0-9a-f]{12}\b|\b[0-9a-f]{8}-[0-9a-f-]{27}\b", "#", text)
    return "\n".join(" ".join(line.split()) for line in text.splitlines())


def test_it_plays_to_the_end(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("demo")
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    answer = run("demo")
    assert answer.exit_code == 0, answer.out + answer.err
    assert f"All {len(demo.ACTS)} steps did what they say" in answer.out
    said = normal(answer.out).splitlines()
    for line in normal(readme_block(project)).splitlines():
        assert line in said, f"the README shows `{line}`, but the demo does not"
    assert not list(folder.glob("skillctl-demo-*")), "it cleans up behind itself"


def test_a_step_that_does_not_do_what_it_says_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(play: Stage) -> None:
        play.skillctl("promote", demo.SKILL, "--to", "approved")

    monkeypatch.setattr(demo, "ACTS", (("A step", wrong),))
    answer = run("demo")
    assert answer.exit_code == 1
    assert "ended with 1, not 0" in answer.err
