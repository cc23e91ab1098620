"""Stated: the bytes that an approval lists, and whether a folder still has them."""

import hashlib
from collections.abc import Iterable, Mapping

from skillctl.domain import digest, skill
from skillctl.domain.approval import Statement
from skillctl.domain.digest import Content, Unmeasurable
from skillctl.domain.document import Document
from skillctl.domain.skill import Skill
from skillctl.domain.tree import TreeFile


def bytes_of(statement: Statement, blobs: Mapping[str, bytes]) -> dict[str, bytes]:
    """The bytes that an approval lists, by path from the root, as far as they are there; Unmeasurable for others."""
    raw = {}
    for subject in statement.subject:
        there = blobs.get(subject.digest.git_blob)
        if there is None:
            continue
        if hashlib.sha256(there).hexdigest() != subject.digest.sha256:
            raise Unmeasurable(f"`{subject.name}` does not hash to the `sha256` that the approval lists")
        raw[f"skills/{statement.predicate.skill}/{subject.name}"] = there
    return raw


def content_of(statement: Statement, raw: Mapping[str, bytes], read: Document | None = None) -> Content:
    """The content that an approval lists, of its bytes by path; Unmeasurable where some are missing.

    `read` is its definition where that was read from these bytes already, and is sound.
    """
    folder = f"skills/{statement.predicate.skill}"
    entries = [
        TreeFile(f"{folder}/{subject.name}", subject.annotations.mode, subject.digest.git_blob)
        for subject in statement.subject
    ]
    return digest.measure_skill(folder, entries, raw, read)


def listed(statement: Statement, blobs: Mapping[str, bytes]) -> tuple[Skill, dict[str, tuple[str, bytes]]]:
    """The skill that an approval lists the files of, and these: path → mode and bytes.

    As far as they are here and can be read; that they are is for others to say.
    """
    files: dict[str, tuple[str, bytes]] = {
        one.name: (one.annotations.mode, blobs[one.digest.git_blob])
        for one in statement.subject
        if one.digest.git_blob in blobs
    }
    texts = {path: raw for path, (_, raw) in files.items()}
    names = frozenset(one.name for one in statement.subject)
    return skill.read(f"skills/{statement.predicate.skill}", texts, names)[0], files


def doubt(statement: Statement, blobs: Mapping[str, bytes]) -> str | None:
    """Why the bytes listed are not what is stated; None if they are."""
    try:
        found = content_of(statement, bytes_of(statement, blobs)).digest
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
