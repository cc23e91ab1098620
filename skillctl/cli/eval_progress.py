"""How far an evaluation is, live, for whoever watches a terminal; nobody else sees anything of it."""

from collections import Counter
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self

from skillctl import settings
from skillctl.cli import draw
from skillctl.domain.evidence import Outcome

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from skillctl.domain.trial import Trial

_WIDEST_NAME = 20


class EvalProgress:
    """A line a skill, on standard error, gone when the evaluation is over: trials done, their outcomes, the cost."""

    def __init__(self, screen: "Console | None" = None) -> None:
        self._bars: Progress | None = None
        if screen is not None or not settings.is_scripted():
            self._bars = _bars(screen or draw.console(stderr=True))

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def skill(self, name: str, trials: int) -> "SkillProgress":
        """The line of one skill, of which so many trials of all arms are to come."""
        return SkillProgress(self._bars, name, trials)


class SkillProgress:
    """The line of one skill; any thread may tell of a trial."""

    def __init__(self, bars: "Progress | None", name: str, trials: int) -> None:
        self._bars, self._lock = bars, Lock()
        self._outcomes: Counter[Outcome] = Counter()
        self._cost: float | None = None
        if bars is not None:
            shown = draw.plain(name)
            brief = shown if len(shown) <= _WIDEST_NAME else f"{shown[: _WIDEST_NAME - 1]}…"
            self._line = bars.add_task(brief, total=trials, outcomes="", spent="")

    def told(self, trial: "Trial") -> None:
        """One more trial is done."""
        if self._bars is None:
            return
        from skillctl.cli.formats import eval_words

        with self._lock:
            self._outcomes[trial.outcome] += 1
            if trial.cost is not None:
                self._cost = (self._cost or 0.0) + trial.cost
            spent = "" if self._cost is None else eval_words.dollars(self._cost)
            counts = ((outcome.value, self._outcomes[outcome]) for outcome in Outcome)
            outcomes = ", ".join(f"{number} {word}" for word, number in counts if number)
            self._bars.update(self._line, advance=1, outcomes=outcomes, spent=spent)


def _bars(screen: "Console") -> "Progress":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    def told(field: str) -> TextColumn:
        return TextColumn(f"{{task.{field}}}", markup=False, table_column=Column(no_wrap=True))

    return Progress(
        told("description"),
        BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=4)),
        MofNCompleteColumn(table_column=Column(no_wrap=True)),
        told("fields[outcomes]"),
        told("fields[spent]"),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True, table_column=Column(no_wrap=True, min_width=5)),
        console=screen,
        expand=True,
        transient=True,
    )
