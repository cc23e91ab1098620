"""Record: ask what answers in truth, and keep its answers beside the suite, signed."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from skillctl.domain import cassette
from skillctl.domain.case import Case
from skillctl.domain.cassette import Entry, signature_of
from skillctl.domain.evidence import Outcome
from skillctl.domain.trial import Trial
from skillctl.workflows.eval_ports import Executor
from skillctl.workflows.evaluate import Scope, tasks_of
from skillctl.workflows.ground import Ground
from skillctl.workflows.power import sure_to_tell
from skillctl.workflows.sides import situation_of
from skillctl.workflows.trials import Instruments, Task, take
from skillctl.workflows.worth import sure_to_be_signed, sure_to_count

Sign = Callable[[bytes, str], bytes]


class Recorded(Struct, frozen=True):
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

    An answer that nobody asked for any more is dropped once all were asked for, and had one; so is one that no recorder
    signed, where the policy names them: it would be signed now. `sign` None leaves them unsigned.
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
        tapes = _tapes(ground, recorded(), whole)
        # Without a signature first: one that does not come must not take the answers with it.
        keep({path: raw for tape, text in tapes.items() for path, raw in ((tape, text), (signature_of(tape), None))})
        if sign is not None:
            keep({signature_of(tape): sign(text, cassette.NAMESPACE) for tape, text in tapes.items()})


def sure_to_record(ground: Ground, scope: Scope) -> None:
    """UsageError where nothing that is answered could be evidence, before anybody is asked."""
    sure_to_be_signed(ground)
    if scope.cases is None:
        sure_to_count(ground)
        sure_to_tell(ground)


def asked(ground: Ground, scope: Scope) -> list[Task]:
    """The trials in which a runner is asked anything, its judgement included."""
    return [task for task in tasks_of(ground, scope) if ground.suite.is_asked(task.case) or _is_graded(task.case)]


def _is_graded(case: Case) -> bool:
    return any(check.rubric is not None for check in case.expect)


def _tapes(ground: Ground, recorded: Iterable[Recorded], whole: bool) -> dict[str, bytes]:
    """The text of each cassette; what is not whole keeps the answers that were not asked for this time."""
    tapes = {}
    for one in recorded:
        entries = {entry.key: entry for entry in one.entries}
        if not whole:
            entries = {**ground.recorded(one.path), **entries}
        tapes[one.path] = cassette.text(entries.values()).encode()
    return tapes
