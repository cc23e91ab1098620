"""Stated: the bytes that an approval lists, and whether a folder still has them."""

import hashlib
from collections.abc import Iterable, Mapping

from skillctl.domain import digest
from skillctl.domain.approval import Statement
from skillctl.domain.digest import Content, Unmeasurable
from skillctl.domain.tree import TreeFile


def content_of(statement: Statement, blobs: Mapping[str, bytes]) -> tuple[Content, dict[str, bytes]]:
    """The content that an approval lists, and its bytes by path; Unmeasurable where these are others, or missing."""
    folder = f"skills/{statement.predicate.skill}"
    entries = [
        TreeFile(f"{folder}/{subject.name}", subject.annotations.mode, subject.digest.git_blob)
        for subject in statement.subject
    ]
    raw = {entry.path: blobs[entry.blob] for entry in entries if entry.blob in blobs}
    for subject in statement.subject:
        there = raw.get(f"{folder}/{subject.name}")
        if there is not None and hashlib.sha256(there).hexdigest() != subject.digest.sha256:
            raise Unmeasurable(f"`{subject.name}` does not hash to the `sha256` that the approval lists")
    return digest.measure_skill(folder, entries, raw), raw


def doubt(statement: Statement, blobs: Mapping[str, bytes]) -> str | None:
    """Why the bytes listed are not what is stated; None if they are."""
    try:
        found = content_of(statement, blobs)[0].digest
    except Unmeasurable as problem:
        return str(problem)
    return None if found == statement.predicate.digest else "the files listed do not give the digest stated"


def change(statement: Statement, entries: Iterable[TreeFile]) -> str | None:
    """The first file of a skill's folder that is not as the approval lists it; None if all are."""
    folder = f"skills/{statement.predicate.skill}/"
    stated = {one.name: (one.annotations.mode, one.digest.git_blob) for one in statement.subject}
    there = {one.path.removeprefix(folder): (one.mode, one.blob) for one in entries}
    for path in sorted(stated.keys() | there.keys()):
        if stated.get(path) != there.get(path):
            verb = "was added" if path not in stated else "was removed" if path not in there else "changed"
            return f"`{path}` {verb} after it was stated"
    return None
