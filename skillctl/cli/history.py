"""`skillctl history`."""

from typing import TYPE_CHECKING, Any

import typer

from skillctl.cli import draw
from skillctl.cli.options import FormatOption, SkillArgument
from skillctl.cli.result import Format, Result
from skillctl.domain import version as versions
from skillctl.domain.evidence import Outcome
from skillctl.domain.promotion import short
from skillctl.domain.serving import Serving
from skillctl.wiring import Wiring
from skillctl.workflows.read import read

if TYPE_CHECKING:
    from rich.console import Console


def run(context: typer.Context, name: SkillArgument, format: FormatOption = Format.TEXT) -> Result:
    """Every approved version of a skill, from its approvals."""
    contents = read(Wiring(context.obj).working_tree())
    statements = contents.approvals.get(contents.known(name), {})
    serving = contents.servings.get(name, Serving())
    rows = []
    for version in versions.ordered(statements):
        said = statements[version].predicate
        state, retired = serving.state(version)
        rows.append(
            {
                "version": version,
                "state": state,
                "serving": serving.serving == version,
                "digest": said.digest,
                "evidence": said.evidence.digest,
                "class": said.evidence.evidence_class.value,
                "passed": said.evidence.count(Outcome.PASSED),
                "cases": len(said.evidence.cases),
                "measured_at": said.evidence.finished_at,
                "authors": said.authors,
                "notice": retired.model_dump(exclude_none=True) if retired else None,
            }
        )
    findings = [finding for finding in contents.findings if finding.skill == name]
    return Result({"skill": name, "versions": rows}, 0, findings, lambda screen: _draw(screen, name, rows), format)


def _draw(screen: "Console", name: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        draw.line(screen, f"no version of `{name}` was approved yet")
        return
    cells = [
        (
            row["version"] + (" *" if row["serving"] else ""),
            row["state"],
            short(row["digest"]),
            f"{row['passed']}/{row['cases']} {row['class']}",
            row["measured_at"][:10],
        )
        for row in rows
    ]
    draw.table(screen, ("version", "state", "digest", "evidence", "measured"), cells)
    for row in rows:
        if row["notice"]:
            draw.paragraphs(screen, f"{row['version']} {row['state']}: {_told(row['notice'])}")
    if any(row["serving"] for row in rows):
        draw.line(screen, "* served", "dim")


def _told(notice: dict[str, str]) -> str:
    words = [notice["reason"]]
    if "replaced_by" in notice:
        words.append(f"use {notice['replaced_by']}")
    if "sunset" in notice:
        words.append(f"until {notice['sunset']}")
    return "; ".join(words)
