"""`skillctl verify --ledger`, beside the command itself."""

from typing import TYPE_CHECKING

from msgspec import to_builtins

from skillctl import wiring
from skillctl.cli import draw
from skillctl.cli.result import Format, Result
from skillctl.domain.ledger import Ledger, shown
from skillctl.workflows.verify_ledger import verify_ledger

if TYPE_CHECKING:
    from rich.console import Console


def ledger_of(wired: wiring.Wiring, env: str, head: str | None, format: Format) -> Result:
    """Whether the ledger of an environment is what was written; exit 1 where it is not."""
    with wiring.production(wired.target(env)) as production:
        found = verify_ledger(production, head)
    kept = found.kept
    data = {
        "head": found.head,
        "promotions": found.promotions,
        "releases": found.releases,
        "first_bad": to_builtins(found.first_bad) if found.first_bad else None,
        "kept": {"head": kept.head, "held": kept.is_held, "release": kept.release, "later": kept.later}
        if kept
        else None,
    }
    return Result(data, 1 if found.findings else 0, found.findings, lambda screen: _draw(screen, found), format)


def _draw(screen: "Console", found: Ledger) -> None:
    draw.findings(screen, found.findings)
    if found.kept is not None and found.kept.is_held:
        where = f"release {found.kept.release}" if found.kept.release else "the empty ledger"
        later = f"{found.kept.later} {'release' if found.kept.later == 1 else 'releases'} later"
        draw.line(screen, f"head {shown(found.kept.head)} is that of {where}, {later}")
    count = f"{found.releases:,} releases, {found.promotions:,} promotions, head {shown(found.head)}"
    words = "not what was written" if found.findings else "as it was written"
    draw.line(screen, f"{count}: {words}", "red" if found.findings else "green")
