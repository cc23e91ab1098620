"""Scripts run by the tests, behind both kinds of walls."""

import textwrap
from collections.abc import Mapping
from typing import Any, NoReturn

import pytest

from skillctl.adapters.scripts import ScriptRunner
from skillctl.adapters.walls import BestWalls
from skillctl.domain.case import Run
from skillctl.domain.checks import Produced

RUNNERS = {"namespaces": ScriptRunner(), "process": ScriptRunner(BestWalls(namespaces=False))}
NAMESPACES = "namespaces"


def skip_for(weakness: str | None) -> NoReturn:
    """Skip for what the system refuses; what is broken here is no reason to."""
    assert "Traceback" not in str(weakness), weakness
    pytest.skip(f"no namespaces here: {weakness}")


@pytest.fixture(autouse=True, params=list(RUNNERS))
def runner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ScriptRunner:
    """Everything holds behind both kinds of walls, unless a test says otherwise."""
    chosen = RUNNERS[request.param]
    if chosen.isolation != request.param:
        skip_for(chosen.weakness)
    monkeypatch.setattr("tests.adapters.scripted.RUNNER", chosen)
    return chosen


#: Only namespaces promise this.
only_namespaces = pytest.mark.parametrize("runner", [NAMESPACES], indirect=True)

RUNNER = RUNNERS[NAMESPACES]


def ran(text: str, *args: str, name: str = "a.py", mode: str = "100644", **given: Any) -> Produced | str:
    """A script of this text, run; `given` are further keys of the run."""
    run = Run(script=name, args=list(args), **{"timeout": 20.0, **given})
    return RUNNER.run({name: (mode, textwrap.dedent(text).encode())}, run)


def made(text: str, **given: Any) -> Mapping[str, str]:
    """The files that a Python script left that must have ended well."""
    done = ran(text, **given)
    assert isinstance(done, Produced), done
    assert done.exit_code == 0, done.stderr
    return done.files


def printed(text: str, *args: str, **given: Any) -> str:
    """What a Python script printed that must have ended well."""
    done = ran(text, *args, **given)
    assert isinstance(done, Produced), done
    assert done.exit_code == 0, done.stderr
    return done.stdout


def current() -> ScriptRunner:
    """The runner of this test."""
    return RUNNER
