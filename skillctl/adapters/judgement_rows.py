"""Judgements as lines of JSON: never a format that could run anything, for a repository may bring its own cache."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from skillctl.domain.card import Card
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.judgement import Ignore
from skillctl.domain.lifecycle import Status
from skillctl.domain.position import Position
from skillctl.domain.registry import Registry

NOTHING = "[]"
_STATUSES = {status.value: status for status in Status}
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def findings_line(findings: Iterable[Finding]) -> str:
    """Findings in one line."""
    return _line(
        [
            (one.code, one.message, one.file, one.line, one.column, one.skill, one.hint, one.severity.value)
            for one in findings
        ]
    )


def findings_of(line: str) -> list[Finding]:
    """The findings in such a line."""
    return [
        Finding(code, message, file, row, column, skill, hint, Severity(severity))
        for code, message, file, row, column, skill, hint, severity in json.loads(line)
    ]


def ignores_line(ignores: Iterable[Ignore]) -> str:
    """Suppressions in one line."""
    return _line([(one.code, one.until, one.file, one.line, one.column) for one in ignores])


def ignores_of(line: str) -> tuple[Ignore, ...]:
    """The suppressions in such a line."""
    return tuple(Ignore(*row) for row in json.loads(line))


def card_line(card: Card | None) -> str:
    """A card in one line; nothing of none."""
    if card is None:
        return NOTHING
    return _line(
        (
            *(card.name, card.version, card.status.value, card.description, dict(card.requires)),
            *(list(card.tools), list(card.approved), card.is_whole, dict(card.places)),
        )
    )


def cards_of(lines: Iterable[str]) -> list[Card]:
    """The cards in such lines, all at once, which is far faster than one by one; what is no card is left out."""
    return [
        Card(name, version, _STATUSES[status], description, requires, tools, approved, is_whole, places)
        for name, version, status, description, requires, tools, approved, is_whole, places in json.loads(
            f"[{','.join(line for line in lines if line != NOTHING)}]"
        )
    ]


def position_line(position: Position | None) -> str:
    """Where a skill stands in one line; nothing of none."""
    if position is None:
        return NOTHING
    return _line(
        (
            *(position.version, position.status.value, position.serving, list(position.approved)),
            *(list(position.tags), position.cases, position.is_whole),
        )
    )


def positions_of(lines: Mapping[str, str]) -> dict[str, Position]:
    """Where skills stand, by name, from such lines; all at once, as cards."""
    known = {name: line for name, line in lines.items() if line != NOTHING}
    return {
        name: Position(version, _STATUSES[status], *more)
        for name, (version, status, *more) in zip(known, json.loads(f"[{','.join(known.values())}]"), strict=True)
    }


def registry_line(registry: Registry) -> str:
    """A registry in one line, the same for the same one."""
    servers = None if registry.servers is None else sorted(registry.servers)
    return _line((servers, {name: list(members) for name, members in sorted(registry.groups.items())}))


def _line(data: Any) -> str:
    return _ENCODER.encode(data)
