"""The identity of content: a hash over its files that leaves out the status, so a promotion never spoils its own proof.

    sha256( sorted lines of:  mode SP sha256 SP path LF )

over the Git tree entries of the skill's folder, paths relative to it, lines sorted bytewise. In the definition
(`skill.yaml`, `skill.json`) the characters of the top-level `status` value, quotes included, are left out before
hashing; nothing else is.
"""

import hashlib
from collections.abc import Iterable, Mapping

from msgspec import Struct

from skillctl.domain import document as documents
from skillctl.domain.document import Document
from skillctl.domain.skill import DEFINITION_NAMES
from skillctl.domain.tree import FILE_MODES, TreeFile

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_BOM = b"\xef\xbb\xbf"


class ContentFile(Struct, frozen=True):
    """One file of measured content; `path` is relative to the folder, `sha256` is of the raw bytes."""

    path: str
    mode: str
    sha256: str
    blob: str
    size: int


class ByteSpan(Struct, frozen=True):
    """A range of bytes of a file."""

    offset: int
    length: int


class Content(Struct, frozen=True):
    """A folder's content: its digest, the manifest the digest is the hash of, and its files.

    `definition` and `status_span` are None where the folder holds no definition (a suite's folder).
    """

    digest: str
    manifest: bytes
    files: tuple[ContentFile, ...]
    definition: str | None = None
    status_span: ByteSpan | None = None


#: What the Skills extension of MCP lets a host expect of one skill, and what production can index.
MOST_BYTES = 16 * 1024 * 1024
MOST_FILES = 512
LONGEST_PATH = 1000


class Unmeasurable(ValueError):
    """The folder holds what has no identity: a link, a submodule, a filtered file, or no readable status."""


def status_span(raw: bytes, name: str = "skill.yaml") -> ByteSpan:
    """The bytes of the top-level `status` value; raises Unmeasurable where there is no such plain value."""
    document, findings = documents.parse(raw, name)
    if document is None:
        raise Unmeasurable(f"`{name}` cannot be measured: {findings[0].message}")
    return _status_span(raw, name, document)


def _status_span(raw: bytes, name: str, document: Document) -> ByteSpan:
    span = document.span(("status",))
    if span is None:
        raise Unmeasurable(f"`{name}` cannot be measured: it has no plain `status`")
    lead = len(_BOM) if raw.startswith(_BOM) else 0
    offset = lead + len(document.text[: span.start].encode())
    return ByteSpan(offset, len(document.text[span.start : span.end].encode()))


def measure_skill(
    folder: str, entries: Iterable[TreeFile], contents: Mapping[str, bytes], read: Document | None = None
) -> Content:
    """The content of a skill's folder; `contents` holds the bytes by path from the root. Raises Unmeasurable.

    `read` is its definition where that was read from these bytes already, and is sound.
    """
    files = _files(folder, entries, contents)
    definition = next((file for file in files if file.path in DEFINITION_NAMES), None)
    if definition is None:
        raise Unmeasurable(f"`{folder}` has no `skill.yaml`")
    raw = contents[f"{folder}/{definition.path}"]
    file = f"{folder}/{definition.path}"
    is_read = read is not None and read.file == file
    span = _status_span(raw, file, read) if read is not None and is_read else status_span(raw, file)
    bare = raw[: span.offset] + raw[span.offset + span.length :]
    hashes = {definition.path: hashlib.sha256(bare).hexdigest()}
    manifest = _manifest(files, hashes)
    return Content(_digest(manifest), manifest, files, definition.path, span)


def measure_suite(folder: str, entries: Iterable[TreeFile], contents: Mapping[str, bytes]) -> Content:
    """The content of a suite's folder, recorded answers (`cassettes/`) left out. Raises Unmeasurable."""
    kept = [entry for entry in entries if not entry.path.startswith(f"{folder}/cassettes/")]
    files = _files(folder, kept, contents)
    manifest = _manifest(files, {})
    return Content(_digest(manifest), manifest, files)


def obstacle(folder: str, entry: TreeFile) -> str | None:
    """Why an entry of a folder has no identity, whatever its bytes are; None if it may have one."""
    path = entry.path.removeprefix(folder + "/")
    if entry.mode not in FILE_MODES:
        kind = {"120000": "a symbolic link", "160000": "a submodule"}.get(entry.mode, f"of mode {entry.mode}")
        return f"`{entry.path}` is {kind}; only plain files have an identity"
    if "\n" in path:
        return f"`{folder}` holds a file with a line break in its name"
    if any("\ud800" <= letter <= "\udfff" for letter in path):
        return f"`{folder}` holds a file whose name is not UTF-8"
    if len(path.encode()) > LONGEST_PATH:
        return f"`{folder}` holds a file whose path is longer than {LONGEST_PATH:,} bytes"
    return None


def _files(folder: str, entries: Iterable[TreeFile], contents: Mapping[str, bytes]) -> tuple[ContentFile, ...]:
    files = []
    for entry in entries:
        why = obstacle(folder, entry)
        if why is not None:
            raise Unmeasurable(why)
        raw = contents.get(entry.path)
        if raw is None:
            raise Unmeasurable(f"the bytes of `{entry.path}` are not in this clone; run `git fetch`")
        if raw.startswith(_LFS_POINTER):
            raise Unmeasurable(f"`{entry.path}` is a Git LFS pointer; commit the file itself")
        path = entry.path.removeprefix(folder + "/")
        files.append(ContentFile(path, entry.mode, hashlib.sha256(raw).hexdigest(), entry.blob, len(raw)))
    if len(files) > MOST_FILES:
        raise Unmeasurable(f"`{folder}` holds {len(files):,} files, more than {MOST_FILES}")
    if sum(file.size for file in files) > MOST_BYTES:
        raise Unmeasurable(f"the files of `{folder}` are larger than {MOST_BYTES:,} bytes together")
    return tuple(sorted(files, key=lambda file: file.path.encode()))


def _manifest(files: Iterable[ContentFile], hashes: Mapping[str, str]) -> bytes:
    lines = [f"{file.mode} {hashes.get(file.path, file.sha256)} {file.path}\n".encode() for file in files]
    return b"".join(sorted(lines))


def _digest(manifest: bytes) -> str:
    return "sha256:" + hashlib.sha256(manifest).hexdigest()
