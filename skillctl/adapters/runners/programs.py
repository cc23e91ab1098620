"""Programs with bounded time and output, many at once, that end as a whole: each leads a process group of its own."""

import os
import selectors
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from time import monotonic

from msgspec import Struct

from skillctl.adapters.processes import end_group, ended_within

#: Bytes of standard output; more is no answer.
MOST = 8 * 1024 * 1024
_KEPT_OF_ERRORS = 65536
_AT_ONCE = 65536
#: For what a program wrote last, where something that it left behind holds the pipe open.
_SECONDS_FOR_THE_REST = 1.0


class NotEnded(Exception):
    """The program could not be started, or was ended, and why; `stderr` is the end of what it said until then."""

    def __init__(self, reason: str, stderr: bytes = b"") -> None:
        super().__init__(reason)
        self.stderr = stderr


class Ended(Struct, frozen=True):
    """A program that ended by itself: its exit code (negative: by that signal), its output, the end of its errors."""

    exit_code: int
    stdout: bytes
    stderr: bytes


class Programs:
    """Starts programs until it is closed; any number of threads may run one at the same time."""

    def __init__(self) -> None:
        self._lock, self._running, self._closed = Lock(), set[subprocess.Popen[bytes]](), False

    def run(
        self, command: Sequence[str], stdin: bytes, folder: Path, environment: Mapping[str, str], seconds: float
    ) -> Ended:
        """Run one in a folder with exactly this environment; NotEnded where it did not end by itself in time."""
        process = _started(command, stdin, folder, environment)
        try:
            with self._lock:
                self._running.add(process)
                if self._closed:
                    _kill(process)
            with _pipes(process):
                stdout, stderr = _heard(process, seconds)
        finally:
            with self._lock:
                self._running.discard(process)
            end_group(process)
        if self._closed:
            raise NotEnded("was interrupted")
        return Ended(process.returncode, stdout, stderr)

    def close(self) -> None:
        """End all that run, and let none run any more."""
        with self._lock:
            self._closed = True
            for process in self._running:
                _kill(process)


def _started(
    command: Sequence[str], stdin: bytes, folder: Path, environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    with tempfile.TemporaryFile() as told:
        # A file, not a pipe: a program may end without having read anything.
        told.write(stdin)
        told.seek(0)
        try:
            return subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=told,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as problem:
            # It is not there, may not be executed, or an argument holds a NUL.
            raise NotEnded(f"could not be started: {getattr(problem, 'strerror', None) or problem}") from None


@contextmanager
def _pipes(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    try:
        yield
    finally:
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _heard(process: "subprocess.Popen[bytes]", seconds: float) -> tuple[bytes, bytes]:
    """All of its output and the end of its errors, once it has ended."""
    until, out, err = monotonic() + seconds, bytearray(), bytearray()
    with selectors.DefaultSelector() as selector, _end_of(process) as end:
        for source, heard in ((process.stdout, out), (process.stderr, err), (end, None)):
            if source is not None:
                selector.register(source, selectors.EVENT_READ, heard)
        while selector.get_map() and (left := until - monotonic()) > 0:
            for key, _ in selector.select(left):
                if key.data is None:
                    # Nobody that it left behind may go on writing, or hold its pipes open.
                    _kill(process)
                    until = min(until, monotonic() + _SECONDS_FOR_THE_REST)
                chunk = os.read(key.fd, _AT_ONCE) if key.data is not None else b""
                if not chunk:
                    selector.unregister(key.fileobj)
                else:
                    key.data.extend(chunk)
            del err[:-_KEPT_OF_ERRORS]
            if len(out) > MOST:
                raise NotEnded(f"wrote more than {MOST:,} bytes", bytes(err))
    if not ended_within(process, max(0.0, until - monotonic())):
        raise NotEnded(f"time-out: still running after {seconds:g} s", bytes(err))
    return bytes(out), bytes(err)


@contextmanager
def _end_of(process: "subprocess.Popen[bytes]") -> Iterator[int | None]:
    """What becomes readable when the process ends; None where the system has no such thing."""
    if not hasattr(os, "pidfd_open"):
        yield None
        return
    watched = os.pidfd_open(process.pid)
    try:
        yield watched
    finally:
        os.close(watched)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def located(word: str, folder: Path, *, is_program: bool) -> str:
    """A word of a command with the whole path where it is a file of the folder; programs start elsewhere."""
    # A program without a `/` is looked for in PATH, as everywhere; it starts in its scratch folder, not here.
    try:
        is_ours = "/" in word if is_program else (folder / word).is_file()
    except OSError:
        # A prompt is longer than any name of a file.
        is_ours = False
    return str(folder.resolve() / word) if is_ours else word
