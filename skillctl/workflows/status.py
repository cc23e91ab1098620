"""Status: the board of all skills; what was judged before is not read again, and only what was measured is weighed."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from msgspec import Struct

from skillctl.domain import board, policy
from skillctl.domain.board import Row
from skillctl.domain.finding import errors_in
from skillctl.domain.lifecycle import Status, next_by_promotion
from skillctl.domain.policy import Policy
from skillctl.domain.position import Position
from skillctl.domain.promotion import Reason, Refusal
from skillctl.domain.selection import Offer
from skillctl.domain.tree import POLICY_FILE
from skillctl.errors import UsageError
from skillctl.workflows.base import base_of
from skillctl.workflows.narrow import Narrow
from skillctl.workflows.offering import offered
from skillctl.workflows.ports import Memory, Repository, Spread, Tree
from skillctl.workflows.read import Contents, read, read_policy
from skillctl.workflows.validate import look, settled
from skillctl.workflows.weigh import Known, Proofs, Wish, weigh


class Lab(Struct, frozen=True):
    """What it takes to weigh a candidate that was measured; `offers` gives all that can be selected from a commit."""

    repository: Repository
    proofs: Proofs
    today: str
    offers: Callable[[str], list[Offer]]


def status(tree: Tree, lab: Lab, memory: Memory | None, spread: Spread | None) -> list[Row]:
    """Where every skill of a folder stands, sorted by name."""
    found = look(tree, memory, spread)
    rules, _ = read_policy(tree.read(tree.files(POLICY_FILE)))
    stand = settled(found, tree, lambda: _base(lab, rules), lab.today)
    errors = Counter(one.skill for one in errors_in(stand))
    positions = found.positions()
    reasons = _weighed(lab, positions, errors)
    rows = []
    for name in sorted(positions):
        at, gate = positions[name], None
        goal = next_by_promotion(at.status)
        if goal is not None:
            gate = policy.effective(rules, name, at.tags, goal)
        rows.append(board.row(name, at, errors[name], gate, reasons.get(name)))
    return rows


def _base(lab: Lab, rules: Policy) -> Tree | None:
    commit = base_of(lab.repository, rules.release_branch, lab.proofs.base)
    return lab.repository.tree(commit) if commit else None


def _weighed(lab: Lab, positions: Mapping[str, Position], errors: Mapping[str | None, int]) -> dict[str, list[Reason]]:
    """Every reason against each candidate of which there is evidence, stale or not."""
    candidates = [name for name, at in positions.items() if at.is_whole and at.status is Status.CANDIDATE]
    measured = [name for name in candidates if lab.proofs.store.has(name)]
    if not measured:
        return {}
    try:
        tree = lab.repository.tree(lab.repository.head())
    except UsageError as problem:
        return {name: [_unjudged(problem)] for name in measured}
    contents, found = read(Narrow(tree, measured)), offered(partial(lab.offers, lab.repository.head()))
    pending = lab.repository.pending(*(f"skills/{name}" for name in measured))
    return {name: _reasons(lab, tree, contents, name, Known(errors[name], found, pending)) for name in measured}


def _reasons(lab: Lab, tree: Tree, contents: Contents, name: str, known: Known) -> list[Reason]:
    if name not in contents.names:
        hint = f"commit it: `git add skills/{name} && git commit`"
        return [Reason("uncommitted", f"`skills/{name}` is not committed", "not committed", "a commit", hint)]
    try:
        wish = Wish(Status.APPROVED)
        weighed = weigh(lab.repository, lab.proofs, tree, contents, name, wish, lab.today, known)
    except UsageError as problem:
        return [_unjudged(problem)]
    decision = weighed if isinstance(weighed, Refusal) else weighed.decision
    return list(decision.reasons) if isinstance(decision, Refusal) else []


def _unjudged(problem: UsageError) -> Reason:
    return Reason("unjudged", problem.message, "no answer", "an answer", problem.hint)
