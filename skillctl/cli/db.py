"""`skillctl db`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skillctl import wiring
from skillctl.cli import draw
from skillctl.cli.options import EnvironmentOption, FormatOption
from skillctl.cli.result import Format, Result

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("push")
def push(context: typer.Context, env: EnvironmentOption = "prod", format: FormatOption = Format.TEXT) -> Result:
    """Apply the migrations that the database has not yet."""
    applied = wiring.push_migrations(wiring.Wiring(context.obj).target(env))
    words = f"applied {len(applied)} migrations" if applied else "the database is up to date"
    return Result({"applied": applied}, 0, (), lambda screen: draw.line(screen, words, "green"), format)


@app.command("status")
def status(context: typer.Context, env: EnvironmentOption = "prod", format: FormatOption = Format.TEXT) -> Result:
    """Name the migrations that are pending; exit 1 if any are."""
    pending = wiring.pending_migrations(wiring.Wiring(context.obj).target(env))
    return Result({"pending": pending}, 1 if pending else 0, (), lambda screen: _draw(screen, pending), format)


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


def _draw(screen: "Console", pending: Sequence[str]) -> None:
    draw.line(screen, "pending:" if pending else "the database is up to date")
    for name in pending:
        draw.line(screen, f"  {name}")
