"""Index: the terms of what production offers, worked out from the cards that it holds."""

from collections.abc import Mapping
from typing import Any

from skillctl.domain.doctor.facts import Terms
from skillctl.domain.selection import Indexed, Offer, indexed
from skillctl.workflows.store_ports import Production


def index_offers(production: Production) -> None:
    """Give every offered skill its terms: those that have none yet, or those of another edition of the rules.

    Nothing that an agent is told depends on it; without them it only takes longer.
    """
    lacking = production.unindexed()
    if lacking:
        production.put_terms(indexed(version, offer) for version, offer in lacking)


def terms_of(production: Production) -> Terms:
    """Whether the terms that production keeps are those of the cards that it offers."""
    cards, kept = production.served()["skills"], production.kept_terms()
    missing = {offer.name for _, offer in production.unindexed()}
    strange = [
        card["name"]
        for card in cards
        if card["name"] not in missing and kept.get(card["name"], "") != _indexed(card).digest
    ]
    return Terms(len(cards), sorted(missing), strange)


def _indexed(card: Mapping[str, Any]) -> Indexed:
    return indexed(card["version"], Offer(card["name"], card["description"] or "", tuple(card["tags"] or ())))
