"""Circles in what requires what."""

from collections import defaultdict
from collections.abc import Collection, Mapping


def cycles(edges: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """For each name on a circle that was found, that circle from the name on; linear in names and edges.

    Each knot of circles gives at least one: who unties it sees the next. A name that leads to itself is no circle.
    """
    ahead = _knots({name: {to for to in tos if to != name and to in edges} for name, tos in edges.items()})
    found: dict[str, tuple[str, ...]] = {}
    visited: set[str] = set()
    for start in sorted(ahead):
        path: dict[str, int] = {}
        name = start
        while name not in visited:
            visited.add(name)
            path[name] = len(path)
            name = min(ahead[name])
        if name in path:
            circle = list(path)[path[name] :]
            for at, member in enumerate(circle):
                found[member] = (*circle[at:], *circle[:at])
    return found


def _knots(ahead: dict[str, set[str]]) -> dict[str, set[str]]:
    """What is left when whoever leads nowhere is taken away, again and again: circles, and the ways to them."""
    behind: dict[str, list[str]] = defaultdict(list)
    for name, tos in ahead.items():
        for to in tos:
            behind[to].append(name)
    ends = [name for name, tos in ahead.items() if not tos]
    for end in ends:
        for name in behind[end]:
            ahead[name].discard(end)
            if not ahead[name]:
                ends.append(name)
        del ahead[end]
    return ahead
