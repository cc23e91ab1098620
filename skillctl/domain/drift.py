"""Drift: what production holds of a skill against what a commit says, field by field."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from skillctl.domain.production import SkillState

#: What a version is published with, and keeps for ever.
FIXED = ("digest", "manifest", "evidence", "approval", "definition_path", "card", "card_sha256")


class Drift(Struct, frozen=True):
    """One difference in a skill; `version` is None for what is served.

    What is `said` is said again, what is `missing` is brought back by publishing the version again; what is `altered`
    of what was published stays so.
    """

    skill: str
    version: str | None
    what: str
    kind: Literal["said", "missing", "altered"]

    @property
    def place(self) -> str:
        """The skill, with the version where it is of one."""
        return f"{self.skill}@{self.version}" if self.version else self.skill


def expected(files: Sequence[tuple[str, str, str]], publish: Mapping[str, Any]) -> dict[str, Any]:
    """What production must hold of a version for ever: `FIXED`, and `files` as path, mode and SHA-256."""
    fixed = {key: publish["definition"]["path"] if key == "definition_path" else publish[key] for key in FIXED}
    return {**fixed, "files": [list(one) for one in sorted(files, key=lambda one: one[0].encode())]}


def drifts(
    skill: str, wanted: SkillState, facts: Mapping[str, Mapping[str, Any]], held: Mapping[str, Any], *, is_free: bool
) -> Iterator[Drift]:
    """Each difference; `facts` are the expected ones by version, `held` what production says of the skill.

    What is served, and versions that are not there yet, are compared where the skill `is_free`: not held by a person.
    A version without facts could not be proved, and is not compared.
    """
    versions: Mapping[str, Any] = held.get("versions", {})
    serving = held.get("serving")
    if is_free and serving != wanted.serving:
        yield Drift(skill, None, f"serves {serving or 'nothing'}, not {wanted.serving or 'nothing'}", "said")
    for version, state in wanted.versions.items():
        found = versions.get(version)
        if version not in facts or (found is None and not is_free):
            continue
        if found is None:
            yield Drift(skill, version, "is not there", "missing")
            continue
        if is_free and (found["state"], found["notice"]) != (state.state, state.notice):
            was = f"{found['state']}, not {state.state}" if found["state"] != state.state else "noticed otherwise"
            yield Drift(skill, version, f"is {was}", "said")
        yield from _content(skill, version, facts[version], found)
    for version in versions.keys() - wanted.versions.keys():
        yield Drift(skill, version, "has no approval in the commit", "altered")


def _content(skill: str, version: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Drift]:
    for key in FIXED:
        if found[key] != wanted[key]:
            yield Drift(skill, version, f"has another `{key}`", "altered")
    ours, theirs = ({one[0]: one[1:] for one in side["files"]} for side in (wanted, found))
    for path in sorted(ours.keys() | theirs.keys()):
        if path not in theirs:
            yield Drift(skill, version, f"lacks the row of `{path}`", "missing")
        elif path not in ours:
            yield Drift(skill, version, f"has a row of `{path}`, which was never approved", "altered")
        elif ours[path] != theirs[path]:
            yield Drift(skill, version, f"has another row of `{path}`", "altered")
    for sha256 in found["lost"]:
        yield Drift(skill, version, f"has lost the content {sha256[:12]}", "missing")
    if found["evidence_fits"] is None:
        yield Drift(skill, version, "has lost its row of evidence", "missing")
    elif not found["evidence_fits"]:
        yield Drift(skill, version, "has a row of evidence that does not say what its bytes say", "altered")
