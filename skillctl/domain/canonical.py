"""One spelling of JSON, so that equal values have equal hashes."""

import hashlib
import json
from typing import Any

from msgspec.json import format as indented

# Made once: `json.dumps` makes one for each text.
_BRIEF = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def text(value: Any) -> str:
    """Sorted keys, no spaces, UTF-8 letters as they are; the same text for equal values."""
    return _BRIEF.encode(value)


def sha256(value: Any) -> str:
    """The hex SHA-256 of a value's canonical text."""
    return hashlib.sha256(text(value).encode()).hexdigest()


def pretty(value: Any) -> str:
    """For files that people read in a difference: sorted keys, two spaces, a final line break."""
    # The same bytes as `json` writes, which indents value by value in Python, and takes several times as long.
    return indented(text(value), indent=2) + "\n"


def short(digest: str) -> str:
    """The first twelve digits of a digest, as people compare them."""
    bare = digest.removeprefix("sha256:")
    return bare[:12] if len(bare) == 64 else digest
