"""Files that are either as before or whole: written aside, then moved into place."""

import os
import tempfile
from pathlib import Path


def write(path: Path, raw: bytes) -> None:
    """Put bytes at a path at once, keeping the permissions of a file that is there; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        Path(aside).chmod(mode)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
