"""Everybody who is to be told of a release can be."""

from skillctl.domain.doctor.diagnosis import Check, Diagnosis, ok, skipped, warning
from skillctl.domain.doctor.facts import Facts


def _look(facts: Facts) -> Diagnosis:
    if facts.configured is None or facts.configured.transport is None:
        return skipped("production is not configured")
    if facts.configured.unset:
        names = "`, `".join(facts.configured.unset)
        return warning(f"not set: `{names}`; their jobs wait", f"set `{names}` where `skillctl jobs work` runs")
    return ok("every destination that the policy names has its address")


CHECK = Check("destinations", _look)
