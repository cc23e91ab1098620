"""What is other in one version of a skill than in another: fields, tools, instructions, files."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

from skillctl.domain.secrets import masked
from skillctl.domain.skill import DEFINITION_NAMES, SHEET_NAME, Skill
from skillctl.domain.suite import Suite
from skillctl.domain.tree import is_data
from skillctl.domain.weakening import Change, suite_changes

#: So many lines of a text are compared line by line; comparing takes the square of it.
MOST_LINES = 3000
_UNENDED = "\\ no line break at the end"


class File(Struct, frozen=True):
    """One file of a version."""

    mode: str
    raw: bytes


class Version(Struct, frozen=True):
    """One version of a skill with its files, by path within its folder.

    `label` says which it is; `suite` is None where there is none, and `has_suite` says whether one would be seen.
    """

    label: str
    skill: Skill
    files: Mapping[str, File]
    suite: Suite | None = None
    has_suite: bool = False


class FieldChange(Struct, frozen=True):
    """A field whose value is another one; None where it has none."""

    field: str
    before: Any
    after: Any


class FileChange(Struct, frozen=True):
    """A file that is there on one side only, or other; `lines` are a unified difference, none where it is no text.

    `modes` are Git's, where both sides have the file and they differ.
    """

    path: str
    change: Literal["added", "removed", "changed"]
    lines: tuple[str, ...] = ()
    modes: tuple[str, str] | None = None


class Difference(Struct, frozen=True):
    """All that differs; `tools` are written `server: tool`, and `suite` is None where it is not seen on both sides."""

    fields: tuple[FieldChange, ...]
    tools_added: tuple[str, ...]
    tools_removed: tuple[str, ...]
    instructions: tuple[str, ...]
    files: tuple[FileChange, ...]
    suite: tuple[Change, ...] | None

    @property
    def is_none(self) -> bool:
        """Whether both are the same."""
        return not (self.fields or self.tools_added or self.tools_removed or self.instructions or self.files) and not (
            self.suite
        )


def between(before: Version, after: Version) -> Difference:
    """What is other in the second version than in the first."""
    fields = tuple(_fields(_told(before.skill), _told(after.skill)))
    tools, now = _tools(before.skill), _tools(after.skill)
    instructions = _lines(masked(before.skill.instructions), masked(after.skill.instructions))
    is_told = bool(fields or instructions or tools != now)
    files = tuple(_files(before.files, after.files, is_told=is_told))
    seen = before.has_suite and after.has_suite
    suite = tuple(suite_changes(before.suite, after.suite)) if seen else None
    return Difference(fields, tuple(sorted(now - tools)), tuple(sorted(tools - now)), instructions, files, suite)


def _told(skill: Skill) -> dict[str, Any]:
    """The fields of the definition and of the frontmatter, as they are written; those told elsewhere are left out."""
    definition = skill.definition.model_dump(mode="json", exclude={"name", "tools", "instructions", "description"})
    own = {key: value for key, value in skill.document.data.items() if key.startswith("x-") or key == "$schema"}
    sheet = skill.sheet.frontmatter.model_dump(mode="json", by_alias=True) if skill.sheet else {}
    head = {key: value for key, value in sheet.items() if key not in ("name", "description")}
    return {**definition, "description": skill.description, **head, **own}


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FieldChange]:
    for field in dict.fromkeys([*before, *after]):
        then, now = before.get(field) or None, after.get(field) or None
        if then != now:
            yield FieldChange(field, then, now)


def _tools(skill: Skill) -> frozenset[str]:
    return frozenset(f"{server}: {tool}" for server, tools in skill.definition.tools.items() for tool in tools)


def _files(before: Mapping[str, File], after: Mapping[str, File], *, is_told: bool) -> Iterator[FileChange]:
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        # What these say is told as fields and instructions; where only their spelling differs, that is told.
        is_shown = path not in (SHEET_NAME, *DEFINITION_NAMES) or not is_told
        lines = _file_lines(path, old, new) if is_shown else ()
        if old is None or new is None:
            yield FileChange(path, "added" if old is None else "removed", lines)
        else:
            yield FileChange(path, "changed", lines, (old.mode, new.mode) if old.mode != new.mode else None)


def _file_lines(path: str, old: File | None, new: File | None) -> tuple[str, ...]:
    texts = [_text(path, file) for file in (old, new)]
    return () if None in texts else _lines(*(masked(text) for text in texts if text is not None))


def _text(path: str, file: File | None) -> str | None:
    """The text of a file, empty where there is none; None for what is no text."""
    if file is None:
        return ""
    if is_data(path) or b"\0" in file.raw:
        return None
    try:
        return file.raw.decode()
    except UnicodeDecodeError:
        return None


def _lines(before: str, after: str) -> tuple[str, ...]:
    old, new = _split(before), _split(after)
    if max(len(old), len(new)) > MOST_LINES:
        return ()
    return tuple(_unheaded(difflib.unified_diff(old, new, lineterm="")))


def _unheaded(lines: Iterable[str]) -> Iterator[str]:
    """Without the two lines that would name the files."""
    return (line for number, line in enumerate(lines) if number > 1)


def _split(text: str) -> list[str]:
    # At line feeds alone: Python knows more ends of lines than a file has.
    *lines, last = text.split("\n")
    return [*lines, last, _UNENDED] if last else lines
