"""`skillctl jobs stats`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec.structs import asdict

from skillctl import wiring
from skillctl.cli import draw
from skillctl.cli.jobs_look import SourceOption
from skillctl.cli.options import EnvironmentOption, FormatOption
from skillctl.cli.result import Format, Result
from skillctl.domain.chat_text import escaped
from skillctl.domain.queue_health import Concern, Source, concerns, level, sources
from skillctl.wiring import chatting

if TYPE_CHECKING:
    from rich.console import Console

    from skillctl.settings import Target


def stats(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Judge by the thresholds; exit 1 where one is critical.")
    ] = False,
    alert: Annotated[bool, typer.Option("--alert", help="Tell Mattermost what is beyond a threshold.")] = False,
    source: SourceOption = None,
    env: EnvironmentOption = "prod",
    format: FormatOption = Format.TEXT,
) -> Result:
    """Of each source: what waits, how the last seven days' jobs ended, what is dead."""
    target = wiring.Wiring(context.obj).target(env)
    with wiring.production(target) as production:
        said = production.stats(source)
    found = sources(said["sources"])
    beyond = concerns(found) if check or alert else []
    if alert and beyond:
        _alert(target, env, beyond)
    data: dict[str, Any] = {**said}
    if check or alert:
        data["level"] = level(beyond)
        data["concerns"] = [asdict(one) for one in beyond]
    exit_code = 1 if check and level(beyond) == "critical" else 0
    return Result(data, exit_code, (), lambda screen: _draw(screen, found, beyond, is_judged=check or alert), format)


def _alert(target: "Target", env: str, beyond: Sequence[Concern]) -> None:
    lines = [f"**{one.level}** {escaped(one.source)}: {one.what}" for one in beyond]
    text = "\n".join([f"The job queue of `{env}` needs a look (`skillctl jobs stats --check`):", *lines])
    chatting.alert(target, text)


def _draw(screen: "Console", found: Sequence[Source], beyond: Sequence[Concern], *, is_judged: bool) -> None:
    if not found:
        draw.line(screen, "there are no jobs")
        return
    rows = [
        (
            one.name,
            str(one.queued),
            str(one.processing),
            str(one.completed),
            str(one.failed),
            _share(one),
            str(one.dead),
        )
        for one in found
    ]
    draw.table(screen, ("source", "queued", "processing", "completed", "failed", "success", "dead"), rows)
    for one in beyond:
        draw.line(screen, f"{one.level}: {one.source}: {one.what}", "red" if one.level == "critical" else "yellow")
    if is_judged and not beyond:
        draw.line(screen, "no figure is beyond a threshold", "green")


def _share(one: Source) -> str:
    return "-" if one.success is None else f"{int(one.success * 1000) / 10:g} %"
