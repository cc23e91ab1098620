"""`skillctl load`."""

from typing import TYPE_CHECKING

import typer

from skillctl.cli import draw
from skillctl.cli.options import FormatOption
from skillctl.cli.result import Format, Result
from skillctl.wiring import Wiring
from skillctl.workflows.load import Loaded, load

if TYPE_CHECKING:
    from rich.console import Console


def run(context: typer.Context, format: FormatOption = Format.TEXT) -> Result:
    """Fill `.skillctl/catalogue.db` with every readable skill, whatever its status."""
    wired = Wiring(context.obj)
    done = load(wired.repository(), wired.dev_catalogue())
    data = {"path": done.path, "statuses": dict(done.statuses), "files": done.files}
    exit_code = 1 if done.findings else 0
    return Result(data, exit_code, done.findings, lambda screen: _draw(screen, done), format)


def _draw(screen: "Console", done: Loaded) -> None:
    draw.findings(screen, done.findings)
    statuses = ", ".join(f"{count} {status}" for status, count in sorted(done.statuses.items())) or "none"
    draw.line(screen, f"loaded {sum(done.statuses.values())} skills ({statuses}) with {done.files} files", "green")
    draw.line(screen, done.path, "dim")
