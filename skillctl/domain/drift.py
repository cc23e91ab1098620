"""Drift: what production holds of a skill against what a commit says, field by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from skillctl.domain.approval import Statement
from skillctl.domain.production import SkillState

#: What a version is published with, and keeps for ever.
FIXED = ("digest", "manifest", "evidence", "approval", "definition_path", "card", "card_sha256")


@dataclass(frozen=True)
class Drift:
    """One difference in a skill; `version` is None for what is served.

    `again` says that publishing the version again brings back what is missing of it; what was altered stays so.
    """

    skill: str
    version: str | None
    what: str
    again: bool = False

    @property
    def place(self) -> str:
        """The skill, with the version where it is of one."""
        return f"{self.skill}@{self.version}" if self.version else self.skill


def expected(statement: Statement, publish: Mapping[str, Any]) -> dict[str, Any]:
    """What production must hold of a version for ever: `FIXED`, and `files` as path, mode and SHA-256."""
    files = sorted((one.name.encode(), one.annotations.mode, one.digest.sha256) for one in statement.subject)
    fixed = {key: publish["definition"]["path"] if key == "definition_path" else publish[key] for key in FIXED}
    return {**fixed, "files": [[path.decode(), mode, sha256] for path, mode, sha256 in files]}


def drifts(
    skill: str, wanted: SkillState, facts: Mapping[str, Mapping[str, Any]], held: Mapping[str, Any], *, is_free: bool
) -> Iterator[Drift]:
    """Each difference; `facts` are the expected ones by version, `held` what production says of the skill.

    What is served, and versions that are not there yet, are compared where the skill `is_free`: not held by a person.
    """
    versions: Mapping[str, Any] = held.get("versions", {})
    if is_free and held.get("serving") != wanted.serving:
        yield Drift(skill, None, f"serves {held.get('serving') or 'nothing'}, not {wanted.serving or 'nothing'}")
    for version, state in wanted.versions.items():
        found = versions.get(version)
        if found is None:
            if is_free:
                yield Drift(skill, version, "is not there", again=True)
            continue
        if is_free and (found["state"], found["notice"]) != (state.state, state.notice):
            was = f"{found['state']}, not {state.state}" if found["state"] != state.state else "noticed otherwise"
            yield Drift(skill, version, f"is {was}")
        yield from _content(skill, version, facts[version], found)
    for version in versions.keys() - wanted.versions.keys():
        yield Drift(skill, version, "was never approved")


def _content(skill: str, version: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Drift]:
    for key in FIXED:
        if found[key] != wanted[key]:
            yield Drift(skill, version, f"has another `{key}`")
    ours, theirs = ({one[0]: one[1:] for one in side["files"]} for side in (wanted, found))
    for path in sorted(ours.keys() | theirs.keys()):
        if path not in theirs:
            yield Drift(skill, version, f"lacks the row of `{path}`", again=True)
        elif path not in ours:
            yield Drift(skill, version, f"has a row of `{path}`, which was never approved")
        elif ours[path] != theirs[path]:
            yield Drift(skill, version, f"has another row of `{path}`")
    for sha256 in found["lost"]:
        yield Drift(skill, version, f"has lost the content {sha256[:12]}", again=True)
    if not found["evidence_fits"]:
        yield Drift(skill, version, "has no row of evidence that says what its bytes say", again=True)
