"""How what a person did in production at once is told: the release, and the edit that has to follow in Git."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from skillctl.cli import draw
from skillctl.workflows.acts import Acted, Edited
from skillctl.workflows.landing import Landing

if TYPE_CHECKING:
    from rich.console import Console


def landing_of(branch: str | None) -> Landing:
    """By default the edit is only written, for a pull request of one's own."""
    return Landing(branch, commits=branch is not None)


def data_of(acted: Acted, edited: Edited | None = None) -> dict[str, Any]:
    """Both for programs."""
    told: dict[str, Any] = {"release": acted.release, "head": acted.head, "jobs": list(acted.jobs)}
    if edited is not None:
        told |= {**asdict(edited.landed), "written": list(edited.landed.written), "edit_problem": edited.problem}
    return told


def draw_acted(screen: "Console", acted: Acted) -> None:
    """The release and who is told of it."""
    if acted.release is None:
        return
    jobs = f", queued {' and '.join(acted.jobs)}" if acted.jobs else ""
    draw.line(screen, f"release {acted.release}{jobs}", "dim")
    if acted.jobs:
        draw.line(screen, "hint: run `skillctl jobs work --drain` to deliver")


def draw_edited(screen: "Console", edited: Edited, files: Sequence[str]) -> None:
    """What Git must say too, and where that was written."""
    names = ", ".join(f"`{file}`" for file in files)
    if edited.problem is not None:
        draw.line(screen, f"the matching edit of {names} was not written: {edited.problem}", "yellow")
        draw.line(screen, "hint: run the command again where that is mended; production stays as it is")
    elif edited.landed.is_new:
        draw.line(screen, f"the matching edit of {names} is there ({draw.landed(edited.landed)})", "green")
        draw.line(screen, "hint: merge it, so that Git agrees with production")
    else:
        draw.line(screen, f"{names} says so already", "dim")
