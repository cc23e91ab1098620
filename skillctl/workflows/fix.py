"""Fix: what can be mended safely in the files of skills, as they lie in the folder."""

from collections.abc import Callable, Collection, Iterator, Sequence

from msgspec import Struct

from skillctl.domain import fixes, skill, suite
from skillctl.domain.document import Document, look
from skillctl.domain.lifecycle import Status
from skillctl.workflows.judge import judge
from skillctl.workflows.ports import Tree
from skillctl.workflows.read import Contents, Unit, read

_MARK = b"\xef\xbb\xbf"
_SCHEMAS = "schemas"


class Fixed(Struct, frozen=True):
    """What was done to one file, or why nothing was."""

    file: str
    done: tuple[str, ...]
    is_left_alone: bool = False


def fix(
    tree: Tree, write: Callable[[str, bytes], None], names: Sequence[str] = (), changed: Collection[str] | None = None
) -> list[Fixed]:
    """Mend the files of these skills, or of those that changed, or of all; `write` puts bytes at a path.

    Approved content is left alone.
    """
    contents = read(tree)
    chosen = [contents.known(name) for name in names] or contents.names
    if changed is not None:
        chosen = [name for name in chosen if name in changed]
    schemas = {entry.path for entry in tree.files(_SCHEMAS)}
    told = []
    for name in chosen:
        for path, raw, done in _fixes(tree, contents.units[name], schemas):
            is_frozen = path.startswith("skills/") and _is_frozen(contents, name)
            if not is_frozen:
                write(path, raw)
            told.append(Fixed(path, tuple(done), is_frozen))
    return told


def _fixes(tree: Tree, unit: Unit, schemas: set[str]) -> Iterator[tuple[str, bytes, list[str]]]:
    """Each file that a fix changes: its path, its bytes afterwards, and what was done."""
    entries = [entry for files in unit.entries.values() for entry in files]
    raw = tree.read(entries)
    findings = judge(unit, raw).findings
    for kind, path, order in (
        ("skill", f"skills/{unit.name}/skill.yaml", skill.ORDER),
        ("suite", f"evals/{unit.name}/{suite.FILE_NAME}", suite.ORDER),
        ("", f"skills/{unit.name}/{skill.SHEET_NAME}", skill.SHEET_ORDER),
    ):
        document = _document(path, raw.get(path, b""))
        if document is None:
            continue
        schema = f"../../{_SCHEMAS}/{kind}.json" if kind and f"{_SCHEMAS}/{kind}.json" in schemas else None
        text, done = fixes.fixed(document, fixes.quotable(findings, path), order, schema)
        if done:
            yield path, _with(raw[path], document, text), done


def _document(path: str, raw: bytes) -> Document | None:
    if path.endswith(skill.SHEET_NAME):
        sheet, _ = skill.read_sheet(path, raw, "")
        return sheet.document if sheet is not None and sheet.document.text else None
    document, findings = look(raw, path)
    return document if not findings else None


def _with(raw: bytes, document: Document, text: str) -> bytes:
    """The bytes of a file with another text in the place of the document's: a mark and the instructions stay."""
    before = raw.decode("utf-8-sig")
    lead = _MARK if raw.startswith(_MARK) else b""
    return lead + before.replace(document.text, text, 1).encode()


def _is_frozen(contents: Contents, name: str) -> bool:
    """Whether the folder holds a version that was approved, which never changes."""
    found = contents.units[name].skill
    assert found is not None
    if not contents.units[name].is_whole and contents.approved(name):
        # Nobody can say which version it is.
        return True
    approved = found.definition.version in contents.approved(name)
    return approved or found.definition.status in (Status.APPROVED, Status.DEPRECATED)
