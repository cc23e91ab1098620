"""How answers look on a terminal: readable at 80 columns, without colour, and when piped."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from skillctl.domain.finding import Finding

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {
    "draft": "yellow",
    "candidate": "cyan",
    "approved": "green",
    "deprecated": "magenta",
    "passed": "green",
    "failed": "red",
    "errored": "red",
    "error": "red",
    "warning": "yellow",
    "publish": "green",
    "blocked": "red",
    "completed": "green",
    "queued": "yellow",
}


def console(*, stderr: bool = False) -> "Console":
    """A console that breaks no words to fit and marks up nothing by itself."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def line(screen: "Console", text: str, style: str | None = None) -> None:
    """One line, never broken: a path must survive being copied."""
    screen.print(text, style=style, soft_wrap=True)


def styled(word: str) -> str | None:
    """The colour of a status, outcome or action, if it has one."""
    return _STYLES.get(word)


def findings(screen: "Console", found: Iterable[Finding]) -> None:
    """Each finding on a line of its own, its hint below it."""
    from rich.text import Text

    for finding in found:
        text = Text(f"{finding.file}:{finding.line}:{finding.column} ")
        text.append(finding.severity.value, style=styled(finding.severity.value))
        text.append(f" {finding.code} {finding.message}")
        screen.print(text, soft_wrap=True)
        if finding.hint:
            line(screen, f"    hint: {finding.hint}", "dim")


def table(screen: "Console", heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns without rules; a cell that is a known word has its colour."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    for index, head in enumerate(heads):
        drawn.add_column(head, no_wrap=index == 0, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell, style=styled(cell) or "") for cell in row))
    screen.print(drawn)
