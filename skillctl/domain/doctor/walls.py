"""Scripts of skills can be run behind walls."""

from skillctl.domain.doctor.diagnosis import Check, Diagnosis, ok, warning
from skillctl.domain.doctor.facts import Facts


def _look(facts: Facts) -> Diagnosis:
    if facts.machine.weakness is not None:
        return warning(
            f"scripts of skills run without isolation: {facts.machine.weakness}",
            "evaluate, and above all `gate --rerun`, where Linux lets users make namespaces",
        )
    return ok("scripts of skills run in namespaces of their own")


CHECK = Check("namespaces", _look)
