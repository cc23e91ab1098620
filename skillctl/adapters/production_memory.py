"""What production was seen to hold, so that of ten thousand skills only a head has to be asked for again."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skillctl.adapters.kept_file import KeptFile

_FILE_NAME = "production.cache"


class ProductionMemory:
    """`<state>/production.cache`, of one production; the head is the last hash of its ledger, so it names all of it."""

    def __init__(self, state: Path, place: str) -> None:
        self._file = KeptFile(state / _FILE_NAME, place)

    def known(self) -> tuple[str, Mapping[str, Any]] | None:
        """The head and the skills that were seen last."""
        body = self._file.read()
        if body is None:
            return None
        head, skills = json.loads(body)
        return head, skills

    def keep(self, head: str, skills: Mapping[str, Any]) -> None:
        """Have these in the place of the others."""
        self._file.write(json.dumps([head, skills], ensure_ascii=False).encode("utf-8", "surrogatepass"))
