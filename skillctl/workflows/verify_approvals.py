"""Verify: every approval of a commit, asked again offline; no key of a model, no working folder, no network."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from skillctl.domain import approval
from skillctl.domain import version as versions
from skillctl.domain.approval import Statement, path_of
from skillctl.domain.finding import Finding
from skillctl.domain.naming import known_skill
from skillctl.domain.policy import Policy
from skillctl.domain.quorum import Quorum
from skillctl.domain.tree import FILE_MODES, TreeFile, name_in
from skillctl.workflows.approvals import Base, among, refuse_shallow
from skillctl.workflows.eval_ports import Executor, Signatures
from skillctl.workflows.ports import Repository
from skillctl.workflows.proof import Bundle, Ground, grounds_of, key_of, policies_of, prove_each
from skillctl.workflows.read import Unit, by_name, read_unit
from skillctl.workflows.roll import Roll, roll_of

_RESTORE = "an approval is never edited: restore it from Git"


class Verified(Struct, frozen=True):
    """One approval: who signed it with a key that was theirs, what was asked of it, and what is wrong with it.

    `quorum` is None where something else was wrong before that was asked.
    """

    skill: str
    version: str
    digest: str
    signers: tuple[str, ...]
    quorum: Quorum | None
    findings: tuple[Finding, ...]


class Checked(Struct, frozen=True):
    """All approvals of a commit, by skill and version, with what is wrong in the folders they lie in."""

    commit: str
    approvals: tuple[Verified, ...]
    findings: tuple[Finding, ...]


def verify_approvals(repository: Repository, signatures: Signatures, name: str | None, each: Executor) -> Checked:
    """Check the approvals of HEAD, of one skill or of all; Unreachable where this clone lacks their history."""
    refuse_shallow(repository)
    head = repository.head()
    tree = repository.tree(head)
    entries = tree.files("approvals")
    names = sorted({name_in(one.path) for one in entries if one.path.count("/") > 1})
    if name is not None:
        known_skill(name, sorted({*names, *tree.names("skills")}))
        names = [one for one in names if one == name]
    asked = [one for one in entries if name_in(one.path) in names]
    read = tree.read(one for one in asked if one.path.endswith(f"/{approval.FILE_NAME}") and one.mode in FILE_MODES)
    texts = by_name(read)
    units = [read_unit(one, {}, texts.get(one, {}), {}) for one in names]
    statements = [said for unit in units for said in unit.approvals.values()]
    known = {unit.name: unit.approvals for unit in units}
    roll = roll_of(repository, signatures, head, known)
    grounds = grounds_of(repository, head, statements, roll.brought, each)
    proofs = prove_each(repository, statements, grounds, roll, each)

    def verified(said: Statement) -> tuple[tuple[str, str], Verified]:
        return key_of(said), _verified(said, grounds[key_of(said)], roll, proofs[key_of(said)])

    found = dict(each(verified, statements))
    loose = [*_misread(units), *_misplaced(asked, roll), *_suites(repository, roll, asked)]
    return Checked(head, tuple(found[key_of(said)] for said in _ordered(units)), tuple(loose))


def _ordered(units: Sequence[Unit]) -> Iterator[Statement]:
    for unit in units:
        for one in versions.ordered(unit.approvals):
            yield unit.approvals[one]


def _verified(statement: Statement, ground: Ground, roll: Roll, proof: Bundle | Finding) -> Verified:
    name, version = key_of(statement)
    held = ground.policy or Policy()
    signed = roll.signed(statement, held)
    findings = [proof] if isinstance(proof, Finding) else []
    findings += [_unsigned(path, why) for path, why in signed.refused.items()]
    quorum = roll.reached.get(path_of(name, version))
    return Verified(name, version, statement.predicate.digest, signed.signers, quorum, tuple(findings))


def _misread(units: Sequence[Unit]) -> Iterator[Finding]:
    for unit in units:
        yield from unit.findings


def _misplaced(entries: Sequence[TreeFile], roll: Roll) -> Iterator[Finding]:
    """What lies where an approval or a signature should, and is none."""
    stated = {path_of(name, version) for name, of in roll.known.items() for version in of}
    for one in entries:
        folder, _, file = one.path.rpartition("/")
        if file == approval.FILE_NAME and one.mode not in FILE_MODES:
            message = "the approval cannot be read: it is no plain file"
            yield Finding("SK402", message, one.path, skill=name_in(one.path), hint=_RESTORE)
        elif _is_lonely(one.path, f"{folder}/{approval.FILE_NAME}", stated):
            yield _unsigned(one.path, "no approval that can be read lies beside it")


def _suites(repository: Repository, roll: Roll, entries: Sequence[TreeFile]) -> Iterator[Finding]:
    """Signatures over suites that do not verify by the policy before they came in."""
    sheets = [one.path for one in entries if _is_of_suite(one.path) and one.path.endswith(approval.SIGNATURE)]
    came = {path: roll.came(path) for path in sheets}
    policies = policies_of(repository, {base or origin for origin, base in came.values()})
    for path, (origin, parent) in came.items():
        raw = approval.suite_text(name_in(path), f"sha256:{path.split('/')[3]}")
        base = Base(policies[parent or origin] or Policy(), roll.day(path))
        signed = among({path: roll.texts[path]}, roll.signatures, base, raw, approval.SUITE_NAMESPACE)
        for where, why in signed.refused.items():
            yield _unsigned(where, why)


def _is_lonely(path: str, beside: str, stated: set[str]) -> bool:
    return path.endswith(approval.SIGNATURE) and not _is_of_suite(path) and beside not in stated


def _is_of_suite(path: str) -> bool:
    parts = path.split("/")
    return len(parts) == 5 and parts[2] == approval.SUITES


def _unsigned(path: str, why: str) -> Finding:
    hint = "sign it anew with `skillctl approve`, or restore what was signed from Git"
    return Finding("SK415", f"the signature does not count: {why}", path, skill=name_in(path), hint=hint)
