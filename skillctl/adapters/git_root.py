"""Where a repository begins, found without loading what works on it: most commands only read files."""

from pathlib import Path

from skillctl.errors import UsageError


def find(folder: Path) -> Path:
    """The nearest folder at or above `folder` that holds a repository; UsageError where there is none."""
    if not folder.is_dir():
        raise UsageError(f"there is no folder `{folder}`", hint="name another one with `-C`")
    here = folder.resolve()
    for candidate in (here, *here.parents):
        # A folder in a plain checkout, a file in a worktree or a submodule.
        if (candidate / ".git").exists():
            return candidate
        if candidate.name != ".git" and _is_bare(candidate):
            hint = f"run `git clone {candidate}`, and work in the clone"
            raise UsageError(f"`{candidate}` is a bare repository; a working folder is needed", hint=hint)
    hint = "run `git init` there, or name another folder with `-C`"
    raise UsageError(f"`{folder}` is not in a Git repository", hint=hint)


def _is_bare(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
