"""Roll: the approvals of a commit, each with where it came in, who signed it, and whether these are enough."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct, field

from skillctl.domain import approval, policy
from skillctl.domain import version as versions
from skillctl.domain.approval import Statement, path_of
from skillctl.domain.lifecycle import Status
from skillctl.domain.policy import Policy
from skillctl.domain.quorum import Quorum
from skillctl.domain.tree import FILE_MODES, folders_for, name_in
from skillctl.workflows.approvals import Base, Signed, Written, among, quorum_of, written_by
from skillctl.workflows.eval_ports import Signatures
from skillctl.workflows.ports import Repository
from skillctl.workflows.stated import listed

Known = Mapping[str, Mapping[str, Statement]]
Brought = Mapping[str, tuple[str, str | None]]


class Roll(Struct, frozen=True, dict=True):
    """What of approvals lies in a commit, and when it came in.

    `known` are all its approvals, by skill and version; `brought` says for each file which commit of the first parents
    brought it in, and its parent; `ages` counts these commits from the newest, `days` are of all. What was looked at
    once is kept, by path: `reached` and `seen`.
    """

    repository: Repository
    signatures: Signatures
    commit: str
    known: Known
    brought: Brought
    ages: Mapping[str, int]
    days: Mapping[str, str]
    texts: Mapping[str, bytes | None]
    sheets: Mapping[str, list[str]]
    reached: dict[str, Quorum] = field(default_factory=dict)
    seen: dict[str, Signed] = field(default_factory=dict)

    def raw(self, statement: Statement) -> bytes | None:
        """The bytes of an approval's file."""
        return self.texts.get(_path(statement))

    def before(self, statement: Statement) -> Statement | None:
        """The last version that was approved before this one came in."""
        said, age = statement.predicate, self._age(statement)
        ordered = self._ordered.get(said.skill, [])
        place = ordered.index(said.version) if said.version in ordered else 0
        older = (self.known[said.skill][version] for version in reversed(ordered[:place]))
        return next((one for one in older if self._age(one) > age), None)

    @cached_property
    def _ordered(self) -> dict[str, list[str]]:
        return {name: versions.ordered(of) for name, of in self.known.items()}

    def signed(self, statement: Statement, held: Policy) -> Signed:
        """Who signed it with a key that was theirs when the signature came in, by the policy before it came in."""
        path = _path(statement)
        if path not in self.seen:
            sheets = {one: self.texts[one] for one in self.sheets.get(path.rpartition("/")[0], ())}
            days = {one: self.day(one) for one in sheets}
            base = Base(held, self.day(path))
            raw = self.raw(statement) or b""
            self.seen[path] = among(sheets, self.signatures, base, raw, approval.NAMESPACE, days)
        return self.seen[path]

    def tags(self, statement: Statement, blobs: Mapping[str, bytes]) -> frozenset[str]:
        """The tags that gates select it by: one that the last approved version had, and it has no more, counts too."""
        both = (self.before(statement), statement)
        return frozenset(tag for one in both if one for tag in listed(one, blobs)[0].definition.tags)

    def quorum(self, statement: Statement, held: Policy, blobs: Mapping[str, bytes]) -> Quorum:
        """Whether enough people approved it under the policy before it came in."""
        path = _path(statement)
        if path not in self.reached:
            self.reached[path] = self._quorum(statement, held, blobs)
        return self.reached[path]

    def _quorum(self, statement: Statement, held: Policy, blobs: Mapping[str, bytes]) -> Quorum:
        path, before = _path(statement), self.before(statement)
        gate = policy.effective(held, statement.predicate.skill, self.tags(statement, blobs), Status.APPROVED)
        signers = self.signed(statement, held).signers if gate.approvals else ()
        since, (at, parent) = self.came(_path(before))[0] if before else None, self.came(path)

        def asked(written: Written) -> Quorum:
            base = Base(held, self.day(path))
            return quorum_of(self.repository, gate, base, statement, signers, written, before, blobs)

        # What the base holds is only looked up where it matters.
        reached = asked(Written(since, at))
        return reached if reached.is_reached else asked(written_by(self.repository, statement, since, parent, at))

    def came(self, path: str) -> tuple[str, str | None]:
        """The commit that brought a file in, and its parent; the commit itself where nobody can say."""
        return self.brought.get(path, (self.commit, None))

    def _age(self, statement: Statement) -> int:
        return self.ages.get(self.came(_path(statement))[0], 0)

    def day(self, path: str) -> str:
        """The day on which a file came in."""
        return self.days[self.came(path)[0]]


def _path(statement: Statement) -> str:
    return path_of(statement.predicate.skill, statement.predicate.version)


def roll_of(
    repository: Repository, signatures: Signatures, commit: str, known: Known, brought: Brought | None = None
) -> Roll:
    """The roll of these approvals in a commit; `brought` is what came in below `approvals`, where that is known."""
    came = repository.introduced(("approvals",), commit) if brought is None else brought
    ages: dict[str, int] = {}
    for origin, _ in came.values():
        ages.setdefault(origin, len(ages))
    names = (approval.FILE_NAME, approval.SIGNATURE)
    listed = repository.tree(commit).files(*folders_for(known, "approvals")) if known else []
    entries = [one for one in listed if name_in(one.path) in known and one.path.endswith(names)]
    blobs = repository.blobs(one.blob for one in entries if one.mode in FILE_MODES)
    texts = {one.path: blobs.get(one.blob) if one.mode in FILE_MODES else None for one in entries}
    sheets = defaultdict(list)
    for path in texts:
        if path.endswith(approval.SIGNATURE):
            sheets[path.rpartition("/")[0]].append(path)
    return Roll(repository, signatures, commit, known, came, ages, repository.days(commit), texts, sheets)
