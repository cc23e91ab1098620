"""`ssh-keygen` is there: it signs and verifies approvals."""

from skillctl.domain.doctor.diagnosis import Check, Diagnosis, failed, ok
from skillctl.domain.doctor.facts import Facts


def _look(facts: Facts) -> Diagnosis:
    if facts.machine.ssh_keygen is None:
        return failed(
            "there is no `ssh-keygen` in `PATH`, so no approval can be signed or verified",
            "install the OpenSSH client, 8.2 or newer",
        )
    return ok(facts.machine.ssh_keygen)


CHECK = Check("ssh-keygen", _look)
