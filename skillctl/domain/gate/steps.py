"""Whether a version took a step that there is, and a new one is greater than all before it."""

from collections.abc import Iterator

from skillctl.domain import version as versions
from skillctl.domain.conflicts import folder_is_gone, other_content
from skillctl.domain.finding import Finding
from skillctl.domain.gate.side import Side
from skillctl.domain.lifecycle import ENTRIES, Status, is_step

_STANDING = (Status.APPROVED, Status.DEPRECATED)


def steps(before: Side, after: Side) -> Iterator[Finding]:
    """Every step that is none: of the status, of the version, and of what was approved."""
    if after.definition is None:
        if not after.has_folder and after.approved and after.serving.serving is not None:
            yield folder_is_gone(after.name)
        return
    if before.version == after.version:
        yield from _of_one_version(before, after)
    else:
        yield from _of_another_version(before, after)
    yield from _backed(after)


def _of_one_version(before: Side, after: Side) -> Iterator[Finding]:
    assert before.definition is not None
    assert after.definition is not None
    source, target = before.definition.status, after.definition.status
    version = after.definition.version
    if source is not target and not is_step(source, target):
        hint = f"run `skillctl promote {after.name}`, one step at a time" if target is not Status.DEPRECATED else None
        yield after.finding("SK701", f"{source} -> {target} is not a step", hint)
    if target is Status.DEPRECATED and version not in after.serving.deprecated:
        message = f"{version} says `deprecated`, but `serving.yaml` does not say why"
        yield after.finding("SK701", message, f"run `skillctl deprecate {after.name} --reason …`")
    if source is Status.DEPRECATED and target is Status.APPROVED and version not in after.serving.reinstated:
        message = f"{version} is approved again, but `serving.yaml` does not say why"
        yield after.finding("SK701", message, f"run `skillctl promote {after.name} --to approved --reason …`")


def _of_another_version(before: Side, after: Side) -> Iterator[Finding]:
    assert after.definition is not None
    version, status = after.definition.version, after.definition.status
    if _is_mended(before, after):
        return
    if version in before.approved:
        message = f"the folder goes back to {version}, which was approved before"
        hint = f"to serve it again: `skillctl rollback {after.name} --to {version}`; the folder keeps its version"
        yield after.finding("SK702", message, hint)
        return
    if status not in ENTRIES:
        message = f"{version} is new, and begins as `{status}`: `approved` needs a `candidate` in the base"
        yield after.finding("SK701", message, f"bring it in as `candidate`, then run `skillctl promote {after.name}`")
    greatest = versions.greatest(before.approved)
    if greatest is not None and not versions.is_after(version, greatest):
        message = f"{version} is not greater than {greatest}, which is approved"
        yield after.finding("SK702", message, f"run `skillctl revise {after.name}`")


def _is_mended(before: Side, after: Side) -> bool:
    """Whether a folder that could not be read, or was gone, is again what was approved last, as `serving.yaml` has it.

    That its bytes are those of the approval is asked of whatever calls itself approved.
    """
    assert after.definition is not None
    version, status = after.definition.version, after.definition.status
    stands = Status.DEPRECATED if version in after.serving.deprecated else Status.APPROVED
    return before.definition is None and version == versions.greatest(before.approved) and status is stands


def _backed(after: Side) -> Iterator[Finding]:
    """What calls itself approved has an approval, and the bytes of it."""
    assert after.definition is not None
    version, status = after.definition.version, after.definition.status
    approved = after.approved.get(version)
    if approved is None:
        if status in _STANDING:
            message = f"{version} says `{status}`, but nothing approved it"
            hint = f"write `status: candidate`, then run `skillctl promote {after.name}`"
            yield after.finding("SK208", message, hint)
        return
    if status not in _STANDING:
        message = f"{version} is approved, and says `{status}`"
        yield after.finding("SK701", message, f"run `skillctl revise {after.name}` to open the next version")
    if after.digest != approved:
        yield other_content(after.name, version, after.file)
