"""What is known already of skills that selection sees, by the Git object that names all their content."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skillctl.adapters.kept_file import KeptFile

_FILE_NAME = "offers.cache"
Row = list[Any] | None


class OfferCache:
    """`<state>/offers.cache`: rows by name and object id; of another tool's reading, or altered, it knows nothing."""

    def __init__(self, state: Path, key: str) -> None:
        self._file = KeptFile(state / _FILE_NAME, key)

    def known(self) -> Mapping[str, Row]:
        """The rows that were kept last."""
        body = self._file.read()
        rows: dict[str, Row] = json.loads(body) if body is not None else {}
        return rows

    def keep(self, rows: Mapping[str, Row]) -> None:
        """Have these rows in the place of all others."""
        self._file.write(json.dumps(rows, ensure_ascii=False).encode("utf-8", "surrogatepass"))
