"""`skillctl list`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from skillctl import wiring
from skillctl.cli import draw
from skillctl.cli.options import FormatOption
from skillctl.cli.result import Format, Result
from skillctl.domain.serving import Serving
from skillctl.workflows.read import read

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    env: Annotated[str | None, typer.Option("--env", help="What agents see in this environment instead.")] = None,
    format: FormatOption = Format.TEXT,
) -> Result:
    """The working and served version of every skill."""
    return _served(context, env, format) if env else _working(context, format)


def _working(context: typer.Context, format: Format) -> Result:
    contents = read(wiring.Wiring(context.obj).working_tree())
    rows = []
    for name in contents.names:
        skill = contents.skills.get(name)
        rows.append(
            {
                "skill": name,
                "version": skill.definition.version if skill else None,
                "status": skill.definition.status.value if skill else None,
                "serving": contents.servings.get(name, Serving()).serving,
            }
        )
    return Result({"skills": rows}, 0, contents.findings, lambda screen: _draw_working(screen, rows), format)


def _draw_working(screen: "Console", rows: list[dict[str, Any]]) -> None:
    if not rows:
        draw.line(screen, "there are no skills in `skills/`")
        return
    cells = [
        (row["skill"], row["version"] or "-", row["status"] or "cannot be read", row["serving"] or "-") for row in rows
    ]
    draw.table(screen, ("skill", "version", "status", "serving"), cells)
    if any(row["status"] is None for row in rows):
        draw.line(screen, "hint: run `skillctl validate`")


def _served(context: typer.Context, env: str, format: Format) -> Result:
    with wiring.production(wiring.Wiring(context.obj).target(env)) as production:
        served = production.served()
    return Result(dict(served), 0, (), lambda screen: _draw_served(screen, served), format)


def _draw_served(screen: "Console", served: Any) -> None:
    rows = [(skill["name"], skill["version"], _short(skill["description"])) for skill in served["skills"]]
    if rows:
        draw.table(screen, ("skill", "version", "description"), rows)
    else:
        draw.line(screen, "no skill is served")
    draw.line(screen, f"release {served['release'] or 'none'}, commit {(served['commit'] or 'none')[:12]}", "dim")


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
