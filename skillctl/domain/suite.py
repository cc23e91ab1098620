"""An eval suite: situations of a skill and what is expected of it there."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Annotated

from msgspec import Struct
from pydantic import Field, ValidationError

from skillctl.domain import document as documents
from skillctl.domain import evals_json
from skillctl.domain.case import Case, Trials
from skillctl.domain.document import Document, Path
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.runner import Alias
from skillctl.domain.schema import Model, Name, modelled, once
from skillctl.domain.tree import SUITE_FILE


class Suite(Model):
    """All cases of one skill; `runner` answers its `ask` cases, `judge` its rubrics, by alias in `skillctl.yaml`.

    `trials` is how often an `ask` case is measured. `trigger_runner` selects in its `trigger` cases; without one the
    catalogue's own selection does.
    """

    skill: Name
    runner: Alias = "default"
    judge: Alias = "judge"
    trigger_runner: Alias | None = None
    trials: Trials = 1
    cases: Annotated[list[Case], Field(min_length=1)]

    def trials_of(self, case: Case) -> int:
        """How often a case is measured: what a machine does is the same each time, what a model says is not."""
        return case.trials or (self.trials if self.is_asked(case) else 1)

    def is_asked(self, case: Case) -> bool:
        """Whether a model, or another agent, answers."""
        return case.ask is not None or (case.trigger is not None and self.trigger_runner is not None)

    def answering(self, case: Case) -> Alias:
        """The runner that answers an asked case."""
        return self.runner if case.ask is not None else self.trigger_runner or self.runner

    def counts(self, case: Case) -> bool:
        """Whether the case can be evidence: no rehearsal, and more than what a judge alone would say."""
        return not case.rehearsal and not (case.expect and all(check.rubric is not None for check in case.expect))

    @property
    def counted(self) -> list[Case]:
        """The cases that can be evidence."""
        return [case for case in self.cases if self.counts(case)]


FILE_NAME = SUITE_FILE
#: The order in which people expect the keys.
ORDER = tuple(Suite.model_fields)


class ReadSuite(Struct, frozen=True):
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


def attached_places(skill: str, path: str) -> tuple[str, str, str]:
    """Where a file that a case gives with its prompt may lie, first place first: in the skill, or beside its suite."""
    return f"skills/{skill}/{path}", f"evals/{skill}/{path}", f"evals/{skill}/{path.removeprefix('evals/')}"


def read(folder: str, raw: bytes) -> tuple[ReadSuite | None, list[Finding]]:
    """The suite in `evals/<name>/suite.yaml`, or every finding that keeps it from being relied on.

    With findings, what can be seen of it is there to be looked at further: the cases that can be read.
    """
    name = folder.rsplit("/", 1)[-1]
    document, troubles = documents.look(raw, f"{folder}/{FILE_NAME}", name)
    if document is None:
        return None, troubles
    return _modelled(document, name, troubles)


def read_convention(folder: str, raw: bytes) -> tuple[ReadSuite | None, list[Finding]]:
    """The suite that `evals/<name>/evals.json`, as the Agent Skills convention has it, says; findings as of `read`."""
    name = folder.rsplit("/", 1)[-1]
    document, troubles = documents.look(raw, f"{folder}/{evals_json.FILE_NAME}", name)
    if document is None:
        return None, troubles
    return _modelled(evals_json.translated(document, name), name, troubles)


def _modelled(document: Document, name: str, troubles: list[Finding]) -> tuple[ReadSuite | None, list[Finding]]:
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
