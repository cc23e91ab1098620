"""`skillctl doctor`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from msgspec import to_builtins

from skillctl.cli import draw
from skillctl.cli.options import EnvironmentOption, FormatOption
from skillctl.cli.result import Format, Result
from skillctl.domain.doctor import examine
from skillctl.domain.doctor.diagnosis import Diagnosis, Health
from skillctl.wiring import Wiring
from skillctl.wiring.doctoring import facts_of

if TYPE_CHECKING:
    from rich.console import Console

_COLOURS = {Health.OK: "green", Health.WARNING: "yellow", Health.FAILED: "red", Health.SKIPPED: "dim"}


def run(context: typer.Context, env: EnvironmentOption = "prod", format: FormatOption = Format.TEXT) -> Result:
    """Look at this machine, the repository and production: what does not work, and what mends it."""
    found = examine(facts_of(Wiring(context.obj), env))
    counted = {health.value: sum(one.health is health for _, one in found) for health in Health}
    data = {"checks": [{"check": name, **to_builtins(one)} for name, one in found], "counted": counted}
    return Result(data, 1 if counted["failed"] else 0, (), lambda screen: _draw(screen, found), format)


def _draw(screen: "Console", found: Sequence[tuple[str, Diagnosis]]) -> None:
    width = max(len(name) for name, _ in found)
    for name, one in found:
        draw.line(screen, f"{one.health:<8} {name:<{width}}  {one.said}", _COLOURS[one.health])
        if one.fix:
            draw.line(screen, f"{'':<8} {'':<{width}}  fix: {one.fix}")
    bad = [name for name, one in found if one.health is Health.FAILED]
    draw.line(
        screen, f"does not work: {', '.join(bad)}" if bad else "nothing stands in the way", "red" if bad else "green"
    )
