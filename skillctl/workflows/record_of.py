"""The record of one skill: what lies in `approvals/<name>/`, read without anything else of it."""

from collections.abc import Mapping

from msgspec import Struct, field

from skillctl.domain import approval, serving
from skillctl.domain.approval import Statement
from skillctl.domain.finding import Finding
from skillctl.domain.serving import Serving


class Record(Struct):
    """What is offered of a skill, its approvals by version, and a finding for what cannot be read."""

    serving: Serving | None = None
    approvals: dict[str, Statement] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_record(name: str, texts: Mapping[str, bytes]) -> Record:
    """The record in the bytes of a skill's files by path; the others are not looked at."""
    record = Record()
    for path, raw in texts.items():
        parts = path.split("/")
        if parts[0] != "approvals":
            continue
        if len(parts) == 3 and parts[2] == serving.FILE_NAME:
            record.serving, findings = serving.read(path, raw, name)
            record.findings += findings
        elif len(parts) == 4 and parts[3] == approval.FILE_NAME:
            statement = approval.read(raw)
            problem = statement if isinstance(statement, str) else _misplaced(statement, name, parts[2])
            if problem is None and not isinstance(statement, str):
                record.approvals[parts[2]] = statement
            else:
                message = f"the approval cannot be read: {problem}"
                hint = "an approval is never edited: restore it from Git"
                record.findings.append(Finding("SK402", message, path, skill=name, hint=hint))
    return record


def _misplaced(statement: Statement, name: str, version: str) -> str | None:
    said = statement.predicate
    if (said.skill, said.version) == (name, version):
        return None
    return f"it is of {said.skill}@{said.version}, but lies in the folder of {name}@{version}"
