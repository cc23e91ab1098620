"""Index: the terms of what production offers, worked out from the cards that it holds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from skillctl.domain.doctor.facts import Terms
from skillctl.domain.selection import Indexed, Offer, indexed
from skillctl.workflows.store_ports import Production


def nothing() -> Sequence[Indexed]:
    """No terms of any."""
    return ()


def index_offers(production: Production, known: Callable[[], Sequence[Indexed]] = nothing) -> None:
    """Give every offered skill its terms: first those that are known, then those that it still has not of this edition.

    Nothing that an agent is told depends on it; without them it only takes longer.
    """
    production.put_terms(known())
    production.put_terms(indexed(version, offer) for version, offer in production.unindexed())


def worked_out(cards: Iterable[tuple[str, Mapping[str, Any]]]) -> Sequence[Indexed]:
    """The terms of cards, each with its version."""
    return [indexed(version, _offer(card)) for version, card in cards]


def terms_of(production: Production) -> Terms:
    """Whether the terms that production keeps are those of the cards that it offers."""
    cards, kept = _cards(production), production.kept_terms()
    unread = {offer.name for _, offer in production.unindexed()}
    right = {name for name, card in cards.items() if name in unread or kept.get(name, "") == _indexed(card).digest}
    strange = (cards.keys() | kept.keys() | unread) - right
    return Terms(len(cards), sorted(unread & right), sorted(strange))


def mend_terms(production: Production, names: Iterable[str]) -> None:
    """Give these skills the terms of their cards, or none where they are not offered, whatever somebody put there."""
    cards = _cards(production)
    production.put_terms(_indexed(cards[name]) if name in cards else Indexed(name, "", {}) for name in names)


def _cards(production: Production) -> Mapping[str, Mapping[str, Any]]:
    return {card["name"]: card for card in production.served()["skills"]}


def _indexed(card: Mapping[str, Any]) -> Indexed:
    return indexed(card["version"], _offer(card))


def _offer(card: Mapping[str, Any]) -> Offer:
    return Offer(card["name"], card["description"] or "", tuple(card["tags"] or ()))
