"""How answers look on a terminal: readable at 80 columns, without colour, and when piped."""

import io
import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from skillctl.domain.finding import Finding

if TYPE_CHECKING:
    from rich.console import Console

    from skillctl.workflows.landing import Landed

_STYLES = {
    "draft": "yellow",
    "candidate": "cyan",
    "approved": "green",
    "deprecated": "magenta",
    "passed": "green",
    "failed": "red",
    "errored": "red",
    "regressed": "red",
    "underpowered": "yellow",
    "error": "red",
    "warning": "yellow",
    "publish": "green",
    "blocked": "red",
    "completed": "green",
    "queued": "yellow",
}
#: Columns between two cells of a table, and the width below which a wrapped text is no longer read.
_GAP = 3
_NARROWEST = 24
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
#: What joins letters and emoji; it is written in many languages and moves no cursor.
_JOINERS = "\u200c\u200d"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def console(*, stderr: bool = False) -> "Console":
    """A console that breaks no words to fit and marks up nothing by itself."""
    from rich.console import Console

    class Own(Console):
        def on_broken_pipe(self) -> None:
            # The base class would end the process with 1, which is an answer.
            raise

    return Own(stderr=stderr, highlight=False, markup=False, emoji=False)


def rendered(show: Callable[["Console"], None], *, stderr: bool = False) -> str:
    """What `show` draws, as the stream wants it, but not written to it: what is drawn is whole or not there."""
    from rich.console import Console

    looks = console(stderr=stderr)
    page = io.TextIOWrapper(io.BytesIO(), encoding=looks.encoding, errors="backslashreplace", newline="")
    screen = Console(
        file=page,
        force_terminal=looks.is_terminal,
        no_color=looks.no_color,
        width=looks.width,
        highlight=False,
        markup=False,
        emoji=False,
    )
    show(screen)
    page.seek(0)
    return page.read()


def plain(text: str) -> str:
    """Text of a repository or a store with its control and direction characters as escapes (`\\x1b`, `\\u202e`).

    Whoever wrote a skill must not be able to move the reader's cursor, or to turn a line around.
    """
    if text.isprintable():
        return text
    return "".join(char if _is_seen(char) else _SHORT.get(char) or _escaped(ord(char)) for char in text)


def line(screen: "Console", text: str, style: str | None = None) -> None:
    """One line, never broken: a path must survive being copied."""
    screen.print(plain(text), style=style, soft_wrap=True)


def blank(screen: "Console") -> None:
    """An empty line."""
    screen.print()


def paragraphs(screen: "Console", text: str, style: str | None = None) -> None:
    """Text of several lines, wrapped between words."""
    for part in re.split(r"\r\n|\r|\n", text.strip()):
        screen.print(_wrapped(plain(part), screen.width), style=style, soft_wrap=True)


def indented(screen: "Console", text: str) -> None:
    """One text below what it belongs to, wrapped between words."""
    for part in _wrapped(plain(text), screen.width - 4).splitlines():
        screen.print(f"    {part}", soft_wrap=True)


def fields(screen: "Console", told: Mapping[str, str]) -> None:
    """One `key: text` a line, the texts below each other and wrapped between words."""
    edge = max(map(len, told), default=0) + 2
    for key, text in told.items():
        lines = _wrapped(plain(text), screen.width - edge).splitlines() or [""]
        for index, part in enumerate(lines):
            screen.print(f"{plain(key) + ':' if index == 0 else '':{edge}}{part}", soft_wrap=True)


def landed(done: "Landed") -> str:
    """Where a change went, in a few words; what is only written is still to be committed."""
    if done.commit is None:
        return f"written and not committed: {', '.join(done.written)}"
    return f"commit {done.commit[:12]}" + (f" on branch `{done.branch}`" if done.branch else "")


def styled(word: str) -> str | None:
    """The colour of a status, outcome or action, if it has one."""
    return _STYLES.get(word)


def findings(
    screen: "Console", found: Iterable[Finding], excerpts: Mapping[tuple[str, int], str] = MappingProxyType({})
) -> None:
    """Each finding on a line of its own; below it the source line with a caret, where there is one, and its hint."""
    from rich.text import Text

    for finding in found:
        text = Text(f"{plain(finding.file)}:{finding.line}:{finding.column} ")
        text.append(finding.severity.value, style=styled(finding.severity.value))
        text.append(plain(f" {finding.code} {finding.message}"))
        screen.print(text, soft_wrap=True)
        source = excerpts.get((finding.file, finding.line))
        if source is not None and source.strip():
            _excerpt(screen, source, finding)
        if finding.hint:
            line(screen, f"    hint: {finding.hint}", "dim")


def _excerpt(screen: "Console", source: str, finding: Finding) -> None:
    """A source line and a caret below its column; of a long line the part around it."""
    from rich.cells import cell_len, set_cell_size

    gutter = f"{finding.line:>6} | "
    width, column = max(screen.width, _NARROWEST * 2) - len(gutter) - 1, min(finding.column - 1, len(source))
    start = 0 if cell_len(plain(source[:column])) < width * 3 // 4 else max(column - width // 2, 0)
    before = ("…" if start else "") + plain(source[start:column])
    shown = before + plain(source[column : column + width])
    if cell_len(shown) > width:
        shown = set_cell_size(shown, width - 1).rstrip() + "…"
    screen.print(gutter + shown, style="dim", soft_wrap=True)
    screen.print(" " * (len(gutter) - 2) + "| " + " " * cell_len(before) + "^", style="dim", soft_wrap=True)


def table(screen: "Console", heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns without rules; a cell that is a known word has its colour.

    Where they do not fit, the widest column but the first is wrapped; where that is no help, each row becomes a list.
    """
    from rich.cells import cell_len

    cells = [tuple(plain(cell) for cell in row) for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(heads, *cells, strict=True)]
    widest = max(range(1, len(widths)), key=widths.__getitem__, default=0)
    left = screen.width - sum(widths) - _GAP * (len(widths) - 1) + widths[widest]
    if left >= min(widths[widest], _NARROWEST):
        _columns(screen, heads, cells, widest)
        return
    for row in cells:
        fields(screen, dict(zip(heads, row, strict=True)))
        blank(screen)


def board(screen: "Console", heads: Sequence[str], tail: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table of any length, written line by line: the last two cells stand below their row where they say anything."""
    from rich.cells import cell_len

    count = len(heads)
    cells = [tuple(plain(cell) for cell in row) for row in rows]
    # A cell of a table costs a library far more than it costs to pad it.
    widths = [max(map(cell_len, column)) for column in zip(heads, *(row[:count] for row in cells), strict=True)]
    gap = " " * _GAP

    def padded(row: Sequence[str]) -> str:
        pairs = zip(row, widths, strict=True)
        return gap.join(cell + " " * (width - cell_len(cell)) for cell, width in pairs).rstrip()

    lines = [padded(heads)]
    for row in cells:
        lines.append(padded(row[:count]))
        lines += [f"    {head}: {cell}" for head, cell in zip(tail, row[count:], strict=True) if cell != "-"]
    screen.file.write("\n".join(lines) + "\n")


def _columns(screen: "Console", heads: Sequence[str], cells: Iterable[Sequence[str]], widest: int) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    for index, head in enumerate(heads):
        drawn.add_column(head, no_wrap=index != widest, overflow="fold")
    for row in cells:
        drawn.add_row(*(Text(cell, style=styled(cell) or "") for cell in row))
    screen.print(drawn)


def _wrapped(text: str, width: int) -> str:
    # A word that is too long stays whole: a path must survive being copied.
    return textwrap.fill(text, max(width, _NARROWEST), break_long_words=False, break_on_hyphens=False)


def _is_seen(char: str) -> bool:
    return char in _JOINERS or unicodedata.category(char) not in _UNSEEN


def _escaped(point: int) -> str:
    if 0xDC80 <= point <= 0xDCFF:
        # A byte of a file name that is not UTF-8.
        point -= 0xDC00
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
