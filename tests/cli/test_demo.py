"""`skillctl demo` plays to its end with real parts, and says so when a step does not do what it says."""

import pytest

from skillctl.cli import demo
from skillctl.cli.stage import Stage
from tests.shop import run


def test_it_plays_to_the_end(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.mktemp("demo")
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    answer = run("demo")
    assert answer.exit_code == 0, answer.out + answer.err
    assert f"All {len(demo.ACTS)} steps did what they say" in answer.out
    assert not list(folder.glob("skillctl-demo-*")), "it cleans up behind itself"


def test_a_step_that_does_not_do_what_it_says_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(play: Stage) -> None:
        play.skillctl("promote", demo.SKILL, "--to", "approved")

    monkeypatch.setattr(demo, "ACTS", (("A step", wrong),))
    answer = run("demo")
    assert answer.exit_code == 1
    assert "ended with 1, not 0" in answer.err
