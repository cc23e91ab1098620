"""Verify: the ledger of production, computed again by production itself, against a head that was kept elsewhere."""

from skillctl.domain.ledger import SHOWN, Ledger, is_head
from skillctl.errors import UsageError
from skillctl.workflows.store_ports import Production


def verify_ledger(production: Production, head: str | None) -> Ledger:
    """What production finds in its ledger; UsageError where `head` is none."""
    if head is not None and not is_head(head):
        message = f"`{head}` is no head: it has {SHOWN} to 64 hexadecimal digits"
        raise UsageError(message, hint="copy it from a notice of a release, or from what `skillctl sync` said")
    return production.verify_ledger(head)
