"""`skillctl withdraw`."""

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import to_builtins

from skillctl.cli import draw
from skillctl.cli.deprecate import retirement_of
from skillctl.cli.options import BranchOption, FormatOption, NoCommitOption, SkillArgument
from skillctl.cli.result import Format, Result
from skillctl.wiring import Wiring
from skillctl.workflows.landing import Landing
from skillctl.workflows.withdraw import Withdrawn, withdraw

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    name: SkillArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays on record.")],
    version: Annotated[str | None, typer.Option("--version", help="By default the served one.")] = None,
    branch: BranchOption = None,
    no_commit: NoCommitOption = False,
    format: FormatOption = Format.TEXT,
) -> Result:
    """Commit that a version is offered to nobody; its approval stays on record."""
    retirement = retirement_of("withdraw", reason)
    done = withdraw(Wiring(context.obj).repository(), name, version, retirement, Landing(branch, not no_commit))
    data = {
        "skill": done.skill,
        "version": done.version,
        "reason": done.retirement.reason,
        "was_serving": done.was_serving,
        "serving": done.serving,
        **to_builtins(done.landed),
    }
    return Result(data, 0, (), lambda screen: _draw(screen, done), format)


def _draw(screen: "Console", done: Withdrawn) -> None:
    if not done.landed.is_new:
        draw.line(screen, f"{done.skill}@{done.version} is withdrawn already, for this reason")
        return
    draw.line(screen, f"{done.skill}@{done.version} is withdrawn ({draw.landed(done.landed)})", "green")
    if done.serving is not None:
        draw.line(screen, f"{done.serving} keeps serving", "dim")
        return
    draw.line(screen, f"nothing of `{done.skill}` is served now", "dim")
    draw.line(screen, f"hint: to serve another version, run `skillctl rollback {done.skill} --to VERSION`")
