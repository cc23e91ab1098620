"""The files of a tree, and where in it what belongs to a skill lies."""

from dataclasses import dataclass

FILE_MODES = frozenset({"100644", "100755"})
#: No more of a file is ever read.
MAX_BYTES = 1024 * 1024
#: Each has a folder for each skill, of its name.
OF_SKILLS = ("skills", "evals", "approvals")


@dataclass(frozen=True)
class TreeFile:
    """One entry of a Git tree: `path` from the repository's root, `blob` the object id of its bytes."""

    path: str
    mode: str
    blob: str


def name_in(path: str) -> str:
    """The name of the skill that a path belongs to; empty for what belongs to none."""
    parts = path.split("/", 2)
    return parts[1] if len(parts) > 1 and parts[0] in OF_SKILLS else ""


def folders_of(name: str) -> tuple[str, ...]:
    """The folders that belong to a skill."""
    return tuple(f"{kind}/{name}" for kind in OF_SKILLS)
