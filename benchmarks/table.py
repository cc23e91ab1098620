"""Measurements as a Markdown table, each beside what was asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """All values of one measurement; `least` and `most` bound what its median was asked to be.

    Where there are no values, `missing` says why.
    """

    name: str
    unit: str
    values: Sequence[float]
    most: float | None = None
    least: float | None = None
    missing: str = ""

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def asked(self) -> str:
        """The bounds in words; empty where nothing was asked for."""
        bounds = [f"≥ {self.least:g}"] if self.least is not None else []
        bounds += [f"≤ {self.most:g}"] if self.most is not None else []
        return ", ".join(bounds)

    @property
    def verdict(self) -> str:
        """Whether the median lies within the bounds; empty where nothing was asked for."""
        if not self.asked:
            return ""
        too_little = self.least is not None and self.median < self.least
        too_much = self.most is not None and self.median > self.most
        return "**no**" if too_little or too_much else "yes"


def show(title: str, rows: Iterable[Row]) -> None:
    """Print one table with its title, at once, for the next one may be minutes away."""
    print(f"\n### {title}\n")
    print("| | unit | median | least – most | runs | asked | met |")
    print("|---|---|---:|---:|---:|---:|---|")
    for row in rows:
        print("| " + " | ".join(_cells(row)) + " |", flush=True)


def _cells(row: Row) -> tuple[str, ...]:
    if row.missing:
        name = f"{row.name}: {row.missing}".replace("|", " ")
        return (name, row.unit, "**not measured**", "", "0", row.asked, "**no**")
    spread = f"{_number(min(row.values), row.unit)} – {_number(max(row.values), row.unit)}"
    return (row.name, row.unit, _number(row.median, row.unit), spread, str(len(row.values)), row.asked, row.verdict)


def _number(value: float, unit: str) -> str:
    if unit == "MB":
        return f"{value:.0f}"
    return f"{value:.3f}" if unit == "s" and value < 1 else f"{value:.2f}"
