"""One file of a cache: a line with its key and checksum, then its bytes; whatever else lies there is nothing."""

import hashlib
import json
from pathlib import Path

from skillctl.adapters import atomic
from skillctl.adapters.cache_file import bytes_of


class KeptFile:
    """Bytes under a key that says by what they were made, or of what they are."""

    def __init__(self, path: Path, key: str) -> None:
        self._path, self._key = path, key

    def read(self) -> bytes | None:
        """What was kept last; None where that is nothing, under another key, or altered."""
        try:
            head, _, body = bytes_of(self._path).partition(b"\n")
            return body if json.loads(head) == self._head(body) else None
        except (OSError, ValueError, RecursionError):
            return None

    def write(self, body: bytes) -> None:
        """Have these bytes in the place of all others."""
        # What is half there where a machine stopped does not fit its checksum; to wait for a disk takes a while.
        atomic.write(self._path, json.dumps(self._head(body)).encode() + b"\n" + body, durable=False)

    def _head(self, body: bytes) -> dict[str, str]:
        return {"key": self._key, "digest": hashlib.sha256(body).hexdigest()}
