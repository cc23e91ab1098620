"""The files of a tree, and where in it what belongs to a skill lies."""

import re
from collections.abc import Collection

from msgspec import Struct

FILE_MODES = frozenset({"100644", "100755"})
#: No more of a file is ever read.
MAX_BYTES = 1024 * 1024
POLICY_FILE = "skillctl.yaml"
SUITE_FILE = "suite.yaml"
REGISTRY_FILE = ".claude/mcp-servers.json"
#: Each has a folder for each skill, of its name.
OF_SKILLS = ("skills", "evals", "approvals")
#: All that is ever read of a repository.
FOLDERS = (*OF_SKILLS, REGISTRY_FILE, POLICY_FILE)
#: The most skills whose folders are listed one by one; of more, it is quicker to list all that lies beside them.
_MANY = 100
#: The endings of what is data to everybody.
_DATA = re.compile(
    r"\.(?:png|jpe?g|gif|webp|avif|ico|bmp|tiff?|pdf|docx?|xlsx?|pptx?|od[tsp]|zip|gz|tgz|bz2|xz|zst|7z|tar|whl|jar|woff2?"
    r"|ttf|otf|eot|mp[34]|m4a|wav|ogg|webm|mov|sqlite3?|db|parquet|feather|npy|npz|pkl|pickle|bin|dat|so|dll|dylib|wasm"
    r"|pyc|class|o|a)$",
    re.IGNORECASE,
)


class TreeFile(Struct, frozen=True):
    """One entry of a Git tree: `path` from the repository's root, `blob` the object id of its bytes."""

    path: str
    mode: str
    blob: str


def is_data(path: str) -> bool:
    """Whether a file is no text by its name."""
    return _DATA.search(path) is not None


def name_in(path: str) -> str:
    """The name of the skill that a path belongs to; empty for what belongs to none."""
    parts = path.split("/", 2)
    return parts[1] if len(parts) > 1 and parts[0] in OF_SKILLS else ""


def is_of_skill(path: str) -> bool:
    """Whether a path lies in a folder of a skill; what lies beside these folders belongs to none."""
    return path.count("/") > 1 and bool(name_in(path))


def folders_of(name: str) -> tuple[str, ...]:
    """The folders that belong to a skill."""
    return tuple(f"{kind}/{name}" for kind in OF_SKILLS)


def folders_for(names: Collection[str], *kinds: str) -> tuple[str, ...]:
    """What to list for the folders of these skills, of these kinds; others' files may lie in it too."""
    if len(names) > _MANY:
        return kinds
    return tuple(f"{kind}/{name}" for name in names for kind in kinds)
