"""`skillctl eval`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from skillctl.cli import draw, eval_shown
from skillctl.cli.eval_progress import EvalProgress
from skillctl.cli.eval_shown import EvalFormat, EvalFormatOption
from skillctl.cli.options import PageOption, RunnerOption, TrustedOption
from skillctl.cli.result import Result
from skillctl.domain.budget import Limits
from skillctl.domain.evidence import Arm
from skillctl.errors import SkillctlError, UsageError
from skillctl.wiring import Wiring
from skillctl.wiring.evaluating import Laboratory, Means
from skillctl.workflows.estimate import estimate
from skillctl.workflows.evaluate import Evaluation, Scope, evaluate, left
from skillctl.workflows.ground import Ground
from skillctl.workflows.merge import shard_of
from skillctl.workflows.power import too_few
from skillctl.workflows.record import asked, record, sure_to_record
from skillctl.workflows.trials import Task
from skillctl.workflows.trust import Choice
from skillctl.workflows.worth import uncounted

NamesArgument = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Skills; none means all.")]
ArmOption = Annotated[
    list[Arm] | None, typer.Option("--arm", help="Compare with `baseline` (what is served) or `without_skill`.")
]
CaseOption = Annotated[
    str | None, typer.Option("--case", metavar="PATTERN", help="Only these cases; shown, never evidence.")
]
SignOption = Annotated[
    Path | None, typer.Option("--sign", metavar="KEY", help="The SSH key of the recorder; by default Git's own.")
]
TimeoutOption = Annotated[
    float | None, typer.Option("--timeout", min=0.001, metavar="SECONDS", help="For the whole run.")
]
CostOption = Annotated[
    float | None, typer.Option("--max-cost", metavar="DOLLARS", help="Ask no more models beyond it.")
]
TokensOption = Annotated[
    int | None, typer.Option("--max-tokens", min=0, metavar="N", help="Ask no more models beyond it.")
]
ShardOption = Annotated[
    str | None, typer.Option("--shard", metavar="I/N", help="Only the I-th of N parts; see `eval merge`.")
]
OutputOption = Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Where the trials of a shard go.")]
TrustOption = Annotated[
    bool, typer.Option("--trust-change", help="Use runners and servers that are new here; a rehearsal.")
]


@dataclass(frozen=True)
class Recording:
    """Whether answers are recorded first, and the key that signs them."""

    wanted: bool
    key: Path | None


def run(
    context: typer.Context,
    names: NamesArgument = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Measure again what was measured before.")] = False,
    runner: RunnerOption = None,
    arm: ArmOption = None,
    case: CaseOption = None,
    record: Annotated[bool, typer.Option("--record", help="Ask anew what is replayed, and keep the answers.")] = False,
    sign: SignOption = None,
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, max=256, help="Trials at the same time.")] = 4,
    timeout: TimeoutOption = None,
    max_cost: CostOption = None,
    max_tokens: TokensOption = None,
    shard: ShardOption = None,
    output: OutputOption = None,
    report: PageOption = None,
    base: TrustedOption = None,
    trust_change: TrustOption = False,
    format: EvalFormatOption = EvalFormat.TEXT,
) -> Result:
    """Measure what committing the skill's folder now would give, and keep the evidence."""
    scope = Scope(tuple(arm or ()), case, _part(shard), fresh)
    if record and scope.shard is not None:
        raise UsageError("`--record` records all cases, not a shard", hint="leave `--shard` out")
    if (output is None) is not (scope.shard is None) or (scope.shard and len(names or ()) != 1):
        raise UsageError("`--shard` goes with one NAME and `--output FILE`", hint="see `skillctl eval --help`")
    if max_cost is not None and not (isfinite(max_cost) and max_cost >= 0):
        raise UsageError(f"`--max-cost {max_cost}` is no number of dollars", hint="give one, such as `--max-cost 2.50`")
    if sign is not None and not record:
        raise UsageError("`--sign` goes with `--record`", hint="add it")
    eval_shown.sure_to_write(report, output)
    wired = Wiring(context.obj)
    means = Means(concurrency, timeout, Limits(max_cost, max_tokens))
    with Laboratory(wired, means, lambda scripts: Choice(scripts, runner, trust_change, base)) as laboratory:
        done, refused = _all(laboratory, names or laboratory.names(), scope, Recording(record, sign), output)
    if len(refused) == 1 and not done:
        raise next(iter(refused.values()))
    if report is not None:
        eval_shown.write_page(report, done)
    return eval_shown.result(done, refused, format)


def _part(shard: str | None) -> tuple[int, int] | None:
    if shard is None:
        return None
    first, _, second = shard.partition("/")
    if not (first.isdecimal() and second.isdecimal() and 1 <= int(first) <= int(second) <= 1000):
        raise UsageError(f"`--shard {shard}` is no part", hint="write the second of four parts as `2/4`")
    return int(first), int(second)


def _all(
    laboratory: Laboratory, names: Iterable[str], scope: Scope, recording: Recording, output: Path | None
) -> tuple[list[Evaluation], dict[str, SkillctlError]]:
    done: list[Evaluation] = []
    refused: dict[str, SkillctlError] = {}
    for name in dict.fromkeys(names):
        try:
            done.append(_one(laboratory, name, scope, recording, output))
        except SkillctlError as problem:
            refused[name] = problem
    return done, refused


def _one(laboratory: Laboratory, name: str, scope: Scope, recording: Recording, output: Path | None) -> Evaluation:
    if recording.wanted:
        _record(laboratory, laboratory.ground(name), scope, recording)
        laboratory.look_again()
    laboratory.expect(name, fresh=scope.fresh)
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
