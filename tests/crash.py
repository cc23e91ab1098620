"""A process that dies at one chosen point: before its n-th effect on the world (a file, a program, a call)."""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from skillctl.adapters.postgres_transport import PostgresTransport
from tests.shop import run

KILLED = 137


def dies_at(effect: int, *words: str | Path, environment: Mapping[str, str] | None = None) -> bool:
    """Run the command line in a child that dies before its n-th effect; False if it ended before that."""
    child = os.fork()
    if child == 0:
        # Whatever happens here, the child must not go on as a second test run.
        try:
            code = _run(effect, words, environment or {})
        except BaseException:
            code = 99
        os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, KILLED), f"`{' '.join(map(str, words))}` ended with {status}"
    return status == KILLED


def _run(effect: int, words: tuple[str | Path, ...], environment: Mapping[str, str]) -> int:
    left = [effect]

    def deadly(function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os._exit(KILLED)
            return function(*arguments, **named)

        return called

    with (
        patch.dict(os.environ, environment),
        patch.object(subprocess.Popen, "__init__", deadly(subprocess.Popen.__init__)),
        patch.object(Path, "replace", deadly(Path.replace)),
        patch.object(PostgresTransport, "call", deadly(PostgresTransport.call)),
    ):
        return run(*words).exit_code
