"""Checks in bounded time: what a suite could make run for ever is judged in a process that the kernel ends.

A regular expression holds the interpreter for as long as it likes, so no thread can stop it. One process is enough:
it is started for the first check that needs it and asked again for the next ones. A library with time-outs of its
own would bring another dialect, and would not bound the queries of a JSON path.
"""

import json
import signal
import subprocess
import sys
import weakref
from threading import Lock

from skillctl.domain.checks import (
    COMBINED,
    BrokenCheck,
    Check,
    Produced,
    failure_of,
    failure_of_parts,
    may_take_for_ever,
)

#: Seconds of processor time for one check.
SECONDS = 5.0

_WORKER = "import sys; sys.path[:] = sys.argv[2:]; from skillctl.adapters.check_worker import serve; serve()"


class BoundedChecks:
    """Judges one check after the other, from any thread."""

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = SECONDS if seconds is None else seconds
        self._asking = Lock()
        self._worker: subprocess.Popen[bytes] | None = None

    def failure(self, check: Check, produced: Produced) -> str | None:
        """Why the check does not hold, or None; BrokenCheck if that cannot be said, or not in time."""
        if check.kind in COMBINED:
            # Each part in its own time: one without end does not keep `any_of` from another that holds.
            return failure_of_parts(check, lambda part: self.failure(part, produced))
        if not may_take_for_ever(check, produced):
            return failure_of(check, produced)
        question = {
            "check": check.model_dump(exclude_unset=True),
            # Only what looks at a text takes long, so nothing else is told.
            "produced": [produced.exit_code, produced.stdout, produced.stderr, _file(check, produced)],
        }
        with self._asking:
            answer = self._answer(json.dumps(question).encode() + b"\n")
        if answer["broken"] is not None:
            raise BrokenCheck(answer["broken"])
        return answer["failure"]

    def _answer(self, question: bytes) -> dict[str, str | None]:
        worker = self._worker or self._started()
        assert worker.stdin is not None
        assert worker.stdout is not None
        try:
            worker.stdin.write(question)
            worker.stdin.flush()
            line = worker.stdout.readline()
        except BrokenPipeError:
            line = b""
        if line:
            answer: dict[str, str | None] = json.loads(line)
            return answer
        self._worker = None
        late = worker.wait() == -signal.SIGPROF
        why = f"check took longer than {self._seconds:g} s" if late else "check ended the process that judges"
        return {"broken": why}

    def _started(self) -> "subprocess.Popen[bytes]":
        worker = subprocess.Popen(
            [sys.executable, "-c", _WORKER, str(self._seconds), *sys.path],
            env={},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        weakref.finalize(self, _end, worker)
        self._worker = worker
        return worker


def _file(check: Check, produced: Produced) -> dict[str, str]:
    return {path: text for path, text in produced.files.items() if path == check.file}


def _end(worker: "subprocess.Popen[bytes]") -> None:
    worker.kill()
    worker.communicate()
