"""An eval suite: situations of a skill and what is expected of it there."""

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from skillctl.domain import document as documents
from skillctl.domain.checks import Check
from skillctl.domain.document import Document
from skillctl.domain.finding import Finding
from skillctl.domain.schema import Model, Name, NonEmpty, modelled

CaseId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=100)]


class Run(Model):
    """Run one script of the skill; `timeout` is in seconds."""

    script: NonEmpty
    args: list[str] = []
    stdin: str | None = None
    timeout: Annotated[float, Field(gt=0, le=300)] = 10.0


class Case(Model):
    """One situation, and the checks that must all hold."""

    id: CaseId
    run: Run
    expect: Annotated[list[Check], Field(min_length=1)]


class Suite(Model):
    """All cases of one skill."""

    skill: Name
    cases: Annotated[list[Case], Field(min_length=1)]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        seen: set[str] = set()
        for case in self.cases:
            if case.id in seen:
                raise PydanticCustomError("duplicate_case", "two cases have the id `{id}`", {"id": case.id})
            seen.add(case.id)
        return self


@dataclass(frozen=True)
class ReadSuite:
    """A suite with the document it was read from."""

    suite: Suite
    document: Document


def read(folder: str, raw: bytes) -> tuple[ReadSuite | None, list[Finding]]:
    """The suite in `evals/<name>/suite.yaml`, or every finding that keeps it from being read."""
    name = folder.rsplit("/", 1)[-1]
    document, findings = documents.parse(raw, f"{folder}/suite.yaml", name)
    if document is None:
        return None, findings
    suite, findings = modelled(Suite, document, name)
    if suite is None:
        return None, findings
    if suite.skill != name:
        place = document.place(("skill",))
        message = f"the suite is of `{suite.skill}` but lies in the folder of `{name}`"
        return None, [Finding("SK301", message, document.file, place.line, place.column, name)]
    return ReadSuite(suite, document), []
