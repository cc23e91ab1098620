"""Programs: a command of `skillctl.yaml` → the files of the repository that it is made of."""

import re
from collections.abc import Mapping, Sequence
from posixpath import dirname, normpath

from skillctl.errors import UsageError
from skillctl.workflows.ports import Repository

#: A word of a command that can be a file of the repository.
_FILE_NAME = re.compile(r"(?![-/])[^\x00-\x1f*?\[\]\\:]{1,255}")


def programs_of(
    repository: Repository, argv: Sequence[str], base: str, commit: str | None, head: str | None = None
) -> Mapping[str, str]:
    """The files that a command names, and all beside them, by path: in a commit, or as they are in `head`, by default
    as they lie here.

    They are as much the runner or server as its words: a program loads what lies in its folder, by whatever name.
    """
    paths = {normpath(word) for word in argv if _FILE_NAME.fullmatch(word)}
    words = sorted(path for path in paths if path != "." and path.split("/")[0] != "..")
    if not words:
        return {}
    here = repository.pending if head is None else lambda *_folders: repository.tree(head)
    named = (*repository.tree(base).files(*words), *here(*words).files(*words))
    folders = {dirname(file.path) for file in named}
    if "" in folders:
        alone = next(file.path for file in named if not dirname(file.path))
        hint = f"move it, such as to `tools/{alone}`: what lies beside a program is part of it"
        raise UsageError(f"`{alone}`, which `skillctl.yaml` starts, lies in no folder of its own", hint=hint)
    if not folders:
        return {}
    tree = here(*folders) if commit is None else repository.tree(commit)
    return {file.path: f"{file.mode} {file.blob}" for file in tree.files(*folders)}
