"""Files that are either as before or whole: written aside, then moved into place."""

import os
import tempfile
from pathlib import Path


def write(path: Path, raw: bytes, scratch: Path | None = None, *, durable: bool = True) -> None:
    """Put bytes at a path at once, keeping the permissions of a file that is there; folders are made.

    They are written in `scratch` first, so that a process killed meanwhile leaves nothing beside the file. What is not
    durable may be lost, or half there, where the machine itself stops.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    # A file is moved at once only within its own file system.
    usable = scratch is not None and scratch.stat().st_dev == path.parent.stat().st_dev
    handle, aside = tempfile.mkstemp(dir=scratch if usable else path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        Path(aside).chmod(mode)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
