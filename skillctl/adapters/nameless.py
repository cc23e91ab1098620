"""A file that has no name: what is written there is gone with the last who has it open."""

import os


def nameless(what: str) -> int:
    """A descriptor to read and write it by, not handed to programs; in memory where Python can have it there.

    `what` is what a person who looks at open files reads.
    """
    if hasattr(os, "memfd_create"):
        return os.memfd_create(what)
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
