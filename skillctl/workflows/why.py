"""Why: each check of the step a skill would take next, without taking it; nothing is started or changed."""

from msgspec import Struct

from skillctl.domain.lifecycle import Status, next_by_promotion
from skillctl.domain.promotion import Check, Reason, Refusal
from skillctl.domain.serving import Serving
from skillctl.workflows.ports import Repository
from skillctl.workflows.read import read
from skillctl.workflows.weigh import Proofs, Weighed, Wish, weigh


class Explained(Struct, frozen=True):
    """What a step asks for; `step` is None where there is none left to take, and `next` the one command to run now."""

    skill: str
    version: str
    source: Status
    step: Status | None
    serving: str | None
    checks: tuple[Check, ...]
    next: str | None

    @property
    def is_open(self) -> bool:
        """Whether nothing stands in the way."""
        return not any(check.reasons for check in self.checks)


def why(repository: Repository, proofs: Proofs, name: str, target: Status | None, *, today: str) -> Explained:
    """What stands in the way of a status, by default the next one; it asks exactly what `promote` asks."""
    tree = repository.tree(repository.head())
    contents = read(tree)
    contents.known(name)
    offered = contents.servings.get(name, Serving())
    weighed = weigh(repository, proofs, tree, contents, name, Wish(target), today)
    if isinstance(weighed, Refusal):
        unreadable = Check("reading", "not readable", "readable", weighed.reasons)
        following = f"run `skillctl validate {name}`"
        return Explained(name, "?", weighed.source, weighed.target, offered.serving, (unreadable,), following)
    asked = weighed.request
    step, checks = (None, ()) if weighed.stands else (asked.target, weighed.checks)
    return Explained(name, asked.version, asked.source, step, offered.serving, checks, _next(weighed, target))


def _next(weighed: Weighed, target: Status | None) -> str | None:
    """The one command to run now: what mends the first thing that is missing, or the step itself."""
    asked = weighed.request
    if weighed.stands:
        opens = "promote" if next_by_promotion(asked.source) else "revise"
        return f"run `skillctl {opens} {asked.skill}`"
    reasons = [reason for check in weighed.checks for reason in check.reasons]
    if reasons:
        return first_hint(reasons)
    return f"run `skillctl promote {asked.skill}" + (f" --to {target}`" if target else "`")


def first_hint(reasons: list[Reason]) -> str | None:
    """What to do about the first thing that anything can be done about."""
    return next((reason.hint for reason in reasons if reason.hint), None)
