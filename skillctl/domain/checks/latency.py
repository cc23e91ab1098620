"""`latency`: the case took no more than so many seconds."""

from skillctl.domain.checks.produced import Produced


def failure(most: float, produced: Produced) -> str | None:
    """Why it took too long."""
    return None if produced.seconds <= most else f"took {produced.seconds:.3g} s, more than {most:g} s"
