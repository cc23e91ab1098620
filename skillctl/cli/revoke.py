"""`skillctl revoke`."""

from typing import TYPE_CHECKING, Annotated

import typer

from skillctl.cli import draw
from skillctl.cli.acted import data_of, draw_applied, draw_edited, landing_of
from skillctl.cli.deprecate import retirement_of
from skillctl.cli.options import BranchOption, EnvironmentOption, FormatOption
from skillctl.cli.result import Format, Result
from skillctl.domain import serving
from skillctl.errors import UsageError
from skillctl.wiring import Wiring
from skillctl.wiring.releasing import origin, releasing
from skillctl.workflows.revoke import Revoked, revoke

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    version: Annotated[str, typer.Argument(metavar="NAME@VERSION", help="What is forbidden, for ever.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays on record.")],
    serve: Annotated[
        str | None, typer.Option("--serve", metavar="VERSION", help="What is served in its place; by default nothing.")
    ] = None,
    branch: BranchOption = None,
    env: EnvironmentOption = "prod",
    format: FormatOption = Format.TEXT,
) -> Result:
    """Forbid a version in production at once, and write the edit of `serving.yaml` that has to follow."""
    name, _, wanted = version.partition("@")
    if not name or not wanted:
        raise UsageError(f"`{version}` is no version", hint="name it as `NAME@VERSION`, such as `finance-ssc@1.0.0`")
    wired = Wiring(context.obj)
    with releasing(wired, env) as (court, production):
        done = revoke(
            court.repository,
            production,
            origin(wired, env),
            name,
            wanted,
            retirement_of("revoke", reason),
            serve,
            landing_of(branch),
        )
    data = {
        "skill": done.skill,
        "version": done.version,
        "serving": done.serving,
        "was_serving": done.was_serving,
        **data_of(done.applied, done.edited),
    }
    return Result(data, 0, (), lambda screen: _draw(screen, done), format)


def _draw(screen: "Console", done: Revoked) -> None:
    known = "revoked already" if done.applied.release is None else "revoked in production, for ever"
    draw.line(screen, f"{done.skill}@{done.version} is {known}", "green")
    draw.line(screen, f"{done.serving or 'nothing'} is served", "dim")
    draw_applied(screen, done.applied)
    draw_edited(screen, done.edited, [serving.path_of(done.skill)])
