"""The live view of an evaluation: counts on a terminal, nothing anywhere else."""

import io
import re

import pytest
from rich.console import Console

from skillctl.cli.eval_progress import EvalProgress
from skillctl.domain.arm import Arm
from skillctl.domain.evidence import Outcome
from tests.cli.reported import trial

PASSED, FAILED, ERRORED = Outcome


def drawn(width: int = 80) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, force_terminal=True, width=width, color_system=None, markup=False), stream


def frames(stream: io.StringIO) -> list[str]:
    """The lines that were on the screen, one after the other."""
    return [line.strip() for line in re.split(r"\x1b\[[0-9;?]*[a-zA-Z]|[\r\n]", stream.getvalue()) if line.strip()]


def test_each_skill_has_a_line_that_counts() -> None:
    screen, stream = drawn()
    with EvalProgress(screen) as progress:
        long, short = progress.skill("a-name-that-is-longer-than-its-place", 4), progress.skill("ad\x1b[2J[b]", 1)
        for outcome in (PASSED, PASSED, FAILED, ERRORED):
            long.told(trial("a", Arm.WITH_SKILL, 1, outcome))
        short.told(trial("a", Arm.WITH_SKILL, 1, PASSED, cost=None))
    lines = frames(stream)
    assert any(
        re.fullmatch(r"a-name-that-is-long… ━+ +4/4 2 passed, 1 failed, 1 errored \$0\.0084 .+", line) for line in lines
    )
    assert any(re.fullmatch(r"ad\\x1b\[2J\[b\] +━+ +1/1 +1 passed +.+", line) for line in lines)
    assert max(map(len, lines)) <= 80
    assert "\x1b[2J" not in stream.getvalue()


def test_it_is_gone_when_it_is_over() -> None:
    screen, stream = drawn()
    with EvalProgress(screen) as progress:
        progress.skill("adder", 1)
    assert stream.getvalue().endswith("\x1b[1A\x1b[2K")


def test_it_ends_with_the_evaluation() -> None:
    screen, stream = drawn()
    with pytest.raises(KeyboardInterrupt), EvalProgress(screen):
        raise KeyboardInterrupt
    assert "\x1b[?25h" in stream.getvalue()


def test_nobody_who_only_reads_the_log_sees_it(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    with EvalProgress() as progress:
        progress.skill("adder", 1).told(trial("a", Arm.WITH_SKILL, 1, PASSED))
    assert capfd.readouterr() == ("", "")
