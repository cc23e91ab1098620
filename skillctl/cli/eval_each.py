"""One skill after the other, evaluated: what that takes is said before, and what is kept where it is interrupted."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from skillctl.cli import draw, eval_shown
from skillctl.cli.eval_progress import EvalProgress
from skillctl.errors import SkillctlError
from skillctl.wiring.evaluating import Laboratory
from skillctl.workflows.estimate import estimate
from skillctl.workflows.evaluate import Evaluation, Scope, evaluate, left
from skillctl.workflows.ground import Ground
from skillctl.workflows.merge import shard_of
from skillctl.workflows.power import too_few
from skillctl.workflows.record import asked, record, sure_to_record
from skillctl.workflows.trials import Task
from skillctl.workflows.worth import uncounted


class Recording(Struct, frozen=True):
    """Whether answers are recorded first, and the key that signs them."""

    wanted: bool
    key: Path | None


def evaluated(
    laboratory: Laboratory, names: Iterable[str] | None, scope: Scope, recording: Recording, output: Path | None
) -> tuple[list[Evaluation], dict[str, SkillctlError]]:
    """The evaluations of these skills, or of all, and why there is none of a skill; of a shard, `output` gets it."""
    done: list[Evaluation] = []
    refused: dict[str, SkillctlError] = {}
    for name in dict.fromkeys(names or laboratory.names()):
        try:
            done.append(_one(laboratory, name, scope, recording, output))
        except SkillctlError as problem:
            refused[name] = problem
    return done, refused


def _one(laboratory: Laboratory, name: str, scope: Scope, recording: Recording, output: Path | None) -> Evaluation:
    if recording.wanted:
        _record(laboratory, laboratory.ground(name), scope, recording)
        laboratory.look_again()
    ground, books = laboratory.ground(name), laboratory.books()
    tasks = left(ground, books, scope)
    laboratory.prepare(tasks)
    _say_what_it_takes(ground, tasks, recording=False)
    weakness = laboratory.weakness_of_walls(tasks)
    if weakness is not None:
        draw.line(draw.console(stderr=True), f"scripts run without isolation: {weakness}", "yellow")
    try:
        with EvalProgress() as progress:
            told = progress.skill(name, len(tasks)).told
            done = evaluate(ground, laboratory.instruments(ground), laboratory.executor(), books, scope, told)
    except KeyboardInterrupt:
        _say_what_is_kept(len(left(ground, books, replace(scope, fresh=False))), len(tasks))
        raise
    if output is not None:
        eval_shown.write(output, shard_of(done, scope).text())
    return done


def _record(laboratory: Laboratory, ground: Ground, scope: Scope, recording: Recording) -> None:
    """Ask what answers in truth; where the policy names recorders, one of them must sign."""
    sure_to_record(ground, scope)
    tasks = asked(ground, scope)
    sign = laboratory.signing(recording.key, is_needed=ground.trusted.recorders != "none")
    _say_what_it_takes(ground, tasks, recording=True)
    recorders = laboratory.recorder(ground)
    instruments = replace(laboratory.instruments(ground), answers=recorders.open)
    with EvalProgress() as progress:
        told = progress.skill(ground.name, len(tasks)).told
        record(ground, instruments, laboratory.executor(), scope, recorders.recorded, laboratory.keep, sign, told)
    signed = "signed" if sign is not None else "not signed"
    for one in recorders.recorded():
        words = f"{ground.name}: {len(one.entries):,} answers are in `{one.path}`, {signed}"
        draw.line(draw.console(stderr=True), words, "dim")


def _say_what_it_takes(ground: Ground, tasks: Sequence[Task], *, recording: bool) -> None:
    """Tell of the calls that are to be made, and of what is too little, or of the wrong class, to be evidence."""
    for weakness in filter(None, (too_few(ground), uncounted(ground))):
        draw.line(draw.console(stderr=True), f"{ground.name}: {weakness}", "yellow")
    expected = estimate(ground, tasks, recording=recording)
    if expected.calls:
        cost = "" if expected.most.cost is None else f", ${expected.most.cost:.4f}"
        most = f"{expected.most.tokens:,} tokens{cost}"
        words = f"{ground.name}: {expected.calls:,} trials ask, at first for up to {most}"
        draw.line(draw.console(stderr=True), words, "dim")


def _say_what_is_kept(left: int, all_of_them: int) -> None:
    words = f"interrupted: {all_of_them - left} of {all_of_them} trials are kept; run the same command to go on"
    draw.line(draw.console(stderr=True), words, "yellow")
