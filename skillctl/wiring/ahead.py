"""What an evaluation looks as if it needed, begun before what evaluates is even loaded."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from skillctl import settings
from skillctl.domain.tree import FOLDERS, SUITE_FILE
from skillctl.wiring import Wiring

if TYPE_CHECKING:
    from skillctl.adapters.git_tree import GitTree

#: The module that asks a model.
_ASKS = "skillctl.adapters.runners.chat"


@contextmanager
def expected(wired: Wiring, names: Iterable[str], *, fresh: bool) -> "Iterator[Future[GitTree]]":
    """Begin to put up walls, and to load what asks a model, if the suites of these skills look like it; and to read
    what committing the folder now would give.

    What suites need is a guess: who guesses wrong waits for it later, or has begun it in vain. Where something may be
    reused, nothing of it is begun.
    """
    texts = _suites(wired.root(), names) if fresh or not (wired.root() / settings.STATE_FOLDER).exists() else []
    has_begun = any(b"run:" in text for text in texts)
    if has_begun:
        wired.walls.begin()
    if any(b"ask:" in text for text in texts):
        # Much of it waits for the disk, and for lists of certificates.
        Thread(target=import_module, args=[_ASKS], name="load", daemon=True).start()
    # Leaving waits for both: who left in the middle would leave behind what they are made of.
    with ThreadPoolExecutor(1, "ahead") as reader:
        try:
            yield reader.submit(lambda: wired.repository().pending(*FOLDERS))
        finally:
            if has_begun:
                with suppress(Exception):
                    wired.walls.chosen()


def _suites(root: Path, names: Iterable[str]) -> list[bytes]:
    texts = []
    for name in names:
        suite = root / "evals" / name / SUITE_FILE
        with suppress(OSError, ValueError):
            texts.append(suite.read_bytes() if suite.is_file() else b"")
    return texts
