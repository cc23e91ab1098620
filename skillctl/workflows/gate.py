"""Gate: a base and a head → whether the change between them may enter, skill by skill.

Both are trees of Git: nothing is checked out, started or looked at in the working folder. People, keys and the policy
come from the base, so no change says itself what it is judged by.
"""

from collections.abc import Iterable, Iterator
from functools import partial

from skillctl.domain import version as versions
from skillctl.domain.approval import path_of, suite_signature_path_of
from skillctl.domain.finding import Finding, Severity, errors_in
from skillctl.domain.gate.judged import GateReport, Judged
from skillctl.domain.gate.records import records, served
from skillctl.domain.gate.side import Side
from skillctl.domain.gate.steps import steps
from skillctl.domain.lifecycle import Status
from skillctl.domain.policy import FILE_NAME, Policy, effective
from skillctl.domain.quorum import quorum_of_suite
from skillctl.domain.tree import FILE_MODES, is_of_skill, name_in
from skillctl.domain.weakening import Change, attached_changes, policy_changes, suite_changes, tag_changes
from skillctl.errors import UsageError
from skillctl.workflows.approvals import Base, Written, authors_of, signed_suite
from skillctl.workflows.court import Court
from skillctl.workflows.gate_promotion import Within, contents_of, promotion, step
from skillctl.workflows.gate_records import new_records
from skillctl.workflows.gate_sides import Seen, seen
from skillctl.workflows.judge import judge
from skillctl.workflows.measure import suite_content
from skillctl.workflows.offering import offered
from skillctl.workflows.ports import Tree
from skillctl.workflows.read import read_policy, unreadable_finding
from skillctl.workflows.rerun import Takes, measured_again
from skillctl.workflows.trust import Against, governing_tags
from skillctl.workflows.validate import Found, settled


def gate(court: Court, base: str, head: str, day: str) -> GateReport:
    """Judge what merging `head` into `base` would change, on a day `YYYY-MM-DD`, on which keys must sign."""
    repository = court.repository
    before, after = repository.resolve(base), repository.resolve(head)
    treeish = after if repository.is_ancestor(before, after) else repository.merged(before, after)
    return judged(court, before, treeish, after, day)


def walk(court: Court, since: str, until: str) -> Iterator[GateReport]:
    """Judge each commit of the first-parent line after `since` against the one before it, as production takes them."""
    repository = court.repository
    before, last = repository.resolve(since), repository.resolve(until)
    line, days = repository.first_parents(before, last), repository.days(last)
    for commit in line:
        yield judged(court, before, commit, commit, days[commit])
        before = commit


def judged(court: Court, base: str, treeish: str, at: str, day: str) -> GateReport:
    """Judge the tree `treeish`, whose history is that of the commit `at`, against its base."""
    repository = court.repository
    old, new = repository.tree(base), repository.tree(treeish)
    paths = repository.changed(base, treeish)
    policy, head_policy, findings = _policies(old, new, FILE_NAME in paths)
    against, found = Against(policy, base, treeish), offered(partial(court.offers, treeish))
    names = sorted({name_in(path) for path in paths if is_of_skill(path)})
    within = Within(repository, court.signatures, base, policy, names, new, at, day, court.scripts, against, found)
    first, second = seen(old, names), seen(new, names)
    skills = [_skill(within, court.takes, old, first[name], second[name]) for name in names]
    return GateReport(base, at, skills, findings, policy_changes(policy, head_policy))


def _policies(old: Tree, new: Tree, has_changed: bool) -> tuple[Policy, Policy, list[Finding]]:
    before, problems = _policy(old)
    if problems:
        message = f"`{FILE_NAME}` of the base cannot be read: {problems[0].message}"
        raise UsageError(message, hint="mend it in a change of its own, which somebody merges who may")
    if not has_changed:
        return before, before, []
    after, findings = _policy(new)
    return before, (before if findings else after), findings


def _policy(tree: Tree) -> tuple[Policy, list[Finding]]:
    """The policy of a tree; a link's target would be read as one by some, and be none to others."""
    entries = tree.files(FILE_NAME)
    if any(one.mode not in FILE_MODES for one in entries):
        return Policy(), [unreadable_finding(FILE_NAME, "it is no plain file")]
    return read_policy(tree.read(entries))


def _skill(within: Within, takes: Takes | None, old: Tree, before: Seen, after: Seen) -> Judged:
    side = after.side
    findings = [*after.problems, *steps(before.side, side), *records(before.side, side), *served(before.side, side)]
    findings += new_records(within, before, after)
    quorum = None
    errors = len(errors_in(_standing(within, old, after))) if after.skill is not None else 0
    if side.definition is not None and side.definition.status is Status.CANDIDATE:
        findings += step(within, before, after, errors)
    for version in sorted(side.approved.keys() - before.side.approved.keys()):
        found, asked = promotion(within, before, after, version, errors)
        findings += found
        quorum = asked or quorum
    of_suite, of_tags = _suite_changes(_asked_before(within, before), after), _tag_changes(within, before.side, side)
    asks = _suite_reasons(within, before, after) if side.has_folder and (takes or _weaker(of_suite)) else None
    findings += _weakened(after, of_suite, asks) if side.has_folder else []
    findings += _weakened(after, of_tags, None)
    if takes is not None:
        findings += measured_again(within, before, after, asks, takes)
    growth = quorum.growth if quorum else ()
    return Judged(before.side, side, tuple(dict.fromkeys(findings)), (*of_suite, *of_tags), growth, quorum)


def _standing(within: Within, old: Tree, after: Seen) -> list[Finding]:
    """What `validate` finds of the skill, when each suppression has had its say."""
    judgement = judge(after.unit, after.raw)
    found = Found([after.side.name], list(judgement.findings), {after.side.name: judgement.ignores}, dict)
    return [one for one in settled(found, within.tree, lambda: old, within.day) if one.code != "SK412"]


def _suite_changes(before: Seen, after: Seen) -> list[Change]:
    first, second = before.suite.suite if before.suite else None, after.suite.suite if after.suite else None
    changes = list(suite_changes(first, second))
    if first is not None and second is not None:
        changes += attached_changes(first, second, _blobs(before), _blobs(after))
    return changes


def _asked_before(within: Within, before: Seen) -> Seen:
    """What a suite is compared with: where the base has none, or none that can be read, with what was approved last."""
    name, last = before.side.name, versions.greatest(before.side.approved)
    if before.suite is not None or last is None:
        return before
    came = within.introduced().get(path_of(name, last))
    return seen(within.repository.tree(came[0]), [name])[name] if came else before


def _tag_changes(within: Within, before: Side, after: Side) -> list[Change]:
    """What the change does to the tags that gates select by; a lost one counts on (`trust`)."""
    if before.definition is None or after.definition is None:
        return []
    return list(tag_changes(within.policy, after.name, before.definition.tags, after.definition.tags))


def _blobs(one: Seen) -> dict[str, str]:
    return {entry.path: entry.blob for entries in one.unit.entries.values() for entry in entries}


def _weaker(changes: Iterable[Change]) -> list[Change]:
    return [one for one in changes if one.kind == "weakened"]


def _weakened(after: Seen, changes: Iterable[Change], asks: str | None) -> Iterator[Finding]:
    """A weaker suite needs an approver who has not written the change; what nothing is asked for is told."""
    file = after.unit.suite.document.file if after.unit.suite else f"evals/{after.side.name}"
    for one in _weaker(changes):
        message = f"weakened: {one.what}: {one.before} -> {one.after}"
        if asks is not None:
            yield after.side.at(file, "SK706", message, asks)
        else:
            yield after.side.at(file, "SK707", message, severity=Severity.WARNING)


def _suite_reasons(within: Within, before: Seen, after: Seen) -> str | None:
    """What is missing for a weaker suite: the next command; None where nothing is."""
    name = after.side.name
    tags = {tag for one in (before, after) if one.side.definition for tag in one.side.definition.tags}
    if after.skill is not None:
        tags |= governing_tags(within.repository, contents_of(within, after), name)
    rule = effective(within.policy, name, tags, Status.APPROVED)
    if not rule.approvals:
        return None
    if after.suite is None:
        return f"put `evals/{name}` back, or withdraw the skill"
    digest = suite_content(within.tree, name).digest
    found = signed_suite(within.tree, within.signatures, Base(within.policy, within.day), name, digest)
    folders = [f"evals/{name}", f"skills/{name}"]
    authors = authors_of(within.repository, folders, Written(within.base, within.at))
    # What was signed for an earlier change is no word on this one, after which the base may ask for more.
    new = [one for one in found.signers if suite_signature_path_of(name, digest, one) not in before.side.records]
    reached = quorum_of_suite(name, rule, within.policy.people, authors, new)
    reasons = reached.reasons()
    if reasons and len(new) < len(found.signers):
        return f"its signature is of an earlier change: give the suite other bytes, and run `{reached.command}`"
    return (reasons[0].hint or reasons[0].message) if reasons else None
