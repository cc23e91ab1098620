"""`skillctl plan`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skillctl import wiring
from skillctl.cli import draw
from skillctl.cli.options import EnvironmentOption, FormatOption, RevisionArgument
from skillctl.cli.result import Format, Result
from skillctl.domain import plan_record
from skillctl.domain.promotion import short
from skillctl.domain.release import IDLE, Action, Entry, Plan
from skillctl.errors import UsageError
from skillctl.wiring.releasing import releasing
from skillctl.workflows.plan import Planned, plan

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    revision: RevisionArgument = "HEAD",
    env: EnvironmentOption = "prod",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Save the plan, for `skillctl sync --plan FILE`.")
    ] = None,
    format: FormatOption = Format.TEXT,
) -> Result:
    """The difference between a commit and production; exit 1 if a skill is blocked."""
    with releasing(wiring.Wiring(context.obj), env) as (court, production):
        planned = plan(court, production, revision)
    made = planned.plan
    if out is not None:
        _save(out, plan_record.saved(made, env).text())
    # Of ten thousand skills it takes a while, and is only read by programs.
    data = as_data(planned) if format is Format.JSON else {}
    return Result(data, 1 if made.blocked else 0, findings_of(made), lambda screen: draw_plan(screen, planned), format)


def _save(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UsageError(
            f"the plan cannot be saved in `{file}`: {problem.strerror}", hint="name another file"
        ) from None


def findings_of(made: Plan) -> list[Any]:
    """Why skills are blocked."""
    return [finding for entry in made.blocked for finding in entry.problems]


def as_data(planned: Planned) -> dict[str, Any]:
    """The plan for programs."""
    made = planned.plan
    return {
        "commit": made.commit,
        "deployed": made.current.commit,
        "entries": [
            {**plan_record.entry_data(entry), "files": [list(one) for one in planned.files(entry)]}
            for entry in made.entries
        ],
    }


#: Rows that a person looks at; of more, programs read the rest.
_SHOWN = 200


def draw_plan(screen: "Console", planned: Planned) -> None:
    """The plan as a table, changes first, what becomes of files and what blocks below it."""
    made = planned.plan
    told = [entry for entry in made.entries if entry.action is not Action.UNCHANGED]
    if told:
        told.sort(key=lambda entry: (entry.action in IDLE, entry.skill))
        rows = [
            (
                entry.skill,
                entry.action.value,
                entry.version or "-",
                _serving(entry),
                short(entry.digest) if entry.digest else "-",
            )
            for entry in told[:_SHOWN]
        ]
        draw.table(screen, ("skill", "action", "version", "serving", "digest"), rows)
    for entry in made.changes[:_SHOWN]:
        _draw_files(screen, planned, entry)
    if len(told) > _SHOWN:
        draw.line(screen, f"and {len(told) - _SHOWN:,} more: `skillctl plan --format json` lists all", "dim")
    for entry in told:
        if entry.note and entry.action is not Action.KEPT:
            draw.line(screen, f"{entry.skill}: {entry.note}", "yellow" if entry.action is Action.HOLD else "dim")
    draw.findings(screen, findings_of(made))
    unchanged = len(made.entries) - len(told)
    if not made.changes:
        agrees = not made.blocked and all(entry.action is not Action.HOLD for entry in told)
        words = "nothing to change: production holds what the commit says" if agrees else "nothing to change"
        draw.line(screen, words, "green")
    where = f"{made.current.commit[:12]} -> " if made.current.commit else ""
    words = f"{len(made.changes)} to change, {len(made.blocked)} blocked, {unchanged} unchanged"
    draw.line(screen, f"commit {where}{made.commit[:12]}: {words}", "dim")


_MARKS = {"added": "+", "removed": "-", "changed": "~"}


def _draw_files(screen: "Console", planned: Planned, entry: Entry) -> None:
    files = planned.files(entry)
    for word, path in files:
        draw.line(screen, f"  {_MARKS[word]} {entry.skill}/{path}", "dim")
    if files:
        draw.line(screen, f"  lines: `skillctl diff {entry.skill} {entry.was_serving} {entry.serving}`", "dim")


def _serving(entry: Entry) -> str:
    if entry.action is Action.KEPT:
        return f"{entry.serving or 'nothing'} ({entry.note})"
    if entry.serving == entry.was_serving:
        return entry.serving or "nothing"
    return f"{entry.was_serving or 'nothing'} -> {entry.serving or 'nothing'}"
