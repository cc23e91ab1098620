"""Power: before anything is spent, whether so many cases and trials can show what the policy asks for."""

from skillctl.domain import statistics
from skillctl.domain.verdict import ask_rate
from skillctl.errors import UsageError
from skillctl.workflows.ground import Ground


def sure_to_tell(ground: Ground) -> None:
    """UsageError where a gate asks of the asked cases what they could never show, however well they went."""
    asked = [case for case in ground.suite.counted if ground.suite.is_asked(case)]
    if not asked:
        return
    rate = ask_rate(ground.gate)
    least = statistics.least_cases(rate)
    if len(asked) < least:
        message = f"{len(asked)} asked cases can never show a rate of {rate:.0%}, even if all pass: it takes {least}"
        raise UsageError(message, hint=_hint(ground))
    need = needed(ground)
    if need is not None and need.trials is None:
        message = (
            f"{len(asked)} asked cases can never show that answers are no worse than those served, "
            f"by a margin of {ground.gate.margin:.0%}: it takes {need.cases}"
        )
        raise UsageError(message, hint=_hint(ground))
