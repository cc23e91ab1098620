"""One run of one script: what is asked for, how it is watched, and how it ended; the same behind all walls.

The keeper is furnished with this module, so it needs the standard library only.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from skillctl.adapters.nameless import nameless
from skillctl.adapters.processes import Process, Texts
from skillctl.adapters.scratch import Files, made

#: Bytes of any one file that a script may write.
FILE_BYTES = 4 * 1024 * 1024
#: Processes and threads that a script may have at once.
PROCESSES = 128
# What one who starts scripts takes himself, whatever he is sent and a script leaves.
_OWN_BYTES = 512 * 1024 * 1024


class Errand(NamedTuple):
    """A command in a folder that holds the files of the skill, and those `added`; `env` is its whole environment.

    It may take `seconds`, and write `output` bytes to each of its texts; each of its processes may take `memory` bytes
    of address space.
    """

    command: list[str]
    stdin: bytes
    env: dict[str, str]
    skill: Files
    added: Files
    seconds: float
    memory: int
    output: int

    def files(self) -> Files:
        """All that lies in the folder."""
        return {**self.skill, **self.added}

    def bearable(self) -> int | None:
        """The bytes of memory that the script may have, if one who starts it can keep all its limits; else None."""
        largest = max(len(raw) for raw in (self.stdin, *(raw for _mode, raw in self.files().values())))
        return self.memory if self.memory >= _OWN_BYTES and largest <= FILE_BYTES else None


class Ended(NamedTuple):
    """How it ended: by itself, too late, by printing too much, or never started because of `problem`."""

    why: Literal["by itself", "late", "loud", "not started"]
    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
    files: dict[str, str] = {}
    problem: str = ""


def run(
    errand: Errand, folder: Path, start: Callable[[int, int, int], Process], end: Callable[[Process], None]
) -> Ended:
    """Start it, wait for it within its limits, `end` everything it started, and look at what it left in `folder`.

    `start` is given the descriptors of standard input, output and error.
    """
    # Opened before the script can put something else in its place.
    left = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with Texts(errand.output) as texts:
            begun = time.monotonic()
            try:
                with _filled(errand.stdin) as stdin:
                    process = start(stdin, *texts.written)
            except (OSError, ValueError) as problem:
                # An argument that is too long, or holds a NUL.
                return Ended("not started", problem=getattr(problem, "strerror", None) or str(problem))
            try:
                in_time = texts.hear(process, errand.seconds)
                seconds = time.monotonic() - begun
            finally:
                end(process)
            if not in_time:
                return Ended("late")
            if not texts.heard_all():
                return Ended("loud")
            stdout, stderr = (bytes(text).decode("utf-8", "replace") for text in texts.said)
        return Ended("by itself", process.wait(), stdout, stderr, seconds, made(left, errand.files()))
    finally:
        os.close(left)


@contextmanager
def _filled(text: bytes) -> Iterator[int]:
    """A file without a name that holds the text, to be read from its beginning."""
    opened = nameless("stdin")
    try:
        rest = memoryview(text)
        while rest:
            rest = rest[os.write(opened, rest) :]
        os.lseek(opened, 0, os.SEEK_SET)
        yield opened
    finally:
        os.close(opened)
