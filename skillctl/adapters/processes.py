"""Processes: hearing what one prints until it ends, and ending what it left behind."""

import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    import subprocess

# Only where the system cannot tell that a process has ended.
_SECONDS_BETWEEN_LOOKS = 0.02
_CHUNK = 64 * 1024
# In which those that fork while they are looked for are found.
_ROUNDS = 50


class Process(Protocol):
    """A child, as `subprocess` has it."""

    @property
    def pid(self) -> int:
        """Its id."""
        ...

    @property
    def returncode(self) -> int | None:
        """Its exit code, or the number of the signal that ended it below zero; None until it was asked for."""
        ...

    def poll(self) -> int | None:
        """Its exit code if it has ended."""
        ...

    def wait(self) -> int:
        """Its exit code, when it has ended."""
        ...


class Texts:
    """Standard output and error of a child, up to `limit` bytes each.

    They are pipes that are read as the child prints, so that nobody waits for more than is looked at. `written` are
    the ends for the child.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        (out, out_written), (err, err_written) = os.pipe(), os.pipe()
        self.written: tuple[int, ...] = (out_written, err_written)
        self._heard = {out: bytearray(), err: bytearray()}
        self._poll = select.poll()
        for pipe in self._heard:
            os.set_blocking(pipe, False)
            self._poll.register(pipe, select.POLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        for pipe in (*self._heard, *self.written):
            os.close(pipe)

    @property
    def said(self) -> tuple[bytearray, bytearray]:
        """What was heard so far."""
        out, err = self._heard.values()
        return out, err

    def hear(self, process: Process, seconds: float) -> bool:
        """Listen until the child ends, or says too much; False if neither happens in that time.

        Where the system can tell that it ended, it is not yet reaped, so its id stays its own.
        """
        for pipe in self.written:
            os.close(pipe)
        self.written = ()
        if not hasattr(os, "pidfd_open"):
            return self._hear(lambda _ready: process.poll() is not None, seconds, _SECONDS_BETWEEN_LOOKS)
        ended = os.pidfd_open(process.pid)
        try:
            self._poll.register(ended, select.POLLIN)
            return self._hear(lambda ready: ended in ready, seconds, seconds)
        finally:
            os.close(ended)

    def heard_all(self) -> bool:
        """Take what is still in the pipes of a child that has ended; False if that is too much."""
        for pipe in self._heard:
            while not self._too_much() and self._read(pipe):
                pass
        return not self._too_much()

    def _hear(self, has_ended: Callable[[set[int]], bool], seconds: float, pause: float) -> bool:
        deadline = time.monotonic() + seconds
        while not self._too_much():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            ready = {descriptor for descriptor, _event in self._poll.poll(1000 * min(left, pause))}
            for pipe in ready & self._heard.keys():
                self._read(pipe)
            if has_ended(ready):
                return True
        return True

    def _too_much(self) -> bool:
        return any(len(text) > self._limit for text in self._heard.values())

    def _read(self, pipe: int) -> bool:
        try:
            chunk = os.read(pipe, _CHUNK)
        except BlockingIOError:
            # Somebody left behind still holds it.
            return False
        if not chunk:
            with suppress(KeyError):
                self._poll.unregister(pipe)
        self._heard[pipe] += chunk
        return bool(chunk)


def ended_within(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Whether a child ends in that time; where the system can tell, it is not yet reaped, so its id stays its own."""
    if hasattr(os, "pidfd_open"):
        return gone_within(process.pid, seconds)
    # Left out by those that only hear a process.
    import subprocess

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


def end_group(process: Process) -> None:
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
    # All are stopped before one is killed: a stopped one cannot fork, and leaves no room for another below the limit.
    stopped: set[int] = set()
    for _round in range(_ROUNDS):
        found = {int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _holds(folder / "environ", wanted)}
        if found <= stopped:
            break
        _signal(found - stopped, signal.SIGSTOP)
        stopped |= found
    _signal(stopped, signal.SIGKILL)


def _signal(processes: set[int], number: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)


def _holds(file: Path, wanted: bytes) -> bool:
    try:
        return wanted in file.read_bytes()
    except OSError:
        return False
