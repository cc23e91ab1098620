"""`skillctl db`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import to_builtins

from skillctl import wiring
from skillctl.cli import draw
from skillctl.cli.options import EnvironmentOption, FormatOption
from skillctl.cli.result import Format, Result
from skillctl.wiring import migrating

if TYPE_CHECKING:
    from rich.console import Console

    from skillctl.domain.migrated import State

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("push")
def push(context: typer.Context, env: EnvironmentOption = "prod", format: FormatOption = Format.TEXT) -> Result:
    """Apply the migrations that the database has not yet."""
    applied = migrating.push(wiring.Wiring(context.obj).target(env))
    words = f"applied {len(applied)} migrations" if applied else "the database is up to date"
    return Result({"applied": applied}, 0, (), lambda screen: draw.line(screen, words, "green"), format)


@app.command("status")
def status(context: typer.Context, env: EnvironmentOption = "prod", format: FormatOption = Format.TEXT) -> Result:
    """Which migrations are applied, pending or unknown; exit 1 if any are pending or unknown."""
    state = migrating.state(wiring.Wiring(context.obj).target(env))
    exit_code = 1 if state.pending or state.unknown else 0
    return Result(to_builtins(state), exit_code, (), lambda screen: _draw(screen, state), format)


@app.command("serve")
def serve(
    folder: Annotated[Path, typer.Argument(help="Where its data lie; made where there are none.")],
) -> Result:
    """Run a PostgreSQL in the place of Supabase, until Ctrl-C."""
    import signal

    with wiring.local_production(folder) as url:
        print(f"export SKILLCTL_DATABASE_URL={url}", flush=True)  # noqa: T201
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return Result()


def _draw(screen: "Console", state: "State") -> None:
    exposed = ", ".join(state.exposed) if state.exposed else "not said by the database: look at the project's settings"
    draw.line(screen, f"PostgreSQL {state.version}; schemas exposed: {exposed}", "dim")
    for word, names in (("pending", state.pending), ("unknown to this skillctl", state.unknown)):
        if names:
            draw.line(screen, f"{word}:", "yellow")
        for name in names:
            draw.line(screen, f"  {name}")
    if state.pending:
        draw.line(screen, "hint: run `skillctl db push`")
    elif state.unknown:
        draw.line(screen, "hint: update `skillctl` to the version that applied them")
    else:
        draw.line(screen, f"the database is up to date: {len(state.applied)} migrations", "green")
