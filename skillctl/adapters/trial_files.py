"""The journal of this machine: `<state>/trials/<skill>/<subject>.jsonl`, one line a trial, only ever added to."""

import os
from io import FileIO
from pathlib import Path
from threading import Lock

from pydantic import ValidationError

from skillctl.domain.trial import Trial


class TrialFiles:
    """Each line is written at once, so that several processes may add to one file."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "trials"
        self._adding = Lock()
        self._open: tuple[tuple[str, str], FileIO] | None = None
        self._read: dict[Path, tuple[int, list[Trial]]] = {}

    def of(self, skill: str, key: str) -> list[Trial]:
        """All trials of a subject; what was cut off while it was written, or altered, is left out."""
        path = self._path(skill, key)
        if not path.is_file():
            return []
        read_to, trials = self._read.get(path, (0, []))
        if path.stat().st_size < read_to:
            read_to, trials = 0, []
        with path.open("rb") as file:
            file.seek(read_to)
            whole, end, rest = file.read().rpartition(b"\n")
        # Only added to, so what was read is not read again; a line that has no end yet may get one.
        trials = trials + _trials(whole)
        self._read[path] = (read_to + len(whole) + len(end), trials)
        return trials + _trials(rest)

    def keep(self, skill: str, key: str, trial: Trial) -> None:
        """Take in one more, for good."""
        # Begun anew: a line that was cut off must not take this one with it.
        line = b"\n" + trial.model_dump_json(by_alias=True, exclude_none=True).encode() + b"\n"
        with self._adding:
            self._file(skill, key).write(line)

    def close(self) -> None:
        """Let go of the file that is open; the next trial opens it again."""
        with self._adding:
            if self._open is not None:
                self._open[1].close()
                self._open = None

    def _file(self, skill: str, key: str) -> FileIO:
        """Kept open for the next trial, which is nearly always of the same subject, unless somebody removed it."""
        if self._open is None or self._open[0] != (skill, key) or not os.fstat(self._open[1].fileno()).st_nlink:
            if self._open is not None:
                self._open[1].close()
            path = self._path(skill, key)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open = (skill, key), FileIO(path, "ab")
        return self._open[1]

    def _path(self, skill: str, key: str) -> Path:
        return self._folder / skill / f"{key}.jsonl"


def _trials(lines: bytes) -> list[Trial]:
    return [trial for line in lines.splitlines() if line and (trial := _read(line)) is not None]


def _read(line: bytes) -> Trial | None:
    try:
        return Trial.model_validate_json(line)
    except ValidationError:
        return None
