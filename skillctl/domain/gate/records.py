"""Whether what is on record stays there: approvals, signatures, and why a version is no longer served."""

from collections.abc import Iterator

from skillctl.domain.approval import FILE_NAME
from skillctl.domain.finding import Finding
from skillctl.domain.gate.side import Side
from skillctl.domain.serving import Serving


def records(before: Side, after: Side) -> Iterator[Finding]:
    """Every approval and signature that is gone or other than it was."""
    for path, blob in before.records.items():
        found = after.records.get(path)
        if found == blob:
            continue
        restore = f"restore it: `git checkout BASE -- {path}`"
        if found is not None:
            yield after.at(path, "SK709", f"`{path}` is other than it was: what is on record never changes", restore)
        elif path.endswith(f"/{FILE_NAME}"):
            yield after.at(path, "SK411", f"the approval `{path}` is gone: approvals are never deleted", restore)
        else:
            yield after.at(path, "SK709", f"`{path}` is gone: signatures are never deleted", restore)


def served(before: Side, after: Side) -> Iterator[Finding]:
    """Everything that `serving.yaml` says now and may not."""
    said, file = after.serving, after.serving_file
    if said.serving is not None:
        state, _ = said.state(said.serving)
        if said.serving not in after.approved:
            hint = f"run `skillctl promote {after.name}`"
            yield after.at(file, "SK401", f"{said.serving} is served, but was never approved", hint)
        elif state in ("withdrawn", "revoked"):
            yield after.at(file, "SK403", f"{said.serving} is served and {state} at once", "serve another one, or none")
    gone = before.serving.serving
    if gone is not None and said.serving is None and gone not in {**said.withdrawn, **said.revoked}:
        message = f"{gone} is no longer served, and nothing says why"
        yield after.at(file, "SK407", message, f"run `skillctl withdraw {after.name} --reason …`")
    yield from _taken_back(before.serving, after)


def _taken_back(before: Serving, after: Side) -> Iterator[Finding]:
    """A version is revoked and withdrawn for good; that it is deprecated may be taken back, with a reason."""
    said, file = after.serving, after.serving_file
    for version in sorted(before.revoked.keys() - said.revoked.keys()):
        message = f"{version} is revoked no more; what is revoked stays so"
        yield after.at(file, "SK408", message, f"put it back under `revoked` in `{file}`")
    for version in sorted(before.withdrawn.keys() - said.withdrawn.keys() - said.revoked.keys()):
        message = f"{version} is withdrawn no more; what is withdrawn stays so"
        hint = f"put it back under `withdrawn` in `{file}`, and run `skillctl revise {after.name}`"
        yield after.at(file, "SK408", message, hint)
    for version in sorted(before.deprecated.keys() - said.deprecated.keys()):
        if version not in {**said.revoked, **said.withdrawn, **said.reinstated}:
            message = f"{version} is deprecated no more, and nothing says why"
            hint = f"run `skillctl promote {after.name} --to approved --reason …`, or put the entry back"
            yield after.at(file, "SK708", message, hint)
