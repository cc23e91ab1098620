"""What an evaluation may spend: a hard stop, told before each call what it could cost at most."""

from msgspec import Struct

from skillctl.domain import canonical
from skillctl.domain.exchange import Reply, Request
from skillctl.domain.runner import Prices, Runner

#: Bytes (UTF-8) of a request for one token of it, at the least, in the languages and code that skills are written in.
BYTES_A_TOKEN = 3


class Limits(Struct, frozen=True):
    """US dollars and tokens of one run; None is no limit."""

    cost: float | None = None
    tokens: int | None = None


class Amount(Struct, frozen=True):
    """US dollars, None where nobody says what a token costs, and tokens."""

    cost: float | None
    tokens: int

    def __add__(self, other: "Amount") -> "Amount":
        costs = [one for one in (self.cost, other.cost) if one is not None]
        return Amount(sum(costs) if costs else None, self.tokens + other.tokens)


NO_LIMITS = Limits()
NOTHING = Amount(None, 0)
_FREE = Amount(0.0, 0)


def most_of(request: Request, config: Runner) -> Amount:
    """What one call could take at most; of a command the request alone, as nobody knows what it asks of whom."""
    if config.fake is not None:
        return _FREE
    asked = len(canonical.text(request.body).encode()) // BYTES_A_TOKEN + 1
    answered = config.model.max_tokens if config.model is not None else 0
    return _amount(_prices(config), asked, answered)


def taken_by(reply: Reply, config: Runner, most: Amount) -> Amount:
    """What a call took; where not all of it was counted, it is taken to be the most it could be."""
    taken = _amount(_prices(config), reply.input_tokens or 0, reply.output_tokens or 0)
    if reply.input_tokens is None or reply.output_tokens is None:
        costs = [one.cost for one in (taken, most) if one.cost is not None]
        taken = Amount(max(costs, default=None), max(taken.tokens, most.tokens))
    return taken if reply.cost is None else Amount(reply.cost, taken.tokens)


def excess(limits: Limits, spent: Amount, more: Amount) -> str | None:
    """Why another call may not be made, or None."""
    if limits.cost is not None and more.cost is None:
        return "budget: nobody says before what this call may cost, as the `prices` of a model do"
    together = spent + more
    if limits.tokens is not None and together.tokens > limits.tokens:
        return f"budget: {spent.tokens:,} of {limits.tokens:,} tokens are spent, and this call may take {more.tokens:,}"
    if limits.cost is not None and (together.cost or 0) > limits.cost:
        return f"budget: ${spent.cost or 0:.4f} of ${limits.cost:g} are spent, and this call may cost ${more.cost:.4f}"
    return None


def _prices(config: Runner) -> Prices | None:
    return config.model.prices if config.model is not None else None


def _amount(prices: Prices | None, asked: int, answered: int) -> Amount:
    return Amount(None if prices is None else prices.of(asked, answered), asked + answered)
