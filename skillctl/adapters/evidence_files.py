"""Evidence of this machine: one file a record, named by its hash, never deleted."""

from pathlib import Path

from pydantic import ValidationError

from skillctl.adapters import atomic
from skillctl.domain import canonical
from skillctl.domain.evidence import Evidence, name_of


class EvidenceFiles:
    """`<state>/evidence/<skill>/<sha256>.json`."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "evidence"

    def add(self, evidence: Evidence) -> str:
        """Keep one record and say where it lies."""
        record = evidence.record()
        path = self._path(evidence.skill, name_of(record))
        atomic.write(path, canonical.pretty(record).encode())
        return str(path)

    def place(self, evidence: Evidence) -> str:
        """Where a record lies, if it is kept."""
        return str(self._path(evidence.skill, evidence.digest))

    def _path(self, skill: str, name: str) -> Path:
        return self._folder / skill / f"{name}.json"

    def has(self, skill: str) -> bool:
        """Whether anything is kept of a skill."""
        return (self._folder / skill).is_dir()

    def of(self, skill: str) -> list[Evidence]:
        """All readable records of a skill; one that does not hash to its name was altered, so it is none."""
        records = []
        for path in sorted((self._folder / skill).glob("*.json")):
            if not path.is_file():
                continue
            try:
                evidence = Evidence.model_validate_json(path.read_bytes())
            except ValidationError:
                continue
            if evidence.digest == path.stem:
                records.append(evidence)
        return records
