"""Power: before anything is spent, whether so many cases and trials can show what the policy asks for."""

from skillctl.domain import statistics
from skillctl.domain.case import Case
from skillctl.domain.statistics import Need
from skillctl.domain.verdict import ask_rate
from skillctl.errors import UsageError
from skillctl.workflows.ground import Ground


def sure_to_tell(ground: Ground) -> None:
    """UsageError where a gate asks of the asked cases what they could never show, however well they went."""
    cases = len(_asked(ground))
    if not cases:
        return
    rate = ask_rate(ground.gate)
    least = statistics.least_cases(rate)
    hint = f"add cases to `evals/{ground.name}/suite.yaml`, or mark these as `rehearsal: true`"
    if cases < least:
        message = f"{cases} asked cases can never show a rate of {rate:.0%}, even if all pass: it takes {least}"
        raise UsageError(message, hint=hint)
    need = needed(ground)
    if need is not None and need.trials is None:
        margin = f"{ground.gate.margin:.0%}: it takes {need.least_cases}"
        message = f"{len(ground.compared)} compared cases can never show that answers are worse by less than {margin}"
        raise UsageError(message, hint=hint)


def too_few(ground: Ground) -> str | None:
    """Why the trials that the suite asks for likely tell too little, or None."""
    need, trials = needed(ground), ground.suite.trials
    if need is None or need.trials is None or need.trials <= trials or ground.gate.margin is None:
        return None
    cases = statistics.least_cases_for(ground.gate.margin, trials)
    return (
        f"{len(ground.compared)} cases of {trials} trials are likely too few to tell: "
        f"it takes {need.trials} trials, or {cases} cases"
    )


def needed(ground: Ground) -> Need | None:
    """The trials of a case that it takes to compare with what is served; None where the policy does not ask for it."""
    if not ground.compared or ground.gate.margin is None:
        return None
    return statistics.needed(len(ground.compared), ground.gate.margin)


def _asked(ground: Ground) -> list[Case]:
    return [case for case in ground.suite.counted if ground.suite.is_asked(case)]
