"""`cost`: the case cost no more than so many US dollars."""

from skillctl.domain.checks.produced import BrokenCheck, Produced


def failure(most: float, produced: Produced) -> str | None:
    """Why it cost too much; raises BrokenCheck where nobody knows what it cost."""
    if produced.cost is None:
        raise BrokenCheck("`cost` cannot be judged: nobody knows what this case cost")
    return None if produced.cost <= most else f"cost ${produced.cost:.4g}, more than ${most:g}"
