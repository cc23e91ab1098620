"""`skillctl history`."""

from typing import TYPE_CHECKING, Any

import typer

from skillctl.cli import draw
from skillctl.cli.options import FormatOption, SkillArgument
from skillctl.cli.result import Format, Result
from skillctl.domain.canonical import short
from skillctl.domain.evidence import Outcome
from skillctl.domain.serving import Retirement
from skillctl.wiring import Wiring
from skillctl.workflows.history import Version, history

if TYPE_CHECKING:
    from rich.console import Console


def run(context: typer.Context, name: SkillArgument, format: FormatOption = Format.TEXT) -> Result:
    """Every approved version of a skill, from its approvals; signatures are named, not verified."""
    wired = Wiring(context.obj)
    found = history(wired.repository(), wired.working_tree(), name)
    rows = [_row(version) for version in found.versions]

    def text(screen: "Console") -> None:
        _draw(screen, name, rows)
        # What cannot be read may hide a version, or what is served.
        draw.findings(screen, found.findings, {})

    return Result({"skill": name, "versions": rows}, 0, found.findings, text, format)


def _row(found: Version) -> dict[str, Any]:
    evidence = found.said.evidence
    return {
        "version": found.version,
        "state": found.state,
        "serving": found.is_serving,
        "digest": found.said.digest,
        "evidence": evidence.digest,
        "class": evidence.evidence_class.value,
        "passed": evidence.count(Outcome.PASSED),
        "cases": len(evidence.cases),
        "measured_at": evidence.finished_at,
        "promoted_at": found.promoted_at,
        "approvers": list(found.signers),
        "authors": found.said.authors,
        "notice": _notice(found.retired),
        "reinstated": _notice(found.reinstated),
    }


def _notice(retired: Retirement | None) -> dict[str, str] | None:
    return retired.model_dump(exclude_none=True) if retired else None


def _draw(screen: "Console", name: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        draw.line(screen, f"no version of `{name}` was approved yet")
        return
    cells = [
        (
            row["version"] + (" *" if row["serving"] else ""),
            row["state"],
            (row["promoted_at"] or "-")[:10],
            short(row["digest"]),
            f"{row['passed']}/{row['cases']} {row['class']}",
        )
        for row in rows
    ]
    draw.table(screen, ("version", "state", "promoted", "digest", "evidence"), cells)
    for row in rows:
        people = {"by": row["authors"], "signed by": row["approvers"]}
        told = "; ".join(f"{what} {', '.join(names)}" for what, names in people.items() if names)
        draw.paragraphs(screen, f"{row['version']} {told}")
        if row["notice"]:
            draw.paragraphs(screen, f"{row['version']} {row['state']}: {_told(row['notice'])}")
        if row["reinstated"]:
            draw.paragraphs(screen, f"{row['version']} reinstated: {_told(row['reinstated'])}")
    if any(row["serving"] for row in rows):
        draw.line(screen, "* served", "dim")


def _told(notice: dict[str, str]) -> str:
    words = [notice["reason"]]
    if "replaced_by" in notice:
        words.append(f"use {notice['replaced_by']}")
    if "sunset" in notice:
        words.append(f"until {notice['sunset']}")
    return "; ".join(words)
