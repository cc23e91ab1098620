"""Index: the terms of what production offers, worked out from the cards that it holds."""

from skillctl.domain.selection import indexed
from skillctl.workflows.store_ports import Production


def index_offers(production: Production) -> None:
    """Give every offered skill its terms: those that have none yet, or those of another edition of the rules.

    Nothing that an agent is told depends on it; without them it only takes longer.
    """
    lacking = production.unindexed()
    if lacking:
        production.put_terms(indexed(version, offer) for version, offer in lacking)
