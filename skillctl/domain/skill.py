"""A skill as its folder says it: how we govern it (`skill.yaml`) and what an agent reads (`SKILL.md`)."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from skillctl.domain import document as documents
from skillctl.domain.document import Document
from skillctl.domain.finding import Finding
from skillctl.domain.lifecycle import Status
from skillctl.domain.schema import Model, Name, NonEmpty, VersionText, modelled

DEFINITION_NAMES = ("skill.yaml", "skill.json")
SHEET_NAME = "SKILL.md"

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]


class Instance(StrEnum):
    """The Odoo instances a skill may be routed to; the lab is never the truth for finance."""

    ERP = "odoo_erp"
    LAB = "odoo_lab"


class Routing(Model):
    """Which instance the skill's calls go to when nobody says otherwise."""

    target: Annotated[Instance, Field(strict=False)]


class Definition(Model):
    """`skill.yaml`: identity, status and needs of a skill."""

    name: Name
    version: VersionText
    status: Annotated[Status, Field(strict=False)]
    owners: Annotated[list[Slug], Field(min_length=1)]
    tags: list[Slug] = []
    tools: dict[Slug, list[NonEmpty]] = {}
    routing: Routing | None = None
    requires: dict[Name, NonEmpty] = {}
    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None
    description: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    instructions: NonEmpty | None = None


class Frontmatter(Model):
    """The head of `SKILL.md` as the Agent Skills standard has it."""

    name: Name
    description: Annotated[str, Field(min_length=1, max_length=1024)]
    license: NonEmpty | None = None
    compatibility: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    metadata: dict[str, str] = {}
    allowed_tools: Annotated[str | None, Field(alias="allowed-tools")] = None


@dataclass(frozen=True)
class Sheet:
    """`SKILL.md`: its frontmatter, the instructions below it, and the line these begin on."""

    frontmatter: Frontmatter
    document: Document
    instructions: str
    first_line: int


@dataclass(frozen=True)
class ReadDefinition:
    """A definition with the document it was read from."""

    definition: Definition
    document: Document


@dataclass(frozen=True)
class Skill:
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


def read(folder: str, texts: dict[str, bytes], files: frozenset[str]) -> tuple[Skill | None, list[Finding]]:
    """A skill from the bytes of its definition and sheet, or every finding that keeps it from being read.

    `folder` is the path from the repository's root (`skills/x`); `texts` holds the bytes by path within the folder.
    """
    name = folder.rsplit("/", 1)[-1]
    governed, findings = read_definition(folder, texts)
    sheet = None
    if SHEET_NAME in texts:
        sheet, more = read_sheet(f"{folder}/{SHEET_NAME}", texts[SHEET_NAME], name)
        findings += more
    if governed is not None:
        findings += _exactly_one_form(governed, SHEET_NAME in texts, name, files)
    if findings or governed is None:
        return None, findings
    return Skill(folder, governed.definition, governed.document, sheet, files), []


def read_sheet(file: str, raw: bytes, name: str | None) -> tuple[Sheet | None, list[Finding]]:
    """`SKILL.md` split at its frontmatter, or the findings that say why it cannot be."""
    text, findings = documents.decode(raw, file, name)
    if text is None:
        return None, findings
    opening = re.match(r"---[ \t]*\r?\n", text)
    if opening is None:
        hint = "begin the file with `---`, `name:`, `description:` and `---`"
        return None, [Finding("SK007", "the file does not begin with frontmatter (`---`)", file, 1, 1, name, hint)]
    closing = re.compile(r"^---[ \t]*\r?$\n?", re.MULTILINE).search(text, opening.end())
    if closing is None:
        return None, [Finding("SK007", "the frontmatter is not closed by a line `---`", file, 1, 1, name)]
    head, body = text[opening.end() : closing.start()], text[closing.end() :]
    document, findings = documents.parse_text(head, file, name, first_line=2)
    if document is None:
        return None, findings
    frontmatter, findings = modelled(Frontmatter, document, name)
    if frontmatter is None:
        return None, findings
    return Sheet(frontmatter, document, body, text[: closing.end()].count("\n") + 1), []


def read_definition(folder: str, texts: dict[str, bytes]) -> tuple[ReadDefinition | None, list[Finding]]:
    """How a skill is governed, from the one file that says so, or every finding that keeps it from being read."""
    name = folder.rsplit("/", 1)[-1]
    present = [candidate for candidate in DEFINITION_NAMES if candidate in texts]
    if len(present) != 1:
        message = "`skill.yaml` is missing" if not present else "both `skill.yaml` and `skill.json` are there"
        hint = "add a `skill.yaml` with name, version, status and owners" if not present else "keep one of them"
        return None, [Finding("SK101", message, f"{folder}/skill.yaml", 1, 1, name, hint)]
    document, findings = documents.parse(texts[present[0]], f"{folder}/{present[0]}", name)
    if document is None:
        return None, findings
    definition, findings = modelled(Definition, document, name)
    return (ReadDefinition(definition, document) if definition else None), findings


def _exactly_one_form(governed: ReadDefinition, has_sheet: bool, name: str, files: frozenset[str]) -> list[Finding]:
    definition, document = governed.definition, governed.document
    inline = [key for key in ("description", "instructions") if getattr(definition, key) is not None]
    if has_sheet and inline:
        place = document.key_place((inline[0],))
        message = f"`{inline[0]}` stands here although there is a `SKILL.md`"
        return [Finding("SK106", message, document.file, place.line, place.column, name, "keep it in `SKILL.md` only")]
    if not has_sheet and len(inline) < 2:
        folder = document.file.rsplit("/", 1)[0]
        message = "`SKILL.md` is missing, and `skill.yaml` does not carry `description` and `instructions` instead"
        hint = "write a `SKILL.md`"
        for file in sorted(files):
            if file.lower() == SHEET_NAME.lower():
                hint = f"`{file}` is read by nobody: rename it, `git mv {folder}/{file} {folder}/{SHEET_NAME}`"
        return [Finding("SK101", message, f"{folder}/{SHEET_NAME}", 1, 1, name, hint)]
    return []
