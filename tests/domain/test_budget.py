"""A budget is a hard stop: what is not known is taken to be the most."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain import budget
from skillctl.domain.budget import NO_LIMITS, NOTHING, Amount, Limits
from skillctl.domain.exchange import Reply, Request
from skillctl.domain.runner import Runner

PRICED = Runner.model_validate({"model": {"name": "m", "max_tokens": 100, "prices": {"input": 3, "output": 15}}})
FREE = Runner.model_validate({"model": {"name": "m", "max_tokens": 100, "prices": {"input": 0, "output": 0}}})
UNPRICED = Runner.model_validate({"model": {"name": "m", "max_tokens": 100}})
AGENT = Runner.model_validate({"command": {"argv": ["agent"]}})
FAKE = Runner.model_validate({"fake": {}})


def request(content: str = "x") -> Request:
    return Request("q", "with_skill", 1, {"content": content})


def test_the_most_a_call_could_take() -> None:
    # {"content":"…"} are 14 bytes around the text.
    most = budget.most_of(request("x" * 286), PRICED)
    assert most == Amount((101 * 3 + 100 * 15) / 1e6, 201)
    assert budget.most_of(request("x" * 286), UNPRICED) == Amount(None, 201)
    assert budget.most_of(request("x" * 286), AGENT) == Amount(None, 101)
    assert budget.most_of(request("x" * 286), FAKE) == Amount(0.0, 0)


@pytest.mark.parametrize("letter", ["界", "ก", "한", "😀"])
def test_letters_of_other_scripts_are_a_token_each(letter: str) -> None:
    assert budget.most_of(request(letter * 900), AGENT).tokens >= 900


@pytest.mark.parametrize(
    ("counts", "config", "taken"),
    [
        ({"input_tokens": 10, "output_tokens": 2}, PRICED, Amount(0.00006, 12)),
        ({"input_tokens": 10, "output_tokens": 2}, UNPRICED, Amount(None, 12)),
        ({"input_tokens": 0, "output_tokens": 0}, PRICED, Amount(0.0, 0)),
        ({}, PRICED, Amount(0.5, 50)),
        ({"input_tokens": 10}, PRICED, Amount(0.5, 50)),
        ({"output_tokens": 2}, PRICED, Amount(0.5, 50)),
        # More than it could be is known of one part already.
        ({"output_tokens": 100_000}, PRICED, Amount(1.5, 100_000)),
        ({"output_tokens": 100_000}, UNPRICED, Amount(0.5, 100_000)),
    ],
)
def test_what_a_call_took(counts: dict[str, Any], config: Runner, taken: Amount) -> None:
    found = budget.taken_by(Reply(text="42", **counts), config, Amount(0.5, 50))
    assert (found.cost, found.tokens) == (pytest.approx(taken.cost) if taken.cost else taken.cost, taken.tokens)


def test_a_fake_takes_nothing() -> None:
    most = budget.most_of(request(), FAKE)
    assert budget.excess(Limits(0, 0), NOTHING, most) is None
    assert budget.taken_by(Reply(text="42"), FAKE, most) == Amount(0.0, 0)


SPENT = "budget: $0.5000 of $1 are spent, and this call may cost $0.6000"
TOKENS = "budget: 1,000 of 1,500 tokens are spent, and this call may take 600"
UNKNOWN = "budget: nobody says before what this call may cost, as the `prices` of a model do"


@pytest.mark.parametrize(
    ("limits", "spent", "more", "why"),
    [
        (NO_LIMITS, Amount(1e9, 10**9), Amount(1e9, 10**9), None),
        (NO_LIMITS, NOTHING, Amount(None, 10), None),
        (Limits(cost=1), Amount(0.5, 0), Amount(0.5, 10**9), None),
        (Limits(cost=1), Amount(0.5, 0), Amount(0.6, 1), SPENT),
        (Limits(cost=1), NOTHING, Amount(1.1, 1), "budget: $0.0000 of $1 are spent, and this call may cost $1.1000"),
        (Limits(tokens=1500), Amount(None, 1000), Amount(None, 500), None),
        (Limits(tokens=1500), Amount(None, 1000), Amount(None, 600), TOKENS),
        (Limits(1, 1500), Amount(0.5, 1000), Amount(0.6, 600), TOKENS),
        (Limits(cost=0), NOTHING, Amount(0.0, 1), None),
        (Limits(cost=0), NOTHING, Amount(1e-9, 1), "budget: $0.0000 of $0 are spent, and this call may cost $0.0000"),
        (Limits(tokens=0), NOTHING, Amount(0.0, 1), "budget: 0 of 0 tokens are spent, and this call may take 1"),
        # Dollars that nobody counts would pass any limit of them.
        (Limits(cost=1), NOTHING, Amount(None, 1), UNKNOWN),
        (Limits(cost=1), Amount(2, 0), Amount(None, 1), UNKNOWN),
        (Limits(cost=1), Amount(None, 10**9), Amount(0.5, 1), None),
    ],
)
def test_what_may_not_be_spent(limits: Limits, spent: Amount, more: Amount, why: str | None) -> None:
    assert budget.excess(limits, spent, more) == why


def test_amounts_add_up() -> None:
    assert Amount(0.5, 1) + Amount(0.25, 2) == Amount(0.75, 3)
    assert Amount(None, 1) + Amount(0.25, 2) == Amount(0.25, 2) + Amount(None, 1) == Amount(0.25, 3)
    assert NOTHING + Amount(None, 2) == Amount(None, 2)


@given(
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=20),
    used=st.floats(0, 1),
    cost=st.floats(0, 0.01),
    tokens=st.integers(0, 2000),
)
def test_whatever_is_asked_no_more_is_spent(texts: list[str], used: float, cost: float, tokens: int) -> None:
    """Where no call takes more than it could at most."""
    limits, spent = Limits(cost, tokens), NOTHING
    for text in texts:
        most = budget.most_of(request(text), PRICED)
        if budget.excess(limits, spent, most) is None:
            share = Reply(text="", input_tokens=int((most.tokens - 100) * used), output_tokens=int(100 * used))
            spent = spent + budget.taken_by(share, PRICED, most)
    assert (spent.cost or 0) <= cost
    assert spent.tokens <= tokens


def test_what_is_free_is_asked_within_no_dollars() -> None:
    assert budget.excess(Limits(cost=0), NOTHING, budget.most_of(request(), FREE)) is None
    assert budget.excess(Limits(cost=0), NOTHING, budget.most_of(request(), PRICED)) is not None
