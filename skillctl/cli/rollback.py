"""`skillctl rollback`."""

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import to_builtins

from skillctl.cli import draw
from skillctl.cli.acted import data_of, draw_applied, draw_edited, landing_of
from skillctl.cli.options import BranchOption, EnvironmentOption, FormatOption, NoCommitOption
from skillctl.cli.result import Format, Result
from skillctl.domain import serving
from skillctl.errors import UsageError
from skillctl.wiring import Wiring
from skillctl.wiring.releasing import origin, releasing
from skillctl.workflows.landing import Landing
from skillctl.workflows.rollback import RolledBack, rollback
from skillctl.workflows.rollback_release import RolledBackRelease, rollback_release

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A skill, by its name.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="VERSION", help="The approved version to serve.")] = None,
    release: Annotated[
        str | None,
        typer.Option("--release", metavar="ID", help="Undo this release in production at once, by how its id begins."),
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; the commit says it.")] = None,
    branch: BranchOption = None,
    no_commit: NoCommitOption = False,
    env: EnvironmentOption = "prod",
    format: FormatOption = Format.TEXT,
) -> Result:
    """Commit that another approved version is served; or with `--release` undo a release in production at once."""
    if release is not None and name is None and to is None:
        return _of_release(Wiring(context.obj), release, reason, branch, env, format)
    if release is not None or name is None or to is None:
        message = "give a skill and `--to VERSION`, or `--release ID` alone"
        raise UsageError(message, hint="in Git: `skillctl rollback NAME --to VERSION`")
    done = rollback(Wiring(context.obj).repository(), name, to, reason, Landing(branch, not no_commit))
    data = {
        "skill": done.skill,
        "serving": done.version,
        "was_serving": done.was_serving,
        "state": done.state,
        **to_builtins(done.landed),
    }
    return Result(data, 0, (), lambda screen: _draw(screen, done), format)


def _of_release(
    wired: Wiring, release: str, reason: str | None, branch: str | None, env: str, format: Format
) -> Result:
    if reason is None:
        raise UsageError("`rollback --release` needs a reason", hint="say why: `--reason TEXT`")
    with releasing(wired, env) as (court, production):
        done = rollback_release(court.repository, production, origin(wired, env), release, reason, landing_of(branch))
    data = {
        "rolled_back": done.release,
        "skills": [to_builtins(step) for step in done.steps],
        "left": dict(done.left),
        **data_of(done.applied, done.edited),
    }
    return Result(data, 0, (), lambda screen: _draw_release(screen, done), format)


def _draw(screen: "Console", done: RolledBack) -> None:
    if not done.landed.is_new:
        draw.line(screen, f"{done.skill}@{done.version} is served already")
        return
    draw.line(screen, f"{done.skill}@{done.version} is served ({draw.landed(done.landed)})", "green")
    draw.line(screen, f"before it was {done.was_serving or 'nothing'}", "dim")
    if done.state == "deprecated":
        draw.line(screen, f"{done.version} is deprecated: who uses it is told so")


def _draw_release(screen: "Console", done: RolledBackRelease) -> None:
    rows = [(step.skill, f"{step.version} -> {step.serving or 'nothing'}") for step in done.steps]
    draw.table(screen, ("skill", "serving"), rows)
    for skill, why in done.left.items():
        draw.line(screen, f"{skill} is left as it is: {why}", "yellow")
    draw.line(screen, f"release {done.release} is rolled back, and held so", "green")
    draw_applied(screen, done.applied)
    draw_edited(screen, done.edited, [serving.path_of(step.skill) for step in done.steps])
