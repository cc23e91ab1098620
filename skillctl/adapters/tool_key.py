"""What this very tool is: another version of it, of one of its files or of what it reads with may judge otherwise."""

import hashlib
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from skillctl import __version__

_PACKAGE = Path(__file__).parents[1]
_FOLDERS = ("", "domain", "domain/rules", "domain/checks", "workflows", "adapters")
#: They decide what a file says.
_READERS = ("yaml", "pydantic", "pydantic_core", "jsonschema", "jsonpath", "semver")


def tool_key() -> str:
    """A digest over the version, the Python, and the size and time of each file; no file is read."""
    files = [path for folder in _FOLDERS for path in _modules(folder)]
    origins = (find_spec(name) for name in _READERS)
    files += [Path(spec.origin) for spec in origins if spec is not None and spec.origin is not None]
    found = [(str(path), stat.st_size, stat.st_mtime_ns) for path in files for stat in (path.stat(),)]
    return hashlib.blake2b(repr((__version__, sys.version, found)).encode(), digest_size=16).hexdigest()


def _modules(folder: str) -> list[Path]:
    with os.scandir(_PACKAGE / folder) as entries:
        return sorted(Path(entry.path) for entry in entries if entry.name.endswith(".py"))
