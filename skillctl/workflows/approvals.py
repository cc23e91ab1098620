"""Approvals: the signatures that lie in a tree → who approved, and whether that is enough under the policy of the base.

Nothing of the change says who may approve: people, their keys and the gate are those of the base.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from skillctl.domain import approval
from skillctl.domain.approval import Statement
from skillctl.domain.growth import growth, power_of
from skillctl.domain.policy import EffectiveGate, Policy
from skillctl.domain.quorum import Quorum, quorum
from skillctl.domain.tree import FILE_MODES
from skillctl.errors import Unreachable, UsageError
from skillctl.workflows.eval_ports import Signatures
from skillctl.workflows.measure import skill_content
from skillctl.workflows.ports import Repository, Tree
from skillctl.workflows.stated import listed

ALTERED = "it does not verify over these bytes: the approval or the content changed after it was signed"


class Signed(Struct, frozen=True):
    """Who signed, by name; and for each signature that does not verify, by its path, why."""

    signers: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


class Base(Struct, frozen=True):
    """What an approval is judged by: the policy before the change, and the day on which its keys must sign."""

    policy: Policy
    day: str


class Written(Struct, frozen=True):
    """Where the content of a version was written: after `since` (None: ever), up to the commit `at`."""

    since: str | None
    at: str


def written_by(repository: Repository, statement: Statement, since: str | None, base: str | None, at: str) -> Written:
    """Where what is approved at a commit was written: who brings in an approval of what its base holds wrote none."""
    return Written(since, base if base is not None and _holds(repository, base, statement) else at)


def _holds(repository: Repository, commit: str, statement: Statement) -> bool:
    try:
        found = skill_content(repository.tree(commit), statement.predicate.skill)
    except UsageError:
        return False
    return found.digest == statement.predicate.digest


def signed(tree: Tree, signatures: Signatures, base: Base, statement: Statement, raw: bytes) -> Signed:
    """Who approved a version: whose signatures over these bytes of its `approval.json` lie beside it in a tree."""
    said = statement.predicate
    folder = approval.path_of(said.skill, said.version).rpartition("/")[0]
    return among(_sheets(tree, folder), signatures, base, raw, approval.NAMESPACE)


def signed_suite(tree: Tree, signatures: Signatures, base: Base, name: str, suite_digest: str) -> Signed:
    """Who approved a suite: whose signatures over its digest lie in a tree."""
    folder = approval.suite_signature_path_of(name, suite_digest, "").rpartition("/")[0]
    raw = approval.suite_text(name, suite_digest)
    return among(_sheets(tree, folder), signatures, base, raw, approval.SUITE_NAMESPACE)


def among(
    sheets: Mapping[str, bytes | None],
    signatures: Signatures,
    base: Base,
    raw: bytes,
    namespace: str,
    days: Mapping[str, str] | None = None,
) -> Signed:
    """Whose of these signatures, by path, are over these bytes; None stands for one that is no plain file.

    `days` are the days, by path, of those that came in on another day than the base's.
    """
    signers, refused = [], {}
    for path, sheet in sorted(sheets.items()):
        name = person_in(path)
        why = Eye(signatures, base.policy, (days or {}).get(path, base.day)).doubt(name, raw, sheet, namespace)
        if why is None:
            signers.append(name)
        else:
            refused[path] = why
    return Signed(tuple(signers), refused)


def quorum_of(
    repository: Repository,
    gate: EffectiveGate,
    base: Base,
    statement: Statement,
    signers: Iterable[str],
    written: Written,
    before: Statement | None,
    blobs: Mapping[str, bytes] | None = None,
) -> Quorum:
    """Whether enough people approved a version; `before` is the last approved one, whose power is compared.

    `blobs` are the bytes of both by object id, where they are known. Unreachable where this clone does not know who
    wrote the content.
    """
    said = statement.predicate
    if not gate.approvals:
        return Quorum(said.skill, 0)
    authors = {*said.authors, *authors_of(repository, [f"skills/{said.skill}"], written)}
    more = growth_of(repository, before, statement, blobs)
    return quorum(said.skill, gate, base.policy.people, authors, signers, more)


def authors_of(repository: Repository, folders: Iterable[str], written: Written) -> set[str]:
    """Everybody who wrote in these folders; Unreachable where a part of the history is missing."""
    return {author for folder in folders for author in repository.authors(folder, written.since, written.at)}


def refuse_shallow(repository: Repository) -> None:
    """Unreachable where a part of the history is missing, which says who wrote what and what held before."""
    if repository.is_shallow():
        hint = "run `git fetch --unshallow`; in CI check out the whole history (`fetch-depth: 0`)"
        raise Unreachable("this clone is shallow, so nobody can say who wrote what was approved", hint=hint)


def growth_of(
    repository: Repository, before: Statement | None, after: Statement, blobs: Mapping[str, bytes] | None = None
) -> list[str]:
    """What a version may do that the last approved one could not, as their approvals list their files."""
    if before is None:
        return []
    if blobs is None:
        blobs = repository.blobs(one.digest.git_blob for said in (before, after) for one in said.subject)
    return growth(*(power_of(*listed(one, blobs)) for one in (before, after)))


def person_in(path: str) -> str:
    """The person whose signature a path is of."""
    return path.rpartition("/")[2].removesuffix(approval.SIGNATURE)


def _sheets(tree: Tree, folder: str) -> dict[str, bytes | None]:
    entries = [one for one in tree.files(folder) if one.path.rpartition("/")[0] == folder]
    sheets = [one for one in entries if one.path.endswith(approval.SIGNATURE)]
    texts = tree.read(one for one in sheets if one.mode in FILE_MODES)
    return {one.path: texts.get(one.path) for one in sheets}


class Eye(Struct, frozen=True):
    """Looks at signatures as the people of a policy made them until a day."""

    signatures: Signatures
    policy: Policy
    day: str

    def doubt(self, name: str, raw: bytes, sheet: bytes | None, namespace: str) -> str | None:
        """Why a signature is not this person's over these bytes; None if it is."""
        person = self.policy.people.get(name)
        if person is None:
            return f"`{name}` is nobody in `people` of the base"
        if sheet is None:
            return "it is no plain file"
        if self.signatures.verifies(raw, sheet, person.keys_on(self.day), namespace):
            return None
        for key, day in person.retired_on(self.day):
            if self.signatures.verifies(raw, sheet, [key], namespace):
                return f"its key retired on {day}"
        if self.signatures.is_of(raw, sheet, namespace):
            return f"its key is none of `{name}` in `people` of the base"
        return ALTERED
