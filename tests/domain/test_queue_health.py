"""The thresholds of the queue: each side of each of them."""

import pytest

from skillctl.domain.delivery import delay, pause
from skillctl.domain.queue_health import Concern, Source, concerns, level, sources

WELL = {"queued": 0, "processing": 0, "completed": 0, "failed": 0, "dead": 0}


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({}, []),
        ({"queued": 30, "processing": 20}, []),
        ({"queued": 30, "processing": 21}, [("warning", "51 jobs wait or are being done, more than 50")]),
        ({"queued": 100}, [("warning", "100 jobs wait or are being done, more than 50")]),
        ({"queued": 101}, [("critical", "101 jobs wait or are being done, more than 100")]),
        ({"dead": 5}, []),
        ({"dead": 6}, [("warning", "6 dead letters are not settled, more than 5")]),
        ({"dead": 10}, [("warning", "10 dead letters are not settled, more than 5")]),
        ({"dead": 11}, [("critical", "11 dead letters are not settled, more than 10")]),
        ({"completed": 9, "failed": 1}, []),
        (
            {"completed": 8999, "failed": 1001},
            [("warning", "89.9 % of the jobs of seven days were completed, less than 90 %")],
        ),
        ({"completed": 8, "failed": 2}, [("warning", "80 % of the jobs of seven days were completed, less than 90 %")]),
        ({"failed": 3}, [("critical", "0 % of the jobs of seven days were completed, less than 80 %")]),
    ],
)
def test_each_threshold(figures: dict[str, int], expected: list[tuple[str, str]]) -> None:
    found = concerns(sources({"odoo": WELL | figures}))
    assert [(one.level, one.what) for one in found] == expected
    assert level(found) == (expected[0][0] if expected else "ok")


def test_the_critical_are_first_and_each_source_counts_by_itself() -> None:
    found = concerns(sources({"b": WELL | {"dead": 11}, "a": WELL | {"queued": 60}, "c": WELL | {"queued": 40}}))
    assert [(one.level, one.source) for one in found] == [("critical", "b"), ("warning", "a")]
    assert level(found) == "critical"
    assert level([Concern("warning", "a", "x")]) == "warning"
    assert Source("a", 1, 2, 3, 1, 0).success == 0.75


@pytest.mark.parametrize(
    ("attempt", "wish", "chance", "seconds"),
    [(1, None, 0, 30), (1, None, 1, 45), (2, None, 0.5, 75), (99, None, 1, 3900), (1, 100, 1, 150), (1, 86400, 1, 86700)
    ],
)  # fmt: skip
def test_what_failed_together_does_not_come_back_together(
    attempt: int, wish: int | None, chance: float, seconds: int
) -> None:
    assert delay(attempt, wish, chance) == seconds


def test_eight_attempts_outlive_an_hour() -> None:
    waits = [delay(attempt, None) for attempt in range(1, 8)]
    assert (sum(waits) > 3600, waits[0]) == (True, 30)


def test_a_worker_without_a_job_asks_less_and_less_often() -> None:
    assert [pause(asked) for asked in (1, 2, 3, 4, 5, 6, 1000)] == [1, 2, 4, 8, 15, 15, 15]
