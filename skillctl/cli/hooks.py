"""`skillctl hooks`."""

import sys
from typing import Annotated

import typer

from skillctl.cli.options import EnvironmentOption
from skillctl.cli.result import Result
from skillctl.errors import UsageError
from skillctl.wiring import Wiring
from skillctl.wiring.chatting import answering, command_token

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
_INSTALL = "install it: `pip install 'skillctl-lifecycle[hooks]'`"


@app.callback()
def hooks() -> None:
    """What others' servers ask of this one."""


@app.command("serve")
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")] = 8767,
    env: EnvironmentOption = "prod",
) -> Result:
    """Answer Mattermost's slash commands from production, until Ctrl-C; it shows and links, and changes nothing."""
    wired = Wiring(context.obj)
    target = wired.target(env)
    token = command_token(target)
    try:
        from skillctl.server import commands
        from skillctl.server import serve as server
    except ImportError as problem:
        raise UsageError(f"`hooks serve` needs `{problem.name}`, which is not installed", hint=_INSTALL) from None
    served = commands.application(token, answering(wired, target), _note)
    server.run(served, host, port, lambda url: _note(f"listening on {url}{commands.PATH}"))
    return Result()


def _note(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
