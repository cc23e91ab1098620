"""What comes in by the Data API ends some time."""

from skillctl.domain.doctor.diagnosis import Check, Diagnosis, ok, skipped, warning
from skillctl.domain.doctor.facts import Facts


def _look(facts: Facts) -> Diagnosis:
    if facts.database is None:
        return skipped("only a login to the database sees time-outs")
    found = facts.database.timeouts
    if not found.get("authenticator"):
        return warning(
            "role `authenticator` has no `statement_timeout`: a call of the Data API may run for ever",
            "run `alter role authenticator set statement_timeout = '8s'`",
        )
    return ok(", ".join(f"{role} {value}" for role, value in sorted(found.items())))


CHECK = Check("time-outs", _look)
