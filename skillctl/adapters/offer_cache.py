"""What is known already of skills, by the Git objects that name all their content."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skillctl.adapters.kept_file import KeptFile

#: What selection sees of each.
OFFERS = "offers.cache"
#: What a commit says that production must hold of each.
RELEASED = "released.cache"
Row = list[Any] | None


class OfferCache:
    """A file in `<state>/`: rows by name and object id; of another tool's reading, or altered, it knows nothing."""

    def __init__(self, state: Path, key: str, name: str = OFFERS) -> None:
        self._file = KeptFile(state / name, key)

    def known(self) -> Mapping[str, Row]:
        """The rows that were kept last."""
        body = self._file.read()
        rows: dict[str, Row] = json.loads(body) if body is not None else {}
        return rows

    def keep(self, rows: Mapping[str, Row]) -> None:
        """Have these rows in the place of all others."""
        self._file.write(json.dumps(rows, ensure_ascii=False).encode("utf-8", "surrogatepass"))
