"""The programs of this machine, as the doctor looks at them."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from skillctl.domain.doctor.facts import Machine

_SECONDS = 10


def look(path: str, weakness: str | None) -> Machine:
    """What is to be found in `path`, the search path; `weakness` is why scripts run without walls."""
    own = Path(sys.executable).parent
    return Machine(
        git=_said(path, "git", "--version"),
        ssh_keygen=shutil.which("ssh-keygen", path=path) and (_said(path, "ssh", "-V") or "ssh-keygen"),
        skillctls=list(_programs(path, "skillctl")),
        own=str(own),
        weakness=weakness,
    )


def _programs(path: str, name: str) -> Iterator[str]:
    for folder in filter(None, path.split(":")):
        found = shutil.which(name, path=folder)
        if found is not None:
            yield str(Path(found).absolute())


def _said(path: str, name: str, argument: str) -> str | None:
    """The first line that a program says of its version; None where there is none, or it says nothing."""
    program = shutil.which(name, path=path)
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, argument], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0] if lines else None
