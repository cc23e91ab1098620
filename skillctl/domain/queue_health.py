"""Whether the queue is well, by the thresholds that operators agreed on."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

Level = Literal["ok", "warning", "critical"]
#: More jobs than these wait or are being done.
DEPTH = (50, 100)
#: More dead letters than these are not settled.
DEAD = (5, 10)
#: A smaller share than these of the last seven days' ended jobs was completed.
SUCCESS = (0.9, 0.8)


class Source(Struct, frozen=True):
    """The jobs of one source: those that wait or are being done, how the last week's ended, and what is dead."""

    name: str
    queued: int
    processing: int
    completed: int
    failed: int
    dead: int

    @property
    def depth(self) -> int:
        """How many jobs are not done yet."""
        return self.queued + self.processing

    @property
    def success(self) -> float | None:
        """The share of ended jobs that were completed; None where none ended."""
        ended = self.completed + self.failed
        return self.completed / ended if ended else None


class Concern(Struct, frozen=True):
    """One figure beyond its threshold."""

    level: Level
    source: str
    what: str


def sources(said: Mapping[str, Mapping[str, Any]]) -> list[Source]:
    """The sources as production counted them, by name."""
    return [Source(name, **counts) for name, counts in sorted(said.items())]


def concerns(found: list[Source]) -> list[Concern]:
    """Every figure beyond its threshold, the critical ones first; thresholds are for each source by itself."""
    judged = []
    for one in found:
        judged.append(_above(one, one.depth, DEPTH, "{0} jobs wait or are being done"))
        judged.append(_above(one, one.dead, DEAD, "{0} dead letters are not settled"))
        judged.append(_success(one))
    beyond = [one for one in judged if one is not None]
    return sorted(beyond, key=lambda one: (one.level != "critical", one.source))


def level(found: list[Concern]) -> Level:
    """The worst of them."""
    levels = {one.level for one in found}
    return "critical" if "critical" in levels else "warning" if levels else "ok"


def _above(one: Source, value: int, thresholds: tuple[int, int], words: str) -> Concern | None:
    warning, critical = thresholds
    if value <= warning:
        return None
    is_critical = value > critical
    said = f"{words.format(value)}, more than {critical if is_critical else warning}"
    return Concern("critical" if is_critical else "warning", one.name, said)


def _success(one: Source) -> Concern | None:
    warning, critical = SUCCESS
    if one.success is None or one.success >= warning:
        return None
    is_critical = one.success < critical
    bound = critical if is_critical else warning
    # Rounded down: 89.96 % must not be shown as the 90 % that it is not.
    share = int(one.success * 1000) / 10
    said = f"{share:g} % of the jobs of seven days were completed, less than {bound:.0%}".replace("0%", "0 %")
    return Concern("critical" if is_critical else "warning", one.name, said)
