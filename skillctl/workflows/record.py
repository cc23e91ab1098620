"""Record: ask what answers in truth, and keep its answers beside the suite, signed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from skillctl.domain import cassette
from skillctl.domain.cassette import Entry
from skillctl.domain.trial import Trial
from skillctl.workflows.evaluate import Scope, tasks_of
from skillctl.workflows.ground import Ground
from skillctl.workflows.ports import Executor
from skillctl.workflows.sides import situation_of
from skillctl.workflows.trials import Instruments, take

Sign = Callable[[bytes, str], bytes]


@dataclass(frozen=True)
class Recorded:
    """The answers of one runner, and the file they belong in."""

    path: str
    entries: Sequence[Entry]


def record(
    ground: Ground,
    instruments: Instruments,
    executor: Executor,
    scope: Scope,
    recorded: Callable[[], Iterable[Recorded]],
    keep: Callable[[Mapping[str, bytes]], None],
    sign: Sign | None,
    told: Callable[[Trial], None] = lambda _trial: None,
) -> None:
    """Take every asked trial with a recorder; what was answered is kept even where the run is interrupted.

    An answer that nobody asked for any more is dropped once all were asked for; `sign` None leaves them unsigned.
    """
    tasks = [task for task in tasks_of(ground, scope) if ground.suite.is_asked(task.case) or _is_graded(task.case)]
    situation = situation_of(ground, {task.arm for task in tasks})
    whole = False
    try:
        for trial in executor(lambda task: take(task, situation, instruments), tasks):
            told(trial)
        whole = scope.is_whole
    finally:
        keep(_files(ground, recorded(), whole, sign))


def _is_graded(case) -> bool:
    return any(check.rubric is not None for check in case.expect)
