"""A tree of nodes → plain data, with everything on the way that two readers could take for two things."""

import math
from collections.abc import Callable
from typing import Any

import yaml
from msgspec import Struct
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from skillctl.domain.yaml_text import TEXT

#: Longer numbers are text: nobody means them, and converting or printing them takes for ever.
MAX_NUMBER = 64
#: What numbers begin with, and the letters that are truth values to some readers.
_DOUBTFUL = frozenset("0123456789+-.yYnN")
_MERGE = "tag:yaml.org,2002:merge"
_SCALARS = yaml.constructor.SafeConstructor()
_CONSTRUCT: dict[str, Callable[[Any], Any]] = {
    "tag:yaml.org,2002:null": lambda _node: None,
    "tag:yaml.org,2002:bool": _SCALARS.construct_yaml_bool,
    "tag:yaml.org,2002:int": _SCALARS.construct_yaml_int,
    "tag:yaml.org,2002:float": _SCALARS.construct_yaml_float,
}


class Trouble(Struct, frozen=True):
    """What no reader should have to guess at, at the mark of a node."""

    code: str
    message: str
    mark: yaml.Mark
    hint: str | None


class Reading(Struct, frozen=True):
    """The data of a mapping; `doubtful` are the scalars that some reader might not take for text, each with the
    top-level key it lies below; `troubles` are keys that stand twice or are no text, anchors, tags and NUL.
    """

    data: dict[str, Any]
    doubtful: list[tuple[str, ScalarNode]]
    troubles: list[Trouble]


def read(root: MappingNode, text: str) -> Reading:
    """What a mapping says.

    A value with an anchor or a tag is None in the data, and so is an alias; of a key that stands twice the last counts.
    """
    walk = _Walk(text)
    data = walk.value(root)
    return Reading(data if isinstance(data, dict) else {}, walk.doubtful, walk.troubles)


class _Walk:
    def __init__(self, text: str) -> None:
        self._text = text
        self.troubles: list[Trouble] = []
        self.doubtful: list[tuple[str, ScalarNode]] = []
        self._top = ""
        self._depth = 0
        # What the text does not hold at all need not be looked for at each node.
        self._decorations = "&" in text or "!" in text
        self._escapes = "\\" in text
        self._seen: set[int] = set()

    def value(self, node: Node) -> Any:
        if self._decorations and self._is_decorated(node):
            return None
        if isinstance(node, ScalarNode):
            if self._escapes:
                self._refuse_nul(node)
            if node.tag == TEXT:
                if node.value[:1] in _DOUBTFUL:
                    self.doubtful.append((self._top, node))
                return node.value
            self.doubtful.append((self._top, node))
            return _converted(node)
        if isinstance(node, SequenceNode):
            return [self.value(item) for item in node.value]
        return self._mapping(node)

    def _mapping(self, node: Node) -> dict[str, Any]:
        data: dict[str, Any] = {}
        self._depth += 1
        for key, value in node.value:
            if not isinstance(key, ScalarNode) or key.tag == _MERGE:
                self._add("SK004", "a key must be plain text", key.start_mark)
                continue
            if self._decorations and self._is_decorated(key):
                continue
            if self._escapes:
                self._refuse_nul(key)
            if key.value in data:
                message = f"the key `{key.value}` stands here a second time"
                self._add("SK003", message, key.start_mark, "keep one of them")
            if self._depth == 1:
                self._top = key.value
            elif key.tag != TEXT or key.value[:1] in _DOUBTFUL:
                self.doubtful.append((self._top, key))
            data[key.value] = self.value(value)
        self._depth -= 1
        return data

    def _is_decorated(self, node: Node) -> bool:
        """Whether the node is anchored, tagged, or an alias of one that is; each is told of once."""
        if id(node) in self._seen:
            return True
        sign = self._text[node.start_mark.index : node.start_mark.index + 1]
        if sign not in ("&", "!"):
            return False
        self._seen.add(id(node))
        kind = "an anchor (`&name`)" if sign == "&" else "a tag (`!name`)"
        self._add("SK004", f"{kind} is not allowed here", node.start_mark, "write the plain value")
        return True

    def _refuse_nul(self, node: ScalarNode) -> None:
        """An escape can spell what the text itself may not hold."""
        if "\0" in node.value:
            self._add("SK001", "a NUL character, which no store can hold", node.start_mark, "take it out")

    def _add(self, code: str, message: str, mark: yaml.Mark, hint: str | None = None) -> None:
        self.troubles.append(Trouble(code, message, mark, hint))


def _converted(node: ScalarNode) -> Any:
    construct = _CONSTRUCT.get(node.tag)
    if construct is None or len(node.value) > MAX_NUMBER:
        return node.value
    try:
        value = construct(node)
    except ValueError:
        return node.value
    # Infinity and NaN are no JSON, so they stay the text they are.
    return node.value if isinstance(value, float) and not math.isfinite(value) else value
