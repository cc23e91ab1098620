"""How well skills are told apart: what trigger cases say of each skill, and which skills take each other's prompts.

For a skill S, as in information retrieval (van Rijsbergen 1979):

- hit: S must fire and is selected;
- miss: S must fire and is not selected;
- false alarm: S is selected for a near miss of its own, or where another skill must fire.

Precision is hits / (hits + false alarms), recall is hits / (hits + misses); where nothing was counted there is none.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct


class Choice(Struct, frozen=True):
    """One trigger case of `skill` and what was `selected` for its prompt; None is nobody."""

    skill: str
    fires: bool
    selected: str | None

    @property
    def is_right(self) -> bool:
        """Whether the case passes."""
        return (self.selected == self.skill) is self.fires


class Score(Struct, frozen=True):
    """The counts of one skill."""

    skill: str
    hits: int
    misses: int
    false_alarms: int

    @property
    def precision(self) -> float | None:
        return _share(self.hits, self.false_alarms)

    @property
    def recall(self) -> float | None:
        return _share(self.hits, self.misses)


class Confusion(Struct, frozen=True):
    """`scores` by name, of all skills that have cases or were selected; `table[owner][selected]` counts prompts.

    The rows of the table are skills that must fire, its columns what was selected instead or rightly, None for nobody.
    Near misses are in no row: a case says whose prompt it is not, and not whose it is.
    """

    scores: tuple[Score, ...]
    table: Mapping[str, Mapping[str | None, int]]


def confusion(choices: Iterable[Choice]) -> Confusion:
    """The scores and the table of trigger cases, of any number of suites."""
    hits, misses, false_alarms = Counter[str](), Counter[str](), Counter[str]()
    names: set[str] = set()
    table: dict[str, Counter[str | None]] = {}
    for choice in choices:
        names.update({choice.skill, choice.selected or choice.skill})
        if choice.fires:
            table.setdefault(choice.skill, Counter())[choice.selected] += 1
            (hits if choice.is_right else misses)[choice.skill] += 1
        if choice.selected is not None and not choice.is_right:
            false_alarms[choice.selected] += 1
    scores = tuple(Score(name, hits[name], misses[name], false_alarms[name]) for name in sorted(names))
    return Confusion(scores, {owner: dict(table[owner]) for owner in sorted(table)})


def _share(hits: int, others: int) -> float | None:
    return hits / (hits + others) if hits + others else None
