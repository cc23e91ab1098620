"""Offering: a tree → all that a prompt can select from it, of which only what is new has to be read."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from skillctl.domain import skill
from skillctl.domain.lifecycle import Status
from skillctl.domain.selection import Offer, digest_of
from skillctl.domain.skill import Skill
from skillctl.domain.tree import FILE_MODES, folders_for, is_of_skill
from skillctl.workflows.ports import OfferMemory, Repository


class Offered(Struct, frozen=True):
    """All that a prompt can select, and its digest; neither is made before it is asked for, nor twice."""

    offers: Callable[[], list[Offer]]
    digest: Callable[[], str]


def offer_of(one: Skill) -> Offer:
    """What selection sees of a skill that was read."""
    return Offer(one.name, one.description, tuple(one.definition.tags))


def offered(load: Callable[[], list[Offer]]) -> Offered:
    """What this gives, once."""
    once = cache(load)
    return Offered(once, cache(lambda: digest_of(once())))


def offers(repository: Repository, treeish: str, memory: OfferMemory | None) -> list[Offer]:
    """Every readable skill that is not deprecated, by name."""
    return [
        Offer(name, description, tuple(tags))
        for name, (description, tags, status) in _cards(repository, treeish, memory)
        if status != Status.DEPRECATED.value
    ]


def _cards(repository: Repository, treeish: str, memory: OfferMemory | None) -> Iterator[tuple[str, tuple[Any, ...]]]:
    known = memory.known() if memory is not None else {}
    keys = {name: f"{name} {tree}" for name, tree in sorted(repository.folders(treeish, "skills").items())}
    missing = [name for name, key in keys.items() if key not in known]
    rows = {key: known[key] for key in keys.values() if key in known}
    rows |= {keys[name]: row for name, row in _read(repository, treeish, missing).items()}
    if memory is not None and missing:
        memory.keep(rows)
    for name, key in keys.items():
        row = rows[key]
        if row is not None:
            yield name, tuple(row)


def _read(repository: Repository, treeish: str, names: list[str]) -> Mapping[str, list[Any] | None]:
    """What selection sees of skills, None of one that cannot be relied on."""
    if not names:
        return {}
    tree = repository.tree(treeish)
    entries: dict[str, dict[str, str]] = {name: {} for name in names}
    wanted = []
    for entry in filter(lambda one: is_of_skill(one.path), tree.files(*folders_for(names, "skills"))):
        _, name, path = entry.path.split("/", 2)
        if name in entries:
            entries[name][path] = entry.path
            if path in (*skill.DEFINITION_NAMES, skill.SHEET_NAME) and entry.mode in FILE_MODES:
                wanted.append(entry)
    raw = tree.read(wanted)
    rows: dict[str, list[Any] | None] = {}
    for name, paths in entries.items():
        texts = {path: raw[whole] for path, whole in paths.items() if whole in raw}
        found, findings = skill.read(f"skills/{name}", texts, frozenset(paths))
        rows[name] = None if findings else [found.description, found.definition.tags, found.definition.status.value]
    return rows
