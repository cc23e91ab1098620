"""Ends of processes: waiting for one without asking again and again, and ending what it left behind."""

import os
import select
import signal
import subprocess
from pathlib import Path


def ended_within(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Whether a child ends in that time; where the system can tell, it is not yet reaped, so its id stays its own."""
    if hasattr(os, "pidfd_open"):
        return gone_within(process.pid, seconds)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def gone_within(pid: int, seconds: float) -> bool:
    """Whether any process ends in that time (Linux)."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(watched, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(watched)


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill the group that a child leads, and reap the child."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # Nobody is left in it; some systems say so by the other name.
        return
    finally:
        process.wait()


def end_marked(marker: str) -> None:
    """Kill every process that was started with this text in its environment (Linux; elsewhere nothing)."""
    wanted = marker.encode()
    # One that forks while it is looked for is found in the next round.
    for _round in range(5):
        found = [folder for folder in Path("/proc").glob("[0-9]*") if _holds(folder / "environ", wanted)]
        for folder in found:
            try:
                os.kill(int(folder.name), signal.SIGKILL)
            except ProcessLookupError:
                continue
        if not found:
            return


def _holds(file: Path, wanted: bytes) -> bool:
    try:
        return wanted in file.read_bytes()
    except OSError:
        return False
