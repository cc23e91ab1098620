"""Recorded answers: given again, or taken down while another runner answers."""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Protocol

from skillctl.domain import cassette
from skillctl.domain.cassette import Cassette, Entry
from skillctl.domain.exchange import NoAnswer, Reply, Request
from skillctl.domain.runner import Runner

Files = Mapping[str, tuple[str, bytes]]


class Answering(Protocol):
    """What answers."""

    def answer(self, request: Request, files: Files) -> Reply:
        """One reply; NoAnswer where there is none."""
        ...


class Replay:
    """Gives what was recorded for exactly this request, and nothing else; `how` is the command that records."""

    def __init__(self, config: Runner, cassette: Cassette, how: str) -> None:
        self.config = config
        self._cassette, self._how = cassette, how

    def answer(self, request: Request, _files: Files) -> Reply:
        """The recorded answer; NoAnswer that says what changed since, and the command."""
        entry = self._cassette.entries.get(request.key)
        if entry is None:
            raise NoAnswer(f"no recorded answer: {self._cassette.why_missing(request)}; run `{self._how}`")
        return entry.reply


class Recording:
    """Has another runner answer, and takes down what it says and how long it took."""

    def __init__(self, inner: Answering, config: Runner, clock: Callable[[], float]) -> None:
        self.config = config
        self._inner, self._clock = inner, clock
        self._taking = Lock()
        self._entries: dict[str, Entry] = {}

    @property
    def entries(self) -> list[Entry]:
        """All that was taken down so far."""
        with self._taking:
            return list(self._entries.values())

    def answer(self, request: Request, files: Files) -> Reply:
        """The answer of the other runner."""
        begun = self._clock()
        reply = self._inner.answer(request, files)
        reply = reply.model_copy(update={"seconds": round(self._clock() - begun, 3)})
        entry = Entry(
            key=request.key,
            case=request.case,
            arm=request.arm,
            trial=request.trial,
            inputs=dict(request.inputs),
            reply=reply,
        )
        try:
            cassette.text([entry])
        except ValueError:
            raise NoAnswer("the answer holds a number that JSON has no word for") from None
        with self._taking:
            self._entries[entry.key] = entry
        return reply
