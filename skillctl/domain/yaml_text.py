"""YAML text → its tree of nodes with places, of bounded depth: the C composer recurses, and could overrun the stack."""

import re
from contextlib import suppress
from functools import lru_cache
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.events import CollectionEndEvent, CollectionStartEvent
from yaml.nodes import MappingNode, Node, ScalarNode
from yaml.resolver import Resolver

#: YAML ends a line at each of these.
BREAKS = "\n\r\x85\u2028\u2029"
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TEXT = Resolver.DEFAULT_SCALAR_TAG
#: No plain scalar that begins with another character is anything but text in YAML 1.1.
_FIRST = frozenset(Resolver.yaml_implicit_resolvers)


class NotYaml(ValueError):
    """Why a text cannot be read, with its code and the character it is about."""

    def __init__(self, code: str, message: str, index: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.index, self.hint = code, message, index, hint


class _TooDeep(Exception):
    """The nesting has passed the bound."""


class _Loader(CParser):
    """The C parser with the kinds of YAML 1.1, as PyYAML has them, and nothing that constructs."""

    def __init__(self, text: str, max_depth: int) -> None:
        super().__init__(text)
        self._left = max_depth

    def resolve(self, kind: type[Node], value: str | None, implicit: Any) -> str:
        if kind is ScalarNode:
            if implicit[0] and (not value or value[0] in _FIRST):
                return _kind(value)
            return TEXT
        if self._left < 0:
            raise _TooDeep
        return Resolver.DEFAULT_MAPPING_TAG if kind is MappingNode else Resolver.DEFAULT_SEQUENCE_TAG

    def descend_resolver(self, _parent: Node | None, _index: Any) -> None:
        """Called by the composer before each node, with the collection that it lies in."""
        self._left -= 1
        if self._left < -1:
            # A collection with a tag of its own was not resolved.
            raise _TooDeep

    def ascend_resolver(self) -> None:
        """Called by the composer after each node."""
        self._left += 1


_RESOLVER = Resolver()


@lru_cache(maxsize=4096)
def _kind(value: str | None) -> str:
    return str(_RESOLVER.resolve(ScalarNode, value, (True, False)))  # type: ignore[no-untyped-call]


def compose(text: str, max_depth: int) -> Node | None:
    """The nodes of the one document in `text`, None if it is empty; NotYaml on anything that is no YAML."""
    unprintable = _UNPRINTABLE.search(text)
    if unprintable is not None:
        raise _refused(unprintable)
    try:
        return _Loader(text, max_depth).get_single_node()
    except _TooDeep:
        index, code, message = 0, "SK006", ""
    except yaml.MarkedYAMLError as problem:
        index = _index(problem.problem_mark or problem.context_mark)
        code, message = _worded(problem)
    if code == "SK006":
        index, message = _first_too_deep(text, max_depth, index), f"nested more than {max_depth} levels deep"
    raise NotYaml(code, message, index)


def _refused(match: re.Match[str]) -> NotYaml:
    message = f"the character U+{ord(match.group()):04X} is not allowed"
    return NotYaml("SK002", message, match.start(), "take it out, or write it as an escape in double quotes")


def _worded(problem: yaml.MarkedYAMLError) -> tuple[str, str]:
    if "single document" in (problem.context or ""):
        return "SK005", "more than one YAML document"
    if "nesting depth" in (problem.problem or ""):
        # The scanner looks ahead, and has a bound of its own.
        return "SK006", ""
    return "SK002", " ".join(part for part in (problem.problem, problem.context) if part)


def _first_too_deep(text: str, most: int, index: int) -> int:
    """Where the first collection is that is too deep; `index` where the scanner itself gives up before it."""
    depth = 0
    with suppress(yaml.MarkedYAMLError):
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            depth += isinstance(event, CollectionStartEvent)
            if depth > most:
                return _index(event.start_mark)
            depth -= isinstance(event, CollectionEndEvent)
    return index


def _index(mark: Any) -> int:
    return int(mark.index)
