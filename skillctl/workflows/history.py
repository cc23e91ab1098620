"""History: every approved version of one skill, from its approvals; no other skill is read."""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from skillctl.domain import approval
from skillctl.domain import version as versions
from skillctl.domain.approval import Predicate
from skillctl.domain.finding import Finding
from skillctl.domain.naming import known_skill
from skillctl.domain.schema import NAME_PATTERN
from skillctl.domain.serving import Retirement, Serving
from skillctl.domain.tree import FILE_MODES, TreeFile
from skillctl.workflows.ports import Repository, Tree
from skillctl.workflows.record_of import read_record


class Version(Struct, frozen=True):
    """One approved version; `promoted_at` is when its approval came in, None where it is not committed, or not known.

    `signers` are the names on its signatures, which nobody has verified here. `reinstated` is why it is no longer
    deprecated.
    """

    version: str
    said: Predicate
    promoted_at: str | None
    signers: tuple[str, ...]
    is_serving: bool
    state: str
    retired: Retirement | None
    reinstated: Retirement | None


class History(Struct, frozen=True):
    """All versions in their order, and what could not be read."""

    skill: str
    versions: tuple[Version, ...]
    findings: tuple[Finding, ...]


def history(repository: Repository, tree: Tree, name: str) -> History:
    """What was approved of a skill, whether its folder is still there or not; UsageError if there is none."""
    folder = f"approvals/{name}"
    # Only what is no name at all is looked up: it could lead out of the folder.
    entries = tree.files(folder) if re.fullmatch(NAME_PATTERN, name) else []
    if not entries:
        known_skill(name, sorted({*tree.names("skills"), *tree.names("approvals")}))
    texts = tree.read(entry for entry in entries if entry.mode in FILE_MODES and not _is_signature(entry.path))
    record = read_record(name, texts)
    statements, offered = record.approvals, record.serving or Serving()
    dates: Mapping[str, str] = repository.brought(folder) if statements else {}
    found = []
    for version in versions.ordered(statements):
        state, retired = offered.state(version)
        found.append(
            Version(
                version=version,
                said=statements[version].predicate,
                promoted_at=dates.get(approval.path_of(name, version)),
                signers=tuple(_signers(entries, f"{folder}/{version}/")),
                is_serving=offered.serving == version,
                state=state,
                retired=retired,
                reinstated=offered.reinstated.get(version),
            )
        )
    return History(name, tuple(found), tuple(record.findings))


def _signers(entries: Sequence[TreeFile], folder: str) -> list[str]:
    ending = approval.SIGNATURE
    paths = [entry.path for entry in entries if entry.path.startswith(folder)]
    return sorted(path[len(folder) : -len(ending)] for path in paths if _is_signature(path))


def _is_signature(path: str) -> bool:
    return path.endswith(approval.SIGNATURE)
