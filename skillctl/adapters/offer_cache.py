"""What is known already of skills that selection sees, by the Git object that names all their content."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skillctl.adapters import atomic
from skillctl.adapters.cache_file import bytes_of

_FILE_NAME = "offers.cache"
Row = list[Any] | None


class OfferCache:
    """`<state>/offers.cache`: rows by name and object id; of another tool's reading, or altered, it knows nothing."""

    def __init__(self, state: Path, key: str) -> None:
        self._path, self._key = state / _FILE_NAME, key

    def known(self) -> Mapping[str, Row]:
        """The rows that were kept last."""
        try:
            head, _, body = bytes_of(self._path).partition(b"\n")
            if json.loads(head) != self._head(body):
                return {}
            rows: dict[str, Row] = json.loads(body)
        except (OSError, ValueError, RecursionError):
            return {}
        return rows

    def keep(self, rows: Mapping[str, Row]) -> None:
        """Have these rows in the place of all others."""
        body = json.dumps(rows, ensure_ascii=False).encode("utf-8", "surrogatepass")
        atomic.write(self._path, json.dumps(self._head(body)).encode() + b"\n" + body)

    def _head(self, body: bytes) -> dict[str, str]:
        return {"key": self._key, "digest": hashlib.sha256(body).hexdigest()}
