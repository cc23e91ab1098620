"""What keeps a skill of a commit from entering production, whatever else the commit says of it."""

from collections.abc import Iterator, Mapping

from skillctl.domain import version as versions
from skillctl.domain.finding import Finding
from skillctl.domain.production import Current, Revocation, SkillState

NOTHING = SkillState(None, {})


def conflicts(skill: str, wanted: SkillState, current: Current) -> Iterator[Finding]:
    """Every reason why production cannot go from what it holds of a skill to what a commit wants."""
    now = current.skills.get(skill, NOTHING)
    if wanted == now and not current.revocations:
        return
    yield from _contradictions(skill, wanted, now)
    yield from _revoked(skill, wanted, now, current.revocations)
    yield from _late(skill, wanted, now)
    yield from _dropped(skill, wanted, now)


def other_content(skill: str, version: str, file: str) -> Finding:
    """The working version was approved with other content than its folder holds; `file` is its definition."""
    message = f"{skill}@{version} has other content than was approved under that version"
    hint = f"put the content back, and open a new version with `skillctl revise {skill}`"
    return Finding("SK412", message, file, skill=skill, hint=hint)


def folder_is_gone(skill: str) -> Finding:
    """A skill whose approvals are there and whose folder is not."""
    message = f"the folder `skills/{skill}` is gone, but its approvals are not"
    hint = f"restore it; to take it from production, withdraw its versions in `approvals/{skill}/serving.yaml`"
    return Finding("SK410", message, f"approvals/{skill}", skill=skill, hint=hint)


def left_the_repository(skill: str, serving: str) -> Finding:
    """Nothing of a skill is left in the commit, and production serves it."""
    message = f"`{skill}` left the repository, but production serves {serving}"
    hint = f"restore it, or withdraw the version in `approvals/{skill}/serving.yaml`"
    return Finding("SK410", message, f"approvals/{skill}/serving.yaml", skill=skill, hint=hint)


def _contradictions(skill: str, wanted: SkillState, now: SkillState) -> Iterator[Finding]:
    """What production holds and no commit may contradict: other content under a version, or a version gone."""
    file = f"approvals/{skill}"
    for version, held in now.versions.items():
        ours = wanted.versions.get(version)
        if ours is None:
            message = f"the approval of {skill}@{version} is gone, but production holds that version"
            hint = "an approval is never deleted: restore it, and withdraw the version instead"
            yield Finding("SK411", message, f"{file}/{version}/approval.json", skill=skill, hint=hint)
        elif ours.digest != held.digest:
            message = f"{skill}@{version} has other content than production published under that version"
            hint = "approved content never changes: open a new version with `skillctl revise`"
            yield Finding("SK412", message, f"{file}/{version}/approval.json", skill=skill, hint=hint)


def _revoked(
    skill: str, wanted: SkillState, now: SkillState, revocations: Mapping[str, Revocation]
) -> Iterator[Finding]:
    """What was forbidden in production stays so, however it comes back."""
    file = f"approvals/{skill}/serving.yaml"
    for version, ours in wanted.versions.items():
        known = revocations.get(ours.digest)
        is_held_so = version in now.versions and now.versions[version].state == "revoked"
        if ours.state != "revoked" and (known is not None or is_held_so):
            by = f" by {known.actor}, for ever: {known.reason}" if known else ", for ever"
            message = f"{skill}@{version} was revoked in production{by}"
            yield Finding("SK408", message, file, skill=skill, hint=f"put it under `revoked` in `{file}`")


def _late(skill: str, wanted: SkillState, now: SkillState) -> Iterator[Finding]:
    """An approval that came in after a greater version was published could never be published itself."""
    new = [version for version in wanted.versions if version not in now.versions]
    newest = versions.greatest(now.versions) if new else None
    for version in new:
        if newest is not None and not versions.is_after(version, newest):
            message = f"{skill}@{version} was approved after {newest} was published"
            hint = "give that content a greater version: `skillctl revise`"
            yield Finding("SK414", message, f"approvals/{skill}/{version}/approval.json", 1, 1, skill, hint)


def _dropped(skill: str, wanted: SkillState, now: SkillState) -> Iterator[Finding]:
    """A served version leaves production by an entry that withdraws it, never by a line that is missing."""
    served = now.serving
    if served is None or wanted.serving is not None or served not in wanted.versions:
        return
    if wanted.versions[served].state not in ("withdrawn", "revoked"):
        file = f"approvals/{skill}/serving.yaml"
        message = f"{skill}@{served} would no longer be served, but nothing withdraws it"
        hint = f"serve a version in `{file}`, or put it under `withdrawn` with a reason"
        yield Finding("SK407", message, file, skill=skill, hint=hint)
