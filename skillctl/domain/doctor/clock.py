"""The clocks of this machine and of production agree: signatures and tokens are of an hour."""

from skillctl.domain.doctor.diagnosis import Check, Diagnosis, failed, ok, skipped, warning
from skillctl.domain.doctor.facts import Facts

#: Seconds: what tokens allow for, and what makes a signed notice too old for whoever gets it.
_NOTICED, _REFUSED = 30, 300
_FIX = "set the clock by the network: `timedatectl set-ntp true`"


def _look(facts: Facts) -> Diagnosis:
    if facts.skew is None:
        return skipped("production said no time")
    off = abs(facts.skew)
    way = "behind" if facts.skew > 0 else "ahead of"
    said = f"this machine's clock is {off:,.0f} s {way} production's"
    if off > _REFUSED:
        return failed(said, _FIX)
    if off > _NOTICED:
        return warning(said, _FIX)
    return ok("the clocks agree")


CHECK = Check("clock", _look)
