"""`skillctl eval merge`."""

from collections import defaultdict
from pathlib import Path
from typing import Annotated

import typer

from skillctl.cli import eval_shown
from skillctl.cli.options import EvalFormatOption, PageOption, RunnerOption, TrustedOption
from skillctl.cli.result import EvalFormat, Result
from skillctl.domain import shard
from skillctl.domain.shard import Shard
from skillctl.errors import SkillctlError, UsageError
from skillctl.wiring import Wiring
from skillctl.wiring.evaluating import Laboratory, Means
from skillctl.workflows.evaluate import Evaluation
from skillctl.workflows.merge import merge
from skillctl.workflows.trust import Choice


def run(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="What `eval --shard I/N --output` wrote.")],
    runner: RunnerOption = None,
    report: PageOption = None,
    base: TrustedOption = None,
    format: EvalFormatOption = EvalFormat.TEXT,
) -> Result:
    """Join the shards of one evaluation on the commit they were measured on: the evidence is that of one run."""
    by_skill: dict[str, list[Shard]] = defaultdict(list)
    for file in files:
        one = _read(file)
        by_skill[one.skill].append(one)
    done: list[Evaluation] = []
    refused: dict[str, SkillctlError] = {}
    wired = Wiring(context.obj)
    with Laboratory(wired, Means(1), lambda scripts: Choice(scripts, runner, False, base)) as laboratory:
        for name, shards in sorted(by_skill.items()):
            try:
                done.append(merge(laboratory.ground(name), laboratory.books(), shards))
            except SkillctlError as problem:
                refused[name] = problem
    return eval_shown.answer(done, refused, report, format)


def _read(file: Path) -> Shard:
    if not file.is_file():
        raise UsageError(f"there is no file `{file}`", hint="`skillctl eval NAME --shard 1/4 --output FILE` writes one")
    one = shard.read(file.read_bytes())
    if one is None:
        raise UsageError(f"`{file}` is no shard of an evaluation", hint="`skillctl eval NAME --shard` writes them")
    return one
