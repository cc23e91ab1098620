"""Runs commands in processes of their own that begin with everything loaded: what many commands in a row need."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

from msgspec import Struct

from skillctl import settings

#: What nearly every command would load first; each command's process is a copy of one that has done so.
_LOADED = [
    *(
        f"skillctl.cli.{name}"
        for name in ("main", "validate", "eval", "promote", "revise", "deprecate", "list", "show")
    ),
    *(f"skillctl.cli.{name}" for name in ("load", "db", "plan", "sync", "jobs")),
    "skillctl.adapters.git_repository",
    "skillctl.adapters.postgres_transport",
    "jsonpath",
    "jsonschema",
    "psycopg",
    "rich.table",
    "sqlite_utils",
]


class Ended(Struct, frozen=True):
    """The end of a command: its exit code and both streams."""

    exit_code: int
    out: str
    err: str


def run(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Ended:
    """Run `skillctl` with these words in a folder, in a process that has this environment and no other."""
    context = get_context("forkserver")
    context.set_forkserver_preload(_LOADED)
    with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
        arguments = (list(words), str(folder), dict(environment), out.name, err.name)
        process = context.Process(target=_command, args=arguments)
        process.start()
        process.join()
        texts = [Path(file.name).read_text(encoding="utf-8") for file in (out, err)]
    return Ended(process.exitcode or 0, *texts)


def _command(words: list[str], folder: str, environment: dict[str, str], out: str, err: str) -> None:
    from skillctl.cli.main import main

    settings.become(environment)
    os.chdir(folder)
    for stream, name in ((1, out), (2, err)):
        opened = os.open(name, os.O_WRONLY | os.O_TRUNC)
        os.dup2(opened, stream)
        os.close(opened)
    main(words)
