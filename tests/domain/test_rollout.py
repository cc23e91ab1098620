"""What n8n's answers mean, when it may be asked again, and how a run ends; and that no path asks it twice unseen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from skillctl.domain import rollout
from skillctl.domain.delivery import Attempt, Delivered, Later, Retry, Undeliverable, receiver_of
from skillctl.domain.rollout import (
    APPEARS,
    FOLLOWED,
    FORGOTTEN,
    GRACE,
    LOOKING,
    WAITING,
    Accepted,
    Answer,
    Forbidden,
    Looked,
    NoRun,
    Refused,
    Run,
    Settle,
    Standing,
    Step,
    Unclear,
    Unheard,
    begun,
    followed,
    found,
    heard,
    sent,
)

R = "r-1"
UNCLEAR, FORBIDDEN = Unclear("n8n's API answered 502"), Forbidden("the key may not")
WAITS = "whether n8n has started a run is not known: "


@pytest.mark.parametrize(
    ("status", "is_json", "execution", "expected"),
    [
        (200, True, "7", Accepted("7")),
        (202, True, "7", Accepted("7")),
        (200, True, None, Unclear("the server answered 200, but named no execution")),
        (200, False, None, Unclear("the server answered 200, but named no execution")),
        (404, False, None, Unheard("the server is starting")),
        (404, True, None, Refused("the server answered 404: the workflow is not published")),
        (429, False, None, Unheard("the server answered 429", 9)),
        (425, False, None, Unheard("the server answered 425", 9)),
        (408, False, None, Unclear("the server answered 408")),
        (500, True, None, Unclear("the server answered 500")),
        (504, False, None, Unclear("the server answered 504")),
        (501, False, None, Refused("the server answered 501")),
        (403, False, None, Refused("the server answered 403")),
        (301, False, None, Refused("the server answered 301")),
    ],
)
def test_what_an_answer_means(status: int, is_json: bool, execution: str | None, expected: Answer) -> None:
    assert heard(status, is_json, execution, 9) == expected


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing(R, "pending", None, is_open=True), Step.SEND),
        (Standing(R, "pending", None), Step.LOOK),
        (Standing(R, "delivered", "7"), Delivered({"execution_id": "7"})),
        (Standing(R, "delivered", None), Delivered({"execution_id": None})),
        (Standing(R, "rolled_out", "7"), Delivered({"execution_id": "7", "state": "rolled_out"})),
        (Standing(R, "rollout_failed", None), Delivered({"execution_id": None, "state": "rollout_failed"})),
    ],
)
def test_what_is_done_first(standing: Standing, expected: Attempt | Step) -> None:
    assert begun(standing) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Accepted("7"), Delivered({"execution_id": "7"})),
        (Unheard("no", 3), Retry("no", 3)),
        (Refused("no"), Undeliverable("no")),
        (Unclear("?"), Step.LOOK),
    ],
)
def test_what_is_done_with_an_answer(answer: Answer, expected: Attempt | Step) -> None:
    assert sent(answer) == expected


def sent_before(first: int, last: int = 0) -> Standing:
    return Standing(R, "pending", None, first=first, last=last)


@pytest.mark.parametrize(
    ("standing", "looked", "is_acknowledged", "expected"),
    [
        (sent_before(0), Run("7", "error"), True, Delivered({"execution_id": "7"})),
        (sent_before(10**9), Run("7", "running"), False, Delivered({"execution_id": "7"})),
        (sent_before(APPEARS + 1, APPEARS + 1), NoRun(), True, Step.SEND),
        (sent_before(10**9, 88), NoRun(), True, Later(5, reason="n8n shows no run yet; it may still appear")),
        (sent_before(0), NoRun(), True, Later(APPEARS, reason="n8n shows no run yet; it may still appear")),
        (sent_before(0), UNCLEAR, False, Later(5, reason=f"{WAITS}n8n's API answered 502")),
        (sent_before(LOOKING - 1), UNCLEAR, False, Later(60, reason=f"{WAITS}n8n's API answered 502")),
        (sent_before(100), FORBIDDEN, False, Later(25, reason=f"{WAITS}the key may not")),
        (replace(sent_before(10**9), is_cleared=True), None, False, Step.SEND),
        (replace(sent_before(10**9), is_cleared=True), UNCLEAR, True, Step.SEND),
        (replace(sent_before(10**9), is_cleared=True), Run("7", "running"), True, Delivered({"execution_id": "7"})),
        (sent_before(WAITING - 1), None, True, Later(60, reason=f"{WAITS}n8n's API key is not set")),
    ],
)
def test_what_is_done_with_what_was_found(
    standing: Standing, looked: Looked | None, is_acknowledged: bool, expected: Attempt | Step
) -> None:
    assert found(standing, looked, is_acknowledged=is_acknowledged) == expected


@pytest.mark.parametrize(
    ("first", "looked", "is_acknowledged"),
    [(LOOKING, UNCLEAR, True), (LOOKING, FORBIDDEN, True), (WAITING, None, True), (0, None, False)],
)
def test_what_is_not_found_out_in_time_is_for_a_person(
    first: int, looked: Looked | None, is_acknowledged: bool
) -> None:
    done = found(sent_before(first), looked, is_acknowledged=is_acknowledged)
    assert isinstance(done, Undeliverable)
    assert "look at its executions" in done.reason
    assert "`skillctl jobs retry`" in done.reason


def accepted(age: int) -> Standing:
    return Standing(R, "delivered", "7", age=age)


@pytest.mark.parametrize(
    ("age", "looked", "is_acknowledged", "expected"),
    [
        (0, Run("7", "running"), True, Later(5, {"state": "running"})),
        (100, Run("7", "waiting"), True, Later(25, {"state": "waiting"})),
        (9999, Run("7", "new"), True, Later(60, {"state": "new"})),
        (9, Run("7", "success", 1), False, Settle("rolled_out", "n8n: run 7 ended well")),
        (9, Run("7", "success", 0), True, Later(GRACE, {"state": "success"})),
        (9, Run("7", "success", 20), True, Later(GRACE - 20, {"state": "success"})),
        (9, Run("7", "success", GRACE), True, Settle("rolled_out", "n8n: run 7 ended well; it was not acknowledged")),
        (9, Run("7", "success"), True, Settle("rolled_out", "n8n: run 7 ended well; it was not acknowledged")),
        (9, Run("7", "error", 1, "no disk"), True, Settle("rollout_failed", "n8n: run 7: no disk")),
        (9, Run("7", "canceled", 1), True, Settle("rollout_failed", "n8n: run 7: canceled")),
        (9, Run("7", "crashed"), False, Settle("rollout_failed", "n8n: run 7: crashed")),
        (9, NoRun(), True, Later(5, {"state": "delivered"}, "n8n does not know run 7")),
        (9, UNCLEAR, True, Later(5, {"state": "delivered"}, "n8n's API answered 502")),
        (FOLLOWED - 1, UNCLEAR, True, Later(60, {"state": "delivered"}, "n8n's API answered 502")),
        (9, FORBIDDEN, True, Undeliverable("the key may not")),
    ],
)
def test_what_a_look_at_the_run_says(
    age: int, looked: Looked, is_acknowledged: bool, expected: Attempt | Settle
) -> None:
    assert followed(accepted(age), looked, is_acknowledged=is_acknowledged) == expected


@pytest.mark.parametrize(
    ("age", "looked"), [(FORGOTTEN, NoRun()), (FOLLOWED, UNCLEAR), (FOLLOWED, Run("7", "running"))]
)
def test_nobody_follows_for_ever(age: int, looked: Looked) -> None:
    done = followed(accepted(age), looked, is_acknowledged=True)
    assert isinstance(done, Undeliverable)
    assert "how the run ended was not found out" in done.reason


@pytest.mark.parametrize(
    ("state", "job", "expected"),
    [
        ("pending", "queued", "pending"),
        ("pending", "failed", "not delivered"),
        ("pending", "cancelled", "cancelled"),
        ("pending", None, "pending"),
        ("delivered", "completed", "delivered"),
        ("rolled_out", "failed", "rolled out"),
        ("rollout_failed", None, "failed"),
    ],
)
def test_the_words_of_a_state(state: str, job: str | None, expected: str) -> None:
    assert rollout.shown(state, job) == expected


class World:
    """n8n and production as they truly are, while a worker decides by what it hears and sees of them.

    A run shows `appears` seconds after it was asked for.
    """

    def __init__(self, appears: int) -> None:
        self.now, self.runs, self.sends, self.state, self.appears = 0, 0, list[int](), "pending", appears

    def standing(self) -> Standing:
        first, last = (self.now - self.sends[0], self.now - self.sends[-1]) if self.sends else (0, 0)
        execution = "1" if self.state == "delivered" else None
        return Standing(R, self.state, execution, is_open=not self.sends, first=first, last=last)

    def hears(self, said: str) -> Attempt | None:
        """n8n is asked; None where the worker cannot tell, or dies before it can."""
        assert self.runs == 0, "n8n is asked although it has started a run"
        self.sends.append(self.now)
        self.runs += said in ("accepted", "answer lost")
        if said == "accepted":
            self.state = "delivered"
            return rollout.arrived("1")
        if said in ("answer lost", "request lost"):
            return None
        self.sends.pop()
        return Retry("no") if said == "not heard" else Undeliverable("no")

    def shows(self, seen: str) -> Looked:
        if seen == "nothing":
            return UNCLEAR
        return Run("1", "running") if self.runs and self.now - self.sends[-1] >= self.appears else NoRun()


HEARD = st.sampled_from(["accepted", "answer lost", "request lost", "not heard", "refused"])
SEEN = st.sampled_from(["truth", "nothing"])
LATE = st.integers(0, 2 * APPEARS)


@given(st.lists(st.tuples(HEARD, SEEN, LATE), min_size=1, max_size=60), st.booleans(), st.integers(0, APPEARS))
def test_no_path_starts_two_runs_and_nothing_is_delivered_that_has_not_arrived(
    script: list[tuple[str, str, int]], has_key: bool, appears: int
) -> None:
    """Whatever is heard and seen, and however often a worker dies after it has asked."""
    world = World(appears)
    for said, seen, late in script:
        step: Attempt | Step | None = begun(world.standing())
        if step is Step.LOOK:
            step = found(world.standing(), world.shows(seen) if has_key else None, is_acknowledged=True)
        if step is Step.SEND:
            step = world.hears(said)
        if isinstance(step, Delivered | Undeliverable):
            assert isinstance(step, Undeliverable) or world.runs == 1
            return
        world.now += late + (step.after if isinstance(step, Later) else 30)


@given(st.integers(0, 2 * LOOKING), st.sampled_from([None, UNCLEAR, FORBIDDEN]), st.booleans())
def test_every_path_that_finds_nothing_out_ends(late: int, looked: Looked | None, is_acknowledged: bool) -> None:
    now = late
    for _ in range(LOOKING):
        step = found(sent_before(now), looked, is_acknowledged=is_acknowledged)
        if isinstance(step, Undeliverable):
            return
        assert isinstance(step, Later)
        assert step.after > 0
        now += step.after
    raise AssertionError("it is looked at for ever")


def test_only_the_page_of_a_start_says_that_nothing_was_begun() -> None:
    assert rollout.heard(200, False, None, is_starting=True) == Unheard("the server is starting")
    assert rollout.heard(200, False, "7", is_starting=True) == Accepted("7")


def test_jobs_of_several_types_wait_for_one_receiver() -> None:
    assert receiver_of("rollout") == receiver_of("rollout-follow") != receiver_of("notice")
    assert receiver_of("rollout-failed") == receiver_of("notice") != receiver_of("rollout-failed", "hold")
    assert receiver_of("other") == "other"
