"""Record: ask what answers in truth, and keep its answers beside the suite, signed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from skillctl.domain import cassette
from skillctl.domain.case import Case
from skillctl.domain.cassette import Entry
from skillctl.domain.evidence import Outcome
from skillctl.domain.trial import Trial
from skillctl.workflows.evaluate import Scope, tasks_of
from skillctl.workflows.ground import Ground
from skillctl.workflows.ports import Executor
from skillctl.workflows.sides import situation_of
from skillctl.workflows.trials import Instruments, Task, take

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
    keep: Callable[[Mapping[str, bytes | None]], None],
    sign: Sign | None,
    told: Callable[[Trial], None] = lambda _trial: None,
) -> None:
    """Take every asked trial with a recorder; what was answered is kept even where the run is interrupted.

    An answer that nobody asked for any more is dropped once all were asked for, and had one; `sign` None leaves them
    unsigned.
    """
    tasks = asked(ground, scope)
    situation = situation_of(ground, {task.arm for task in tasks})
    whole, outcomes = False, set()
    try:
        for trial in executor(lambda task: take(task, situation, instruments), tasks):
            outcomes.add(trial.outcome)
            told(trial)
        whole = scope.is_whole and Outcome.ERRORED not in outcomes
    finally:
        keep(_files(ground, recorded(), whole, sign))


def asked(ground: Ground, scope: Scope) -> list[Task]:
    """The trials in which a runner is asked anything, its judgement included."""
    return [task for task in tasks_of(ground, scope) if ground.suite.is_asked(task.case) or _is_graded(task.case)]


def _is_graded(case: Case) -> bool:
    return any(check.rubric is not None for check in case.expect)


def _files(ground: Ground, recorded: Iterable[Recorded], whole: bool, sign: Sign | None) -> dict[str, bytes | None]:
    """The cassettes and their signatures; None stands for a signature that is no longer one."""
    files: dict[str, bytes | None] = {}
    for one in recorded:
        entries = {entry.key: entry for entry in one.entries}
        if not whole:
            kept = cassette.read(ground.tree.read(ground.tree.files(one.path)).get(one.path, b""))
            entries = {**(kept.entries if isinstance(kept, cassette.Cassette) else {}), **entries}
        raw = cassette.text(entries.values()).encode()
        files[one.path] = raw
        files[cassette.signature_of(one.path)] = sign(raw, cassette.NAMESPACE) if sign is not None else None
    return files
