"""Pieces of work at the same time: each result as soon as it is there, and no more of them than are asked for."""

from threading import Barrier, Event, current_thread

import pytest

from skillctl.adapters.threads import Threads

SECONDS = 10.0


def test_all_are_done_each_once() -> None:
    assert sorted(Threads(4)(lambda number: number * 2, range(1000))) == list(range(0, 2000, 2))
    assert list(Threads(4)(lambda number: number, [])) == []


def test_as_many_as_wanted_work_at_once() -> None:
    together = Barrier(3, timeout=SECONDS)
    done = list(Threads(3)(lambda _number: (together.wait(), current_thread().name)[1], range(3)))
    assert len(set(done)) == 3


def test_what_is_done_first_comes_first() -> None:
    second = Event()

    def work(number: int) -> int:
        if number == 0:
            assert second.wait(SECONDS)
        return number

    results = Threads(2)(work, [0, 1])
    assert next(results) == 1
    second.set()
    assert next(results) == 0


def test_what_fails_fails_for_who_asks_and_ends_the_rest() -> None:
    begun: list[int] = []
    left = Event()

    def work(number: int) -> int:
        begun.append(number)
        if number == 0:
            raise ValueError("the first")
        assert left.wait(SECONDS)
        return number

    with pytest.raises(ValueError, match="the first"):
        list(Threads(1)(work, range(1000)))
    left.set()
    assert len(begun) <= 2, "one may be taken up while the others are being put off"


def test_who_leaves_early_waits_for_nothing_and_begins_no_more() -> None:
    begun: list[int] = []
    going_on, left = Event(), Event()

    def work(number: int) -> int:
        begun.append(number)
        if number:
            going_on.set()
            assert left.wait(SECONDS)
        return number

    results = Threads(1)(work, range(1000))
    assert next(results) == 0
    assert going_on.wait(SECONDS)
    results.close()
    left.set()
    assert begun == [0, 1]
