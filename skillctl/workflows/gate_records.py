"""New records: what a change puts beside the approvals → whether each is one that may stay there for good."""

from collections.abc import Iterator

from skillctl.domain import approval
from skillctl.domain.approval import path_of
from skillctl.domain.finding import Finding
from skillctl.domain.tree import FILE_MODES
from skillctl.workflows.approvals import Eye, person_in
from skillctl.workflows.gate_promotion import Within
from skillctl.workflows.gate_sides import Seen


def new_records(within: Within, before: Seen, after: Seen) -> Iterator[Finding]:
    """Every new file that is no approval, and no signature that counts: nobody could take it out, or sign there."""
    side, folder = after.side, f"approvals/{after.side.name}"
    known = {one.path: f"{one.mode} {one.blob}" for one in before.unit.entries.get(folder, ())}
    for one in after.unit.entries.get(folder, ()):
        if known.get(one.path) == f"{one.mode} {one.blob}":
            continue
        if one.path.endswith(approval.SIGNATURE):
            why = _doubt(within, after, one.path)
            if why is not None:
                hint = "take it out, and sign anew with `skillctl approve`"
                yield side.at(one.path, "SK415", f"the signature does not count: {why}", hint)
        elif one.mode not in FILE_MODES or not _is_record(one.path, side.serving_file):
            message = f"`{one.path}` is no approval and no signature, and what is on record stays there"
            yield side.at(one.path, "SK709", message, "take it out")


def _is_record(path: str, serving: str) -> bool:
    # Whether an approval can be read, and may come in, is asked elsewhere.
    return path == serving or (path.count("/") == 3 and path.endswith(f"/{approval.FILE_NAME}"))


def _doubt(within: Within, after: Seen, path: str) -> str | None:
    """Why a signature is not its person's, over what it lies beside."""
    eye, sheet, parts = Eye(within.signatures, within.policy, within.day), after.raw.get(path), path.split("/")
    name, person = after.side.name, person_in(path)
    if len(parts) == 5 and parts[2] == approval.SUITES:
        text = approval.suite_text(name, f"sha256:{parts[3]}")
        return eye.doubt(person, text, sheet, approval.SUITE_NAMESPACE)
    if len(parts) != 4 or parts[2] not in after.statements:
        return "no approval that can be read lies beside it"
    return eye.doubt(person, after.raw[path_of(name, parts[2])], sheet, approval.NAMESPACE)
