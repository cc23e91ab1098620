"""Production answers."""

from skillctl.domain.doctor.diagnosis import Check, Diagnosis, failed, ok, skipped
from skillctl.domain.doctor.facts import Facts


def _look(facts: Facts) -> Diagnosis:
    answer = facts.answer
    if facts.configured is None or facts.configured.transport is None or answer is None:
        return skipped("production is not configured")
    if answer.word in ("unreachable", "refused"):
        return failed(answer.said, answer.hint)
    way = "a connection string" if facts.configured.transport == "postgres" else "HTTPS"
    version = f"; PostgreSQL {facts.database.version}" if facts.database is not None else ""
    return ok(f"it answers by way of {way}{version}")


CHECK = Check("reachable", _look)
