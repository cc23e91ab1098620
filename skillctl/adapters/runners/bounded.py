"""A runner that spends no more than it may, however many threads ask it."""

from collections.abc import Callable
from threading import Lock

from skillctl.adapters.runners.tape import Answering, Files
from skillctl.domain import budget
from skillctl.domain.budget import NO_LIMITS, NOTHING, Amount, Limits
from skillctl.domain.exchange import NoAnswer, Reply, Request
from skillctl.domain.runner import Runner


class Purse:
    """What all runners of one run share; what is being asked is set aside until it is known."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.is_bounded = limits != NO_LIMITS
        self._spending = Lock()
        self.spent = NOTHING
        self._aside: list[Amount] = []

    def set_aside(self, most: Amount) -> str | None:
        """Keep this much back, or say why it may not be spent."""
        with self._spending:
            why = budget.excess(self._limits, sum(self._aside, self.spent), most)
            if why is None:
                self._aside.append(most)
            return why

    def settle(self, most: Amount, taken: Amount) -> None:
        """Spend this much of what was kept back."""
        with self._spending:
            self._aside.remove(most)
            self.spent = self.spent + taken


class Bounded:
    """Asks another runner while the purse holds out and the time lasts; `remaining` is in seconds."""

    def __init__(self, inner: Answering, config: Runner, purse: Purse, remaining: Callable[[], float]) -> None:
        self.config = config
        self._inner, self._purse, self._remaining = inner, purse, remaining

    def answer(self, request: Request, files: Files) -> Reply:
        """The answer; NoAnswer where it could cost more than is left."""
        if self._remaining() <= 0:
            raise NoAnswer("the time for the whole run is over (`--timeout`)")
        if not self._purse.is_bounded:
            return self._inner.answer(request, files)
        most = budget.most_of(request, self.config)
        why = self._purse.set_aside(most)
        if why is not None:
            raise NoAnswer(why)
        taken = NOTHING
        try:
            # A call without an answer may have been charged for all the same.
            taken = most
            reply = self._inner.answer(request, files)
            taken = budget.taken_by(reply, self.config, most)
        finally:
            self._purse.settle(most, taken)
        return reply
