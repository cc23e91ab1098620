"""The four statuses of a version and the steps between them."""

from enum import StrEnum


class Status(StrEnum):
    """Where a version stands."""

    DRAFT = "draft"  # edited in Git, tried locally
    CANDIDATE = "candidate"  # offered for evaluation
    APPROVED = "approved"  # proved; what production may serve
    DEPRECATED = "deprecated"  # kept for those who use it, hidden from the others


#: Every step of one version; whatever is not here is refused.
STEPS: dict[Status, frozenset[Status]] = {
    Status.DRAFT: frozenset({Status.CANDIDATE}),
    Status.CANDIDATE: frozenset({Status.APPROVED, Status.DRAFT}),  # back for rework
    Status.APPROVED: frozenset({Status.DEPRECATED}),
    Status.DEPRECATED: frozenset({Status.APPROVED}),  # reinstated, with a reason
}
#: How a version begins that is greater than all before it.
ENTRIES = frozenset({Status.DRAFT, Status.CANDIDATE})


def is_step(source: Status, target: Status) -> bool:
    """Whether a version may go from one status to another at once."""
    return target in STEPS[source]


def next_by_promotion(status: Status) -> Status | None:
    """What `promote` aims at when no target is named."""
    return {Status.DRAFT: Status.CANDIDATE, Status.CANDIDATE: Status.APPROVED}.get(status)
