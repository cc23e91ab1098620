"""The `skillctl` that is typed is this one: another program has the same name."""

from skillctl.domain.doctor.diagnosis import Check, Diagnosis, ok, warning
from skillctl.domain.doctor.facts import Facts


def _look(facts: Facts) -> Diagnosis:
    found, own = facts.machine.skillctls, facts.machine.own
    if not found:
        return ok(f"no `skillctl` is in `PATH`; this one is in `{own}`")
    if found[0].rpartition("/")[0] != own:
        return warning(
            f"`skillctl` in `PATH` is another program: `{found[0]}`; this one is in `{own}`",
            "type `skillctl-lifecycle`, or put its folder first in `PATH`",
        )
    return ok(f"`{found[0]}`")


CHECK = Check("skillctl", _look)
