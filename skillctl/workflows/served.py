"""Served: a version that is served → the skill and its files, from the bytes that its approval lists."""

from skillctl.domain import skill as skills
from skillctl.domain.skill import Skill
from skillctl.errors import UsageError
from skillctl.workflows.converse import Files
from skillctl.workflows.ports import Repository
from skillctl.workflows.read import Contents


def served_in(repository: Repository, contents: Contents, name: str, version: str) -> tuple[Skill, Files]:
    """The version as it was approved; UsageError where its bytes are not here or cannot be read."""
    subjects = contents.approvals[name][version].subject
    blobs = repository.blobs(subject.digest.git_blob for subject in subjects)
    missing = [subject.name for subject in subjects if subject.digest.git_blob not in blobs]
    if missing:
        message = f"the bytes of `{missing[0]}` of {name}@{version}, which is served, are not in this clone"
        raise UsageError(message, hint="run `git fetch --unshallow`")
    files = {one.name: (one.annotations.mode, blobs[one.digest.git_blob]) for one in subjects}
    texts = {path: raw for path, (_, raw) in files.items()}
    served, findings = skills.read(f"skills/{name}", texts, frozenset(files))
    if findings:
        raise UsageError(f"{name}@{version}, which is served, cannot be read: {findings[0].message}")
    return served, files
