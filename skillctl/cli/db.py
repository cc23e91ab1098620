"""`skillctl db`."""

from pathlib import Path
from typing import Annotated

import typer

from skillctl import wiring
from skillctl.cli import draw
from skillctl.cli.options import EnvironmentOption, FormatOption
from skillctl.cli.result import Format, Result

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("push")
def push(context: typer.Context, env: EnvironmentOption = "prod", format: FormatOption = Format.TEXT) -> Result:
    """Apply the migrations that the database has not yet."""
    from skillctl.adapters import migrations

    url = wiring.database_url(wiring.Wiring(context.obj).target(env))
    applied = migrations.push(url, wiring.migrations())
    words = f"applied {len(applied)} migrations" if applied else "the database is up to date"
    return Result({"applied": applied}, 0, (), lambda screen: draw.line(screen, words, "green"), format)


@app.command("status")
def status(context: typer.Context, env: EnvironmentOption = "prod", format: FormatOption = Format.TEXT) -> Result:
    """Name the migrations that the database has not yet; exit 1 if there are any."""
    from skillctl.adapters import migrations

    url = wiring.database_url(wiring.Wiring(context.obj).target(env))
    pending = migrations.pending(url, wiring.migrations())
    words = "pending:\n  " + "\n  ".join(pending) if pending else "the database is up to date"
    return Result({"pending": pending}, 1 if pending else 0, (), lambda screen: draw.line(screen, words), format)


@app.command("serve")
def serve(
    folder: Annotated[Path, typer.Argument(help="Where its data lie; made where there are none.")],
) -> Result:
    """Run a PostgreSQL on this machine in the place of Supabase, until Ctrl-C."""
    import signal

    from skillctl.adapters.embedded_postgres import embedded_postgres, find_server

    with embedded_postgres(folder, find_server()) as server:
        print(f"export SKILLCTL_DATABASE_URL={server.owner_url}", flush=True)  # noqa: T201
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return Result()
