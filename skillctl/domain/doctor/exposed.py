"""Schema `mcp` is exposed to the Data API."""

from skillctl.domain.doctor.diagnosis import Check, Diagnosis, failed, ok, skipped
from skillctl.domain.doctor.facts import Facts

_FIX = "add `mcp` under Project Settings, Data API, Exposed schemas"


def _look(facts: Facts) -> Diagnosis:
    answer, database = facts.answer, facts.database
    if answer is not None and answer.word == "not-exposed":
        return failed(answer.said, _FIX)
    if database is not None and database.exposed is not None:
        if "mcp" in database.exposed:
            return ok(f"exposed: {', '.join(database.exposed)}")
        return failed(f"only {', '.join(database.exposed)} are exposed to the Data API, not `mcp`", _FIX)
    if database is None and answer is not None and answer.word in ("ok", "not-migrated"):
        return ok("the Data API knows schema `mcp`")
    return skipped("nothing tells which schemas are exposed")


CHECK = Check("exposed", _look)
