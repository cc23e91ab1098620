"""Checks: one expectation on what a case produced; each kind in a file of its own, and one line in `kinds`.

A check that cannot be carried out (a path into what is not JSON) raises `BrokenCheck`: the case is *errored*,
which is evidence for nothing, and never *failed* or *passed*.
"""

from skillctl.domain.checks.check import Check
from skillctl.domain.checks.judging import failure_of, failure_of_parts, may_take_for_ever
from skillctl.domain.checks.kinds import COMBINED, KINDS, OF_ANSWERS, OF_SCRIPTS, OF_TOOLS
from skillctl.domain.checks.produced import BrokenCheck, Produced, ToolCall

__all__ = [
    "COMBINED",
    "KINDS",
    "OF_ANSWERS",
    "OF_SCRIPTS",
    "OF_TOOLS",
    "BrokenCheck",
    "Check",
    "Produced",
    "ToolCall",
    "failure_of",
    "failure_of_parts",
    "may_take_for_ever",
]
