"""Scripts run by the tests, behind both kinds of walls."""

import textwrap

import pytest

from skillctl.adapters.scripts import ScriptRunner
from skillctl.domain.case import Run
from skillctl.domain.checks import Produced

RUNNERS = {"namespaces": ScriptRunner(), "process": ScriptRunner(namespaces=False)}
NAMESPACES = "namespaces"


@pytest.fixture(autouse=True, params=list(RUNNERS))
def runner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ScriptRunner:
    """Everything holds behind both kinds of walls, unless a test says otherwise."""
    chosen = RUNNERS[request.param]
    if chosen.isolation != request.param:
        pytest.skip(f"no namespaces here: {chosen.weakness}")
    monkeypatch.setattr("tests.adapters.scripted.RUNNER", chosen)
    return chosen


#: Only namespaces promise this.
only_namespaces = pytest.mark.parametrize("runner", [NAMESPACES], indirect=True)

RUNNER = RUNNERS[NAMESPACES]


def ran(
    text: str, *args: str, name: str = "a.py", mode: str = "100644", timeout: float = 20, stdin: str | None = None
) -> Produced | str:
    """A script of this text, run."""
    run = Run(script=name, args=list(args), timeout=timeout, stdin=stdin)
    return RUNNER.run({name: (mode, textwrap.dedent(text).encode())}, run)


def printed(text: str, *args: str, stdin: str | None = None) -> str:
    """What a Python script printed that must have ended well."""
    done = ran(text, *args, stdin=stdin)
    assert isinstance(done, Produced), done
    assert done.exit_code == 0, done.stderr
    return done.stdout


def current() -> ScriptRunner:
    """The runner of this test."""
    return RUNNER
