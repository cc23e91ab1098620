"""`skillctl hold`."""

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import asdict

from skillctl.cli import draw
from skillctl.cli.acted import data_of, draw_applied
from skillctl.cli.options import EnvironmentOption, FormatOption, SkillArgument
from skillctl.cli.result import Format, Result
from skillctl.domain.production import Hold
from skillctl.wiring import Wiring
from skillctl.wiring.releasing import origin, releasing
from skillctl.workflows.hold import Held, holds, release_hold, set_hold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stays on record.")]


@app.command("set")
def set_(
    context: typer.Context,
    name: SkillArgument,
    reason: ReasonOption,
    env: EnvironmentOption = "prod",
    format: FormatOption = Format.TEXT,
) -> Result:
    """Let no sync change a skill in production; what it serves keeps serving."""
    wired = Wiring(context.obj)
    with releasing(wired, env) as (court, production):
        done = set_hold(court.repository, production, origin(wired, env), name, reason)
    words = f"{name} is held at {done.serving or 'nothing'}"
    return Result(_data(done), 0, (), lambda screen: _draw(screen, words, done), format)


@app.command("list")
def list_(context: typer.Context, env: EnvironmentOption = "prod", format: FormatOption = Format.TEXT) -> Result:
    """Every hold, who set it, when and why."""
    with releasing(Wiring(context.obj), env) as (_court, production):
        found = holds(production)
    data = {"holds": [{**asdict(one), "digests": sorted(one.digests)} for one in found]}
    return Result(data, 0, (), lambda screen: _draw_all(screen, found), format)


@app.command("release")
def release(
    context: typer.Context,
    name: SkillArgument,
    reason: ReasonOption,
    env: EnvironmentOption = "prod",
    format: FormatOption = Format.TEXT,
) -> Result:
    """End the hold on a skill: the next sync makes production hold what Git says."""
    wired = Wiring(context.obj)
    with releasing(wired, env) as (_court, production):
        done = release_hold(production, origin(wired, env), name, reason)
    return Result(_data(done), 0, (), lambda screen: _draw(screen, f"{name} is no longer held", done), format)


def _data(done: Held) -> dict[str, object]:
    return {"skill": done.skill, "serving": done.serving, **data_of(done.applied)}


def _draw(screen: "Console", words: str, done: Held) -> None:
    draw.line(screen, words, "green")
    draw_applied(screen, done.applied)


def _draw_all(screen: "Console", found: "Sequence[Hold]") -> None:
    if not found:
        draw.line(screen, "nothing is held", "green")
        return
    rows = [(one.skill, one.kind, one.version or "nothing", one.actor, one.at[:10], one.reason) for one in found]
    draw.table(screen, ("skill", "kind", "serving", "by", "since", "reason"), rows)
