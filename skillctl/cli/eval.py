"""`skillctl eval`."""

from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from skillctl.cli.options import EvalFormatOption, PageOption, RunnerOption, TrustedOption
from skillctl.cli.result import EvalFormat, Result
from skillctl.domain.arm import Arm
from skillctl.errors import UsageError
from skillctl.wiring import Wiring
from skillctl.wiring.ahead import expected

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
    part = _part(shard)
    _refuse_together(part, output, names or [], record, sign, max_cost)
    wired = Wiring(context.obj)
    with expected(wired, names or (), fresh=fresh) as begun:
        # Loaded late: that takes as long as putting up walls.
        from skillctl.cli import eval_each, eval_shown
        from skillctl.domain.budget import Limits
        from skillctl.wiring.evaluating import Laboratory, Means
        from skillctl.workflows.evaluate import Scope
        from skillctl.workflows.trust import Choice

        eval_shown.sure_to_write(report, output)
        scope, recording = Scope(tuple(arm or ()), case, part, fresh), eval_each.Recording(record, sign)
        means = Means(concurrency, timeout, Limits(max_cost, max_tokens))

        def choice(scripts: str) -> Choice:
            return Choice(scripts, runner, trust_change, base)

        with Laboratory(wired, means, choice, begun) as laboratory:
            done, refused = eval_each.evaluated(laboratory, names, scope, recording, output)
        return eval_shown.answer(done, refused, report, format)


def _refuse_together(
    part: tuple[int, int] | None,
    output: Path | None,
    names: list[str],
    record: bool,
    sign: Path | None,
    max_cost: float | None,
) -> None:
    """UsageError where one option says what another does not allow, or nothing that could be meant."""
    if record and part is not None:
        raise UsageError("`--record` records all cases, not a shard", hint="leave `--shard` out")
    if (output is None) is not (part is None) or (part and len(names) != 1):
        raise UsageError("`--shard` goes with one NAME and `--output FILE`", hint="see `skillctl eval --help`")
    if max_cost is not None and not (isfinite(max_cost) and max_cost >= 0):
        raise UsageError(f"`--max-cost {max_cost}` is no number of dollars", hint="give one, such as `--max-cost 2.50`")
    if sign is not None and not record:
        raise UsageError("`--sign` goes with `--record`", hint="add it")


def _part(shard: str | None) -> tuple[int, int] | None:
    if shard is None:
        return None
    first, _, second = shard.partition("/")
    if not (first.isdecimal() and second.isdecimal() and 1 <= int(first) <= int(second) <= 1000):
        raise UsageError(f"`--shard {shard}` is no part", hint="write the second of four parts as `2/4`")
    return int(first), int(second)
