"""`skillctl plan`."""

from typing import TYPE_CHECKING, Any

import typer

from skillctl import wiring
from skillctl.cli import draw
from skillctl.cli.options import EnvironmentOption, FormatOption, RevisionArgument
from skillctl.cli.result import Format, Result
from skillctl.domain.release import CHANGING, Action, Entry, Plan
from skillctl.workflows.release import plan

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    revision: RevisionArgument = "HEAD",
    env: EnvironmentOption = "prod",
    format: FormatOption = Format.TEXT,
) -> Result:
    """The difference between a commit and production; exit 1 if a skill is blocked."""
    wired = wiring.Wiring(context.obj)
    with wiring.production(wired.target(env)) as production:
        made = plan(wired.repository(), wired.signatures(), production, revision).plan
    findings = [finding for entry in made.blocked for finding in entry.problems]
    return Result(as_data(made), 1 if made.blocked else 0, findings, lambda screen: draw_plan(screen, made), format)


def as_data(made: Plan) -> dict[str, Any]:
    """The plan for programs."""
    return {
        "commit": made.commit,
        "deployed": made.current.commit,
        "entries": [
            {
                "skill": entry.skill,
                "action": entry.action.value,
                "version": entry.version,
                "serving": entry.serving,
                "was_serving": entry.was_serving,
            }
            for entry in made.entries
        ],
    }


def draw_plan(screen: "Console", made: Plan) -> None:
    """The plan as a table, changes first, what blocks below it."""
    told = [entry for entry in made.entries if entry.action is not Action.UNCHANGED]
    if told:
        told.sort(key=lambda entry: (entry.action not in CHANGING, entry.skill))
        rows = [(entry.skill, entry.action.value, entry.version or "-", _serving(entry)) for entry in told]
        draw.table(screen, ("skill", "action", "version", "serving"), rows)
    draw.findings(screen, [finding for entry in made.blocked for finding in entry.problems])
    unchanged = len(made.entries) - len(told)
    if not made.changes:
        draw.line(screen, "nothing to change: production holds what the commit says", "green")
    where = f"{made.current.commit[:12]} -> " if made.current.commit else ""
    words = f"{len(made.changes)} to change, {len(made.blocked)} blocked, {unchanged} unchanged"
    draw.line(screen, f"commit {where}{made.commit[:12]}: {words}", "dim")


def _serving(entry: Entry) -> str:
    if entry.note:
        return f"{entry.serving or 'nothing'} ({entry.note})"
    if entry.serving == entry.was_serving:
        return entry.serving or "nothing"
    return f"{entry.was_serving or 'nothing'} -> {entry.serving or 'nothing'}"
