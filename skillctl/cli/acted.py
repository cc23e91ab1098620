"""How a release is told of, and the edit that has to follow what a person did in production at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from skillctl.cli import draw
from skillctl.domain.production import Applied
from skillctl.workflows.acts import Edited
from skillctl.workflows.landing import Landing

if TYPE_CHECKING:
    from rich.console import Console


def landing_of(branch: str | None) -> Landing:
    """By default the edit is only written, for a pull request of one's own."""
    return Landing(branch, commits=branch is not None)


def data_of(applied: Applied, edited: Edited | None = None) -> dict[str, Any]:
    """Both for programs."""
    told: dict[str, Any] = {**to_builtins(applied), "jobs": list(applied.jobs)}
    if edited is not None:
        told |= {**to_builtins(edited.landed), "written": list(edited.landed.written), "edit_problem": edited.problem}
    return told


def draw_applied(screen: "Console", applied: Applied, *facts: str) -> None:
    """The release with more facts of it, who is told, and how they are; nothing where there is none."""
    if applied.release is None:
        return
    told = [*facts, *([f"queued {' and '.join(applied.jobs)}"] if applied.jobs else [])]
    draw.line(screen, f"released {applied.release}{': ' if told else ''}{', '.join(told)}", "green")
    if applied.jobs:
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
