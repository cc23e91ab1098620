"""What a command answers, and the two forms it is shown in: text for people, one JSON envelope for programs."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from skillctl.domain.finding import Finding

if TYPE_CHECKING:
    from rich.console import Console

ENVELOPE_VERSION = 1
#: What `json` writes as it is: DEL and C1, line and paragraph separators, marks of direction, halves of pairs.
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


class Format(StrEnum):
    """How an answer is written to standard output."""

    TEXT = "text"
    JSON = "json"


class Report(StrEnum):
    """How findings are written to standard output."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


class EvalFormat(StrEnum):
    """How an evaluation is written to standard output."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    MARKDOWN = "markdown"


def _nothing(_console: "Console") -> None:
    return None


class Result(Struct, frozen=True):
    """The answer of a command; `text` draws it for people, `data` is it for programs, `report` writes it for another
    tool's format.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    exit_code: int = 0
    findings: Sequence[Finding] = ()
    text: Callable[["Console"], None] = _nothing
    format: Format | Report = Format.TEXT
    report: Callable[[], str] | None = None


def envelope(
    command: str, exit_code: int, findings: Sequence[Finding], data: Mapping[str, Any], error: Mapping[str, Any] | None
) -> str:
    """The JSON text of an answer; the same keys for every command and every outcome.

    What moves a cursor or turns a line around is an escape in it, for JSON is read on terminals too.
    """
    text = json.dumps(
        {
            "version": ENVELOPE_VERSION,
            "command": command,
            "ok": exit_code == 0,
            "exit_code": exit_code,
            "error": error,
            "findings": [_finding(finding) for finding in findings],
            "data": data,
        },
        indent=2,
        ensure_ascii=False,
    )
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "skill": finding.skill,
        "hint": finding.hint,
    }
