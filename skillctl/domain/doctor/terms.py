"""Agents find what is offered by the words of its own card."""

from skillctl.domain.doctor.diagnosis import Check, Diagnosis, failed, ok, skipped, warning
from skillctl.domain.doctor.facts import Facts


def _look(facts: Facts) -> Diagnosis:
    found = facts.terms
    if found is None:
        return skipped("production was not asked for its terms")
    if found.strange:
        said = f"the terms of `{found.strange[0]}` are not those of its card, nor are {len(found.strange) - 1} others"
        return failed(said, "somebody changed `mcp.terms`: look at who may act as `service_role`")
    if found.missing:
        return warning(
            f"{len(found.missing)} offered skills have no terms, so every prompt reads them", "run `skillctl sync`"
        )
    return ok(f"{found.offered:,} offered skills are found by their terms")


CHECK = Check("terms", _look)
