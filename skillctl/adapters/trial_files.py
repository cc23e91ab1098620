"""The journal of this machine: `<state>/trials/<skill>/<subject>.jsonl`, one line a trial, only ever added to."""

from pathlib import Path
from threading import Lock

from pydantic import ValidationError

from skillctl.domain.trial import Trial


class TrialFiles:
    """Each line is written at once, so that several processes may add to one file."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "trials"
        self._adding = Lock()

    def of(self, skill: str, key: str) -> list[Trial]:
        """All trials of a subject; what was cut off while it was written, or altered, is left out."""
        path = self._path(skill, key)
        if not path.is_file():
            return []
        return [trial for line in path.read_bytes().splitlines() if (trial := _read(line)) is not None]

    def keep(self, skill: str, key: str, trial: Trial) -> None:
        """Take in one more, for good."""
        path = self._path(skill, key)
        line = trial.model_dump_json(by_alias=True, exclude_none=True).encode() + b"\n"
        with self._adding:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab", buffering=0) as file:
                file.write(line)

    def _path(self, skill: str, key: str) -> Path:
        return self._folder / skill / f"{key}.jsonl"


def _read(line: bytes) -> Trial | None:
    try:
        return Trial.model_validate_json(line)
    except ValidationError:
        return None
