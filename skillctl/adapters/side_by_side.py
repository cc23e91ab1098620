"""The same work on many things, in as many processes as the machine has cores.

The processes are copies of this one, so nothing is loaded again and nothing is sent to them; where a system has no safe
way to copy a process (only Linux is taken to have one), all is done here.
"""

import mmap
import os
import pickle
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from skillctl.adapters.folder_tree import FolderTree
from skillctl.adapters.nameless import nameless
from skillctl.errors import Unreachable

T = TypeVar("T")
R = TypeVar("R")

#: Below this a second process takes longer to start than the work takes.
FEWEST = 400
_MOST_PROCESSES = 8


def in_parts(work: Callable[[Sequence[T]], Sequence[R]], things: Sequence[T], fewest: int) -> list[R]:
    """The results of all things in their order; `work` gets a part of them, `fewest` or more at a time."""
    count = min(_cores(), len(things) // fewest, _MOST_PROCESSES)
    if count < 2:
        return list(work(things))
    from multiprocessing import get_context

    context, waiting = get_context("fork"), []
    size = -(-len(things) // count)
    for begin in range(size, len(things), size):
        receiver, sender = context.Pipe(duplex=False)
        # Through a pipe of a few pages megabytes would take as long as to make them.
        shared = nameless("part")
        process = context.Process(target=_send, args=(sender, shared, work, things[begin : begin + size]), daemon=True)
        process.start()
        sender.close()
        waiting.append((process, receiver, shared))
    results = list(work(things[:size]))
    for process, receiver, shared in waiting:
        said = _received(receiver, shared)
        process.join()
        if isinstance(said, BaseException):
            raise said
        results += said
    return results


def side_by_side(tree: FolderTree, work: Callable[[str], T], names: Sequence[str]) -> list[T]:
    """The results in the order of the names; what the tree notes in the other processes is noted in it here."""

    def part(some: Sequence[str]) -> list[tuple[list[T], dict[str, Any], dict[str, str]]]:
        done = [work(name) for name in some]
        return [(done, tree.seen, tree.unreadable)]

    results: list[T] = []
    for done, seen, unreadable in in_parts(part, names, FEWEST):
        results += done
        tree.seen.update(seen)
        tree.unreadable.update(unreadable)
    return results


def _send(sender: Any, shared: int, work: Callable[[Sequence[T]], Sequence[R]], things: Sequence[T]) -> None:
    try:
        said: Any = work(things)
    except Exception as problem:
        said = problem
    with os.fdopen(shared, "wb") as file:
        pickle.dump(said, file, pickle.HIGHEST_PROTOCOL)
    sender.send_bytes(b"done")


def _received(receiver: Any, shared: int) -> Any:
    with receiver, os.fdopen(shared, "rb"):
        try:
            receiver.recv_bytes()
        except (EOFError, OSError):
            message = "a process that read a part of the files was ended from outside"
            raise Unreachable(message, hint="look for what ended it (memory?), then try again") from None
        with mmap.mmap(shared, 0, access=mmap.ACCESS_READ) as written:
            # It was written by a copy of this process.
            return pickle.loads(written)  # noqa: S301


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
