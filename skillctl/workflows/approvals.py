"""Approvals: the signatures that lie in a tree → who approved, and whether that is enough under the policy of the base.

Nothing of the change says who may approve: people, their keys and the gate are those of the base.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from skillctl.domain import approval, skill
from skillctl.domain import version as versions
from skillctl.domain.approval import Statement
from skillctl.domain.growth import Power, growth, power_of
from skillctl.domain.person import Person
from skillctl.domain.policy import EffectiveGate, Policy
from skillctl.domain.quorum import Quorum, quorum
from skillctl.domain.tree import FILE_MODES, TreeFile
from skillctl.workflows.eval_ports import Signatures
from skillctl.workflows.ports import Repository, Tree

ALTERED = "does not verify over these bytes: the approval or the content changed after it was signed"


@dataclass(frozen=True)
class Signed:
    """Who signed, by name; and for each signature that does not verify, by its path, why."""

    signers: tuple[str, ...] = ()
    refused: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Base:
    """What an approval is judged by: the policy before the change, and the day on which its keys must sign."""

    policy: Policy
    day: str


@dataclass(frozen=True)
class Written:
    """Where the content of a version was written: after `since` (None: ever), up to the commit `at`."""

    since: str | None
    at: str


def signed(
    tree: Tree,
    signatures: Signatures,
    base: Base,
    statement: Statement,
    raw: bytes,
    days: Mapping[str, str] | None = None,
) -> Signed:
    """Who approved a version: whose signatures over these bytes of its `approval.json` lie beside it in a tree.

    `days` are the days of signatures, by path, that came in on another day than the base's.
    """
    said = statement.predicate
    folder = approval.path_of(said.skill, said.version).rpartition("/")[0]
    return _signed(tree, folder, signatures, base, raw, approval.NAMESPACE, days or {})


def signed_suite(tree: Tree, signatures: Signatures, base: Base, name: str, suite_digest: str) -> Signed:
    """Who approved a suite: whose signatures over its digest lie in a tree."""
    folder = approval.suite_signature_path_of(name, suite_digest, "").rpartition("/")[0]
    raw = approval.suite_text(name, suite_digest)
    return _signed(tree, folder, signatures, base, raw, approval.SUITE_NAMESPACE, {})


def quorum_of(
    repository: Repository,
    gate: EffectiveGate,
    base: Base,
    statement: Statement,
    signers: Iterable[str],
    written: Written,
    before: Statement | None,
) -> Quorum:
    """Whether enough people approved a version; `before` is the last approved one, whose power is compared.

    Unreachable where this clone does not know who wrote the content.
    """
    said = statement.predicate
    if not gate.approvals:
        return Quorum(said.skill, 0)
    authors = {*said.authors, *authors_of(repository, [f"skills/{said.skill}"], written)}
    more = growth_of(repository, before, statement)
    return quorum(said.skill, gate, base.policy.people, authors, signers, more)


def authors_of(repository: Repository, folders: Iterable[str], written: Written) -> set[str]:
    """Everybody who wrote in these folders; Unreachable where a part of the history is missing."""
    return {author for folder in folders for author in repository.authors(folder, written.since, written.at)}


def growth_of(repository: Repository, before: Statement | None, after: Statement) -> list[str]:
    """What a version may do that the last approved one could not, as their approvals list their files."""
    if before is None:
        return []
    blobs = repository.blobs(one.digest.git_blob for said in (before, after) for one in said.subject)
    return growth(_power(before, blobs), _power(after, blobs))


def last_before(approvals: Mapping[str, Statement], version: str) -> Statement | None:
    """The greatest of these approved versions that is smaller than one; None where there is none."""
    smaller = [known for known in approvals if known != version and versions.is_after(version, known)]
    greatest = versions.greatest(smaller)
    return approvals[greatest] if greatest is not None else None


def _power(statement: Statement, blobs: Mapping[str, bytes]) -> Power:
    """What a version may do, as far as its files are here and can be read; that they are is for others to say."""
    folder = f"skills/{statement.predicate.skill}"
    files = {
        one.name: (one.annotations.mode, blobs[one.digest.git_blob])
        for one in statement.subject
        if one.digest.git_blob in blobs
    }
    texts = {path: raw for path, (_, raw) in files.items()}
    found, _ = skill.read(folder, texts, frozenset(one.name for one in statement.subject))
    return power_of(found, files)


def _signed(
    tree: Tree, folder: str, signatures: Signatures, base: Base, raw: bytes, namespace: str, days: Mapping[str, str]
) -> Signed:
    sheets = [entry for entry in tree.files(folder) if _is_sheet(entry, folder)]
    texts = tree.read(entry for entry in sheets if entry.mode in FILE_MODES)
    signers, refused = [], {}
    for sheet in sheets:
        person = name_in(sheet.path)
        judge = Judge(signatures, base.policy.people.get(person), days.get(sheet.path, base.day))
        why = judge.doubt(person, raw, texts.get(sheet.path), namespace)
        if why is None:
            signers.append(person)
        else:
            refused[sheet.path] = why
    return Signed(tuple(signers), refused)


def _is_sheet(entry: TreeFile, folder: str) -> bool:
    return entry.path.endswith(approval.SIGNATURE) and entry.path.rpartition("/")[0] == folder


def name_in(path: str) -> str:
    """The person whose signature a path is of."""
    return path.rpartition("/")[2].removesuffix(approval.SIGNATURE)


@dataclass(frozen=True)
class Judge:
    """Looks at the signatures of one person, None of nobody known, on one day."""

    signatures: Signatures
    person: Person | None
    day: str

    def doubt(self, name: str, raw: bytes, sheet: bytes | None, namespace: str) -> str | None:
        """Why a signature is not this person's over these bytes; None if it is."""
        if self.person is None:
            return f"`{name}` is nobody in `people` of the base"
        if sheet is None:
            return "it is no plain file"
        if self.signatures.verifies(raw, sheet, self.person.keys_on(self.day), namespace):
            return None
        for key, day in self.person.retired_on(self.day):
            if self.signatures.verifies(raw, sheet, [key], namespace):
                return f"its key retired on {day}"
        if self.signatures.is_of(raw, sheet, namespace):
            return f"its key is none of `{name}` in `people` of the base"
        return ALTERED
