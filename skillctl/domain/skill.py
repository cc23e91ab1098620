"""A skill as its folder says it: how we govern it (`skill.yaml`) and what an agent reads (`SKILL.md`)."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from msgspec import Struct
from pydantic import Field

from skillctl.domain import document as documents
from skillctl.domain.document import Document
from skillctl.domain.finding import Finding
from skillctl.domain.lifecycle import Status
from skillctl.domain.schema import LONGEST_NAME, NAME_PATTERN, Model, Name, NonEmpty, VersionText, mended, modelled
from skillctl.domain.variable import EnvironmentVariable

DEFINITION_NAMES = ("skill.yaml", "skill.json")
SHEET_NAME = "SKILL.md"
#: Nobody needs more owners, tags, servers or other skills.
MOST_ITEMS = 200
_OPENING = re.compile(r"---[ \t]*\r?\n")
_CLOSING = re.compile(r"^---[ \t]*\r?$\n?", re.MULTILINE)
#: Stands for a text that could not be read, and for a definition there is none of; no rule says anything of either.
_UNKNOWN = "Nobody can say what this skill is about."
_UNGOVERNED = {"version": "0.0.0", "status": "draft", "owners": ["nobody"]}

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]


class Instance(StrEnum):
    """The Odoo instances a skill may be routed to; the lab is never the truth for finance."""

    ERP = "odoo_erp"
    LAB = "odoo_lab"


class Routing(Model):
    """Which instance the skill's calls go to when nobody says otherwise."""

    target: Annotated[Instance, Field(strict=False)]


class Definition(Model):
    """`skill.yaml`: identity, status and needs of a skill; `secrets` are names of variables, never values."""

    name: Name
    version: VersionText
    status: Annotated[Status, Field(strict=False)]
    owners: Annotated[list[Slug], Field(min_length=1, max_length=MOST_ITEMS)]
    tags: list[Slug] = Field(default_factory=list, max_length=MOST_ITEMS)
    tools: dict[Slug, list[NonEmpty]] = Field(default_factory=dict, max_length=MOST_ITEMS)
    routing: Routing | None = None
    requires: dict[Name, NonEmpty] = Field(default_factory=dict, max_length=MOST_ITEMS)
    secrets: list[EnvironmentVariable] = Field(default_factory=list, max_length=MOST_ITEMS)
    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None
    description: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    instructions: NonEmpty | None = None


class Frontmatter(Model):
    """The head of `SKILL.md` as the Agent Skills standard has it, which knows these six fields and no other."""

    takes_own_keys: ClassVar[bool] = False

    name: Name
    description: Annotated[str, Field(min_length=1, max_length=1024)]
    license: NonEmpty | None = None
    compatibility: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    allowed_tools: Annotated[str | None, Field(alias="allowed-tools")] = None


#: The order in which people expect the keys.
ORDER = tuple(Definition.model_fields)
SHEET_ORDER = tuple(field.alias or name for name, field in Frontmatter.model_fields.items())


class Sheet(Struct, frozen=True):
    """`SKILL.md`: its frontmatter, the instructions below it, and the line these begin on."""

    frontmatter: Frontmatter
    document: Document
    instructions: str
    first_line: int


class ReadDefinition(Struct, frozen=True):
    """A definition with the document it was read from."""

    definition: Definition
    document: Document


class Skill(Struct, frozen=True):
    """One readable skill; `files` are all paths of its folder, relative to it."""

    folder: str
    definition: Definition
    document: Document
    sheet: Sheet | None
    files: frozenset[str]

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def id(self) -> str:
        """`name@version`, as people write it."""
        return f"{self.definition.name}@{self.definition.version}"

    @property
    def description(self) -> str:
        return self.sheet.frontmatter.description if self.sheet else self.definition.description or ""

    @property
    def instructions(self) -> str:
        return self.sheet.instructions if self.sheet else self.definition.instructions or ""

    @property
    def card(self) -> dict[str, Any]:
        """What a catalogue tells of a skill without opening its files."""
        definition = self.definition
        return {
            "name": definition.name,
            "description": self.description,
            "owners": definition.owners,
            "tags": definition.tags,
            "tools": definition.tools,
            "routing": {"target": definition.routing.target.value} if definition.routing else None,
            "requires": definition.requires,
            "inputs": definition.inputs,
            "outputs": definition.outputs,
        }


def read(folder: str, texts: Mapping[str, bytes], files: frozenset[str]) -> tuple[Skill, list[Finding]]:
    """A skill from the bytes of its definition and sheet, and every finding that keeps it from being relied on.

    `folder` is the path from the repository's root (`skills/x`); `texts` holds the bytes by path within the folder.
    A skill with findings is there to be looked at further, and for nothing else: what could not be read is neutral.
    """
    name = _name_of(folder)
    sheet, unread = _sheet(folder, texts)
    file, findings = _the_one_definition(folder, texts, files)
    document = None
    if not findings:
        document, findings = documents.look(texts[file], f"{folder}/{file}", name)
    definition, findings = mended(Definition, document, findings, _UNGOVERNED | {"name": _valid(name)}, name)
    document = document or documents.empty(f"{folder}/{file}")
    if not findings:
        findings += _exactly_one_form(ReadDefinition(definition, document), SHEET_NAME in texts, name, files)
    return Skill(folder, _told(definition, sheet), document, sheet, files), findings + unread


def read_plain(folder: str, texts: Mapping[str, bytes], files: frozenset[str]) -> tuple[Skill, list[Finding]]:
    """As `read`, for a folder of the Agent Skills standard, which nobody governs: its `SKILL.md` is all there is."""
    name = _name_of(folder)
    sheet, findings = _sheet(folder, texts)
    if SHEET_NAME not in texts:
        findings = [_missing_sheet(folder, "`SKILL.md` is missing", files)]
    definition = Definition.model_validate(_UNGOVERNED | {"name": _valid(name)})
    document = sheet.document if sheet else documents.empty(f"{folder}/{SHEET_NAME}")
    return Skill(folder, _told(definition, sheet), document, sheet, files), findings


def read_definition(folder: str, texts: Mapping[str, bytes]) -> tuple[ReadDefinition | None, list[Finding]]:
    """How a skill is governed, from the one file that says so, or every finding that keeps it from being read."""
    file, findings = _the_one_definition(folder, texts)
    if findings:
        return None, findings
    name = _name_of(folder)
    document, findings = documents.parse(texts[file], f"{folder}/{file}", name)
    if document is None:
        return None, findings
    definition, findings = modelled(Definition, document, name)
    return (ReadDefinition(definition, document) if definition else None), findings


def read_sheet(file: str, raw: bytes, name: str) -> tuple[Sheet | None, list[Finding]]:
    """`SKILL.md` split at its frontmatter, and the findings about it; None where there is no telling what is what."""
    text, findings = documents.decode(raw, file, name)
    if text is None:
        return None, findings
    opening = _OPENING.match(text)
    if opening is None:
        hint = "begin the file with `---`, `name:`, `description:` and `---`"
        return None, [Finding("SK007", "the file does not begin with frontmatter (`---`)", file, 1, 1, name, hint)]
    closing = _CLOSING.search(text, opening.end())
    if closing is None:
        return None, [Finding("SK007", "the frontmatter is not closed by a line `---`", file, 1, 1, name)]
    head = text[opening.end() : closing.start()]
    document, findings = documents.look_at_text(head, file, name, first_line=2)
    neutral = {"name": _valid(name), "description": _UNKNOWN}
    frontmatter, findings = mended(Frontmatter, document, findings, neutral, name)
    first_line = text.count("\n", 0, closing.end()) + 1
    return Sheet(frontmatter, document or documents.empty(file), text[closing.end() :], first_line), findings


def _sheet(folder: str, texts: Mapping[str, bytes]) -> tuple[Sheet | None, list[Finding]]:
    if SHEET_NAME not in texts:
        return None, []
    return read_sheet(f"{folder}/{SHEET_NAME}", texts[SHEET_NAME], _name_of(folder))


def _the_one_definition(
    folder: str, texts: Mapping[str, bytes], files: frozenset[str] = frozenset()
) -> tuple[str, list[Finding]]:
    present = [candidate for candidate in DEFINITION_NAMES if candidate in texts]
    if len(present) == 1:
        return present[0], []
    for candidate in DEFINITION_NAMES if not present else ():
        if candidate in files:
            return candidate, [_no_plain_file(folder, candidate)]
    message = "`skill.yaml` is missing" if not present else "both `skill.yaml` and `skill.json` are there"
    hint = "add a `skill.yaml` with name, version, status and owners" if not present else "keep one of them"
    return DEFINITION_NAMES[0], [Finding("SK101", message, f"{folder}/skill.yaml", 1, 1, _name_of(folder), hint)]


def _told(definition: Definition, sheet: Sheet | None) -> Definition:
    """The definition, with something neutral in the place of texts that stand nowhere."""
    if sheet is not None or (definition.description is not None and definition.instructions is not None):
        return definition
    told = {"description": definition.description or _UNKNOWN, "instructions": definition.instructions or _UNKNOWN}
    return definition.model_copy(update=told)


def _name_of(folder: str) -> str:
    return folder.rsplit("/", 1)[-1]


def _valid(name: str) -> str:
    return name if re.search(NAME_PATTERN, name) and len(name) <= LONGEST_NAME else "unnamed"


def _exactly_one_form(governed: ReadDefinition, has_sheet: bool, name: str, files: frozenset[str]) -> list[Finding]:
    definition, document = governed.definition, governed.document
    inline = [key for key in ("description", "instructions") if getattr(definition, key) is not None]
    if has_sheet and inline:
        place = document.key_place((inline[0],))
        message = f"`{inline[0]}` stands here although there is a `SKILL.md`"
        return [Finding("SK106", message, document.file, place.line, place.column, name, "keep it in `SKILL.md` only")]
    if not has_sheet and len(inline) < 2:
        message = "`SKILL.md` is missing, and `skill.yaml` does not carry `description` and `instructions` instead"
        return [_missing_sheet(document.file.rsplit("/", 1)[0], message, files)]
    return []


def _no_plain_file(folder: str, file: str) -> Finding:
    message = f"`{file}` is no plain file, and what it leads to is not read"
    return Finding("SK101", message, f"{folder}/{file}", 1, 1, _name_of(folder), "put the file itself there")


def _missing_sheet(folder: str, message: str, files: frozenset[str]) -> Finding:
    if SHEET_NAME in files:
        return _no_plain_file(folder, SHEET_NAME)
    hint = "write a `SKILL.md`"
    for file in sorted(files):
        if file.lower() == SHEET_NAME.lower():
            hint = f"`{file}` is read by nobody: rename it, `git mv {folder}/{file} {folder}/{SHEET_NAME}`"
    return Finding("SK101", message, f"{folder}/{SHEET_NAME}", 1, 1, _name_of(folder), hint)
