"""Git is there, and new enough to merge without touching a folder."""

import re

from skillctl.domain.doctor.diagnosis import Check, Diagnosis, failed, ok
from skillctl.domain.doctor.facts import Facts

#: `git merge-tree --write-tree`, by which the gate judges what merging would give.
_NEEDED = (2, 38)


def _look(facts: Facts) -> Diagnosis:
    version = facts.machine.git
    if version is None:
        return failed("there is no `git` in `PATH`", "install Git (https://git-scm.com/downloads)")
    found = re.search(r"(\d+)\.(\d+)", version)
    if found and (int(found[1]), int(found[2])) < _NEEDED:
        needed = ".".join(map(str, _NEEDED))
        return failed(
            f"Git {found[0]} cannot merge without a folder, which `gate` needs", f"install Git {needed} or newer"
        )
    return ok(version)


CHECK = Check("git", _look)
