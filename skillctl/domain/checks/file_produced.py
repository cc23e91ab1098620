"""`file_produced`: the script made or changed a text file at this path, or at one that this pattern matches.

`*`, `?` and `[…]` stay within one name, and `**` is any number of folders.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase

from skillctl.domain.checks.produced import Produced, shown


def failure(pattern: str, produced: Produced) -> str | None:
    """Why no file is the expected one, with those that are there."""
    if pattern in produced.files or any(matches(pattern, path) for path in produced.files):
        return None
    return f"no file {shown(pattern)} was made or changed: {those(produced.files)}"


def those(files: Mapping[str, str]) -> str:
    """The files that were made or changed, for a message."""
    return f"those were {shown(', '.join(sorted(files)))}" if files else "there was none"


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern matches the whole path; takes time in proportion to both, name by name."""
    names = path.split("/")
    # How many names the part of the pattern so far may have taken.
    taken = {0}
    for step in pattern.split("/"):
        if step == "**":
            taken = set(range(min(taken), len(names) + 1))
        else:
            taken = {count + 1 for count in taken if count < len(names) and fnmatchcase(names[count], step)}
        if not taken:
            return False
    return len(names) in taken
