"""`skillctl status --env`, beside the command itself: how the newest releases arrived at their consumers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from skillctl.cli import draw
from skillctl.domain.rollout import last, shown
from skillctl.wiring import Wiring
from skillctl.wiring.rollouts import rollouts

if TYPE_CHECKING:
    from rich.console import Console

#: Releases that are listed.
NEWEST = 10
_TIMES = ("settled_at", "delivered_at", "queued_at")


def rollouts_of(wired: Wiring, env: str) -> dict[str, Any]:
    """The newest releases that n8n is told of in an environment, and by skill how its last promotion arrived."""
    with rollouts(wired.target(env)) as production:
        said = production.states(NEWEST)
    return {
        "environment": env,
        "releases": [{**one, "shown": shown(one["state"], one["job"])} for one in said["releases"]],
        "skills": {skill: {**one, "shown": shown(one["state"], one["job"])} for skill, one in said["skills"].items()},
    }


def arrival(said: Mapping[str, Any] | None, skill: str) -> str:
    """How the last promotion of a skill arrived, in a few words."""
    found = said["skills"].get(skill) if said else None
    return last(found) if found else "-"


def draw_rollouts(screen: "Console", said: Mapping[str, Any]) -> None:
    """The newest releases, and what became of each of their promotions."""
    draw.blank(screen)
    if not said["releases"]:
        draw.line(screen, f"n8n was told of no release to {said['environment']} yet", "dim")
        return
    rows = [
        (
            one["release"][:8],
            one["kind"],
            _promoted(one),
            one["shown"],
            next((one[time] for time in _TIMES if one[time]), "-")[:16].replace("T", " "),
        )
        for one in said["releases"]
    ]
    draw.table(screen, ("release", "kind", "promotions", "rollout", "since"), rows)
    for one in said["releases"]:
        told = one["detail"] if one["shown"] == "failed" else one["error"] if one["state"] == "pending" else None
        if told:
            style = "red" if one["shown"] in ("failed", "not delivered") else "yellow"
            draw.paragraphs(screen, f"{one['release'][:8]} {one['shown']}: {told}", style)


def _promoted(one: Mapping[str, Any]) -> str:
    told = [f"{step['skill']}@{step['version']}" for step in one["promotions"]]
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    return ", ".join(told[:3]) + more if told else f"{one['skills']} updated"
