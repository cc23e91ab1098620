"""What answers the cases of a suite."""

from enum import StrEnum


class Arm(StrEnum):
    """What answers: the content measured, a model without any skill, or what is served now."""

    WITH_SKILL = "with_skill"
    WITHOUT_SKILL = "without_skill"
    BASELINE = "baseline"
