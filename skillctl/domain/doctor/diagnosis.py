"""What a check of the doctor finds, with the step that mends it."""

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from skillctl.domain.doctor.facts import Facts


class Health(StrEnum):
    """How it stands: only `failed` says no; `skipped` is what is not configured, or cannot be seen from here."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class Diagnosis(Struct, frozen=True):
    """What was found, and what to do about it where something is wrong."""

    health: Health
    said: str
    fix: str | None = None


class Check(Struct, frozen=True):
    """One thing that is looked at, by its name in the answer."""

    name: str
    look: Callable[[Facts], Diagnosis]


def ok(said: str) -> Diagnosis:
    """As it should be."""
    return Diagnosis(Health.OK, said)


def warning(said: str, fix: str) -> Diagnosis:
    """It works, but not as well as it should, or not for long."""
    return Diagnosis(Health.WARNING, said, fix)


def failed(said: str, fix: str) -> Diagnosis:
    """Something that is needed does not work."""
    return Diagnosis(Health.FAILED, said, fix)


def skipped(said: str) -> Diagnosis:
    """Nothing is known, and nothing is wrong with that."""
    return Diagnosis(Health.SKIPPED, said)
