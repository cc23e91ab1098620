"""An eval suite: situations of a skill and what is expected of it there."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from skillctl.domain import document as documents
from skillctl.domain.checks import Check
from skillctl.domain.document import Document, Path
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.schema import Model, Name, NonEmpty, modelled, once

CaseId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=100)]


def _within(path: str) -> str:
    """A path that stays in the folder it is relative to."""
    if path.startswith("/") or "\\" in path or "\0" in path or {"", ".", ".."} & set(path.split("/")):
        raise PydanticCustomError("path", "`{path}` is not a path within the folder", {"path": path})
    return path


FilePath = Annotated[str, Field(max_length=255), AfterValidator(_within)]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
Texts = Annotated[dict[FilePath, str], Field(max_length=50)]


class Run(Model):
    """Run one script of the skill, in its folder.

    `files` are put there beside it, `env` is added to its environment. It may take `timeout` seconds, `memory` MB of
    each process, and write `output` bytes to each of its texts; more is errored.
    """

    script: NonEmpty
    args: list[str] = Field(default_factory=list)
    stdin: str | None = None
    files: Texts = Field(default_factory=dict)
    env: Annotated[dict[Variable, str], Field(max_length=50)] = Field(default_factory=dict)
    timeout: Annotated[float, Field(gt=0, le=300)] = 10.0
    memory: Annotated[int, Field(ge=16, le=4096)] = 1024
    output: Annotated[int, Field(ge=1, le=1024 * 1024)] = 1024 * 1024


class Trigger(Model):
    """A prompt for which the skill must (`fires`), or must not, be the one selected from the whole catalogue."""

    prompt: Annotated[str, Field(min_length=1, max_length=4000)]
    fires: bool


class Case(Model):
    """One situation: a script that is run, with the checks that must all hold, or a prompt that selects the skill."""

    id: CaseId
    run: Run | None = None
    trigger: Trigger | None = None
    expect: list[Check] = Field(default_factory=list)

    @model_validator(mode="after")
    def _is_exactly_one_kind(self) -> Self:
        if (self.run is None) is (self.trigger is None):
            raise PydanticCustomError("case", "a case is exactly one of `run`, `trigger`")
        if self.run is not None and not self.expect:
            raise PydanticCustomError("case", "a case that runs a script needs `expect`, with a check at least")
        if self.trigger is not None and self.expect:
            raise PydanticCustomError("case", "a `trigger` case expects what `fires` says; it has no `expect`")
        return self


class Suite(Model):
    """All cases of one skill."""

    skill: Name
    cases: Annotated[list[Case], Field(min_length=1)]


#: The order in which people expect the keys.
ORDER = tuple(Suite.model_fields)


@dataclass(frozen=True)
class ReadSuite:
    """A suite with the document it was read from; `places` are the paths of its cases there."""

    suite: Suite
    document: Document
    places: tuple[Path, ...]

    @property
    def cases(self) -> Iterator[tuple[Path, Case]]:
        """Each case with the path it stands at."""
        return zip(self.places, self.suite.cases, strict=True)

    def finding(
        self, code: str, message: str, path: Path, hint: str | None = None, severity: Severity = Severity.ERROR
    ) -> Finding:
        """A finding at a value of the suite."""
        place = self.document.place(path)
        return Finding(code, message, self.document.file, place.line, place.column, self.suite.skill, hint, severity)


def read(folder: str, raw: bytes) -> tuple[ReadSuite | None, list[Finding]]:
    """The suite in `evals/<name>/suite.yaml`, or every finding that keeps it from being relied on.

    With findings, what can be seen of it is there to be looked at further: the cases that can be read.
    """
    name = folder.rsplit("/", 1)[-1]
    document, troubles = documents.look(raw, f"{folder}/suite.yaml", name)
    if document is None:
        return None, troubles
    suite, findings = modelled(Suite, document, name)
    if suite is None:
        return _seen(document, name), once(troubles, findings)
    read_suite = ReadSuite(suite.model_copy(update={"skill": name}), document, _places(range(len(suite.cases))))
    if suite.skill != name:
        message = f"the suite is of `{suite.skill}` but lies in the folder of `{name}`"
        troubles = [*troubles, read_suite.finding("SK301", message, ("skill",))]
    return read_suite, troubles + list(_repeated_ids(read_suite))


def _repeated_ids(suite: ReadSuite) -> Iterator[Finding]:
    seen: set[str] = set()
    for path, case in suite.cases:
        if case.id in seen:
            yield suite.finding("SK310", f"two cases have the id `{case.id}`", (*path, "id"), "give it another id")
        seen.add(case.id)


def _seen(document: Document, name: str) -> ReadSuite | None:
    """The suite with those of its cases alone that can be read."""
    listed = document.data.get("cases")
    cases: dict[int, Case] = {}
    for number, data in enumerate(listed if isinstance(listed, list) else ()):
        with suppress(ValidationError):
            cases[number] = Case.model_validate(data)
    suite = Suite.model_construct(skill=name, cases=list(cases.values()))
    return ReadSuite(suite, document, _places(cases)) if cases else None


def _places(numbers: Iterable[int]) -> tuple[Path, ...]:
    return tuple(("cases", number) for number in numbers)
