"""What `doctor` looks at: one check a file, each a judgement of facts that were gathered before."""

from collections.abc import Sequence

from skillctl.domain.doctor import (
    clock,
    destinations,
    exposed,
    git,
    key,
    migrated,
    one_skillctl,
    reachable,
    release_branch,
    ssh_keygen,
    terms,
    timeouts,
    walls,
)
from skillctl.domain.doctor.diagnosis import Check, Diagnosis
from skillctl.domain.doctor.facts import Facts

#: In the order in which it is worth mending.
CHECKS: tuple[Check, ...] = (
    git.CHECK,
    ssh_keygen.CHECK,
    one_skillctl.CHECK,
    walls.CHECK,
    release_branch.CHECK,
    key.CHECK,
    reachable.CHECK,
    exposed.CHECK,
    migrated.CHECK,
    clock.CHECK,
    timeouts.CHECK,
    destinations.CHECK,
    terms.CHECK,
)


def examine(facts: Facts) -> Sequence[tuple[str, Diagnosis]]:
    """Every check by its name, with what it finds."""
    return [(check.name, check.look(facts)) for check in CHECKS]
