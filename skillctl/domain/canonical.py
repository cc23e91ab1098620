"""One spelling of JSON, so that equal values have equal hashes."""

import hashlib
import json
import re
from typing import Any

from pydantic_core import from_json, to_json

#: What could be a number with an exponent, always with its sign here, which the two writers of JSON spell in two ways.
_EXPONENT = re.compile(r"[0-9]e[-+][0-9]")

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
    brief = text(value)
    # To look for two letters is much quicker than the pattern.
    if ("e-" in brief or "e+" in brief) and _EXPONENT.search(brief) is not None:
        return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    # The same bytes, but `json` indents value by value in Python, which takes several times as long.
    return to_json(from_json(brief), indent=2).decode() + "\n"


def short(digest: str) -> str:
    """The first twelve digits of a digest, as people compare them."""
    bare = digest.removeprefix("sha256:")
    return bare[:12] if len(bare) == 64 else digest
