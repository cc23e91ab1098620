"""Findings as JUnit XML, which nearly every CI shows as tests: one test case a skill.

There is no standard; this is what most readers agree on: https://github.com/testmoapp/junitxml
"""

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from skillctl.cli.draw import plain
from skillctl.domain.finding import Finding, Severity, errors_in

_NAME = "skillctl validate"
_CLASS = "skillctl.validate"
_REPOSITORY = "repository"
#: What XML 1.0 forbids and `plain` leaves, for it is no control character.
_NO_CHARACTER = re.compile("[\ufffe\uffff]")


def text(findings: Sequence[Finding], skills: Sequence[str]) -> str:
    """A suite with a case for each of `skills`, and one named `repository` for findings of none of them.

    A case with errors has one failure that tells all of them; its warnings are its output. The document is ASCII.
    """
    cases = [_case(name, found) for name, found in _by_case(findings, skills)]
    failures = sum(case.find("failure") is not None for case in cases)
    counts = {"tests": str(len(cases)), "failures": str(failures), "errors": "0", "skipped": "0"}
    root = ElementTree.Element("testsuites", counts)
    ElementTree.SubElement(root, "testsuite", {"name": _NAME, **counts}).extend(cases)
    ElementTree.indent(root)
    return ElementTree.tostring(root, xml_declaration=True).decode("ascii") + "\n"


def _by_case(findings: Iterable[Finding], skills: Sequence[str]) -> list[tuple[str, list[Finding]]]:
    by_skill: dict[str, list[Finding]] = {name: [] for name in skills}
    others: list[Finding] = []
    for finding in findings:
        (others if finding.skill is None else by_skill.get(finding.skill, others)).append(finding)
    return [*by_skill.items(), *([(_REPOSITORY, others)] if others else [])]


def _case(name: str, found: Sequence[Finding]) -> ElementTree.Element:
    case = ElementTree.Element("testcase", {"classname": _CLASS, "name": shown(name)})
    errors = errors_in(found)
    if errors:
        more = f" (and {len(errors) - 1} more)" if errors[1:] else ""
        heads = {"message": _line(errors[0]) + more, "type": shown(errors[0].code)}
        ElementTree.SubElement(case, "failure", heads).text = _lines(errors)
    warnings = [finding for finding in found if finding.severity is Severity.WARNING]
    if warnings:
        ElementTree.SubElement(case, "system-out").text = _lines(warnings)
    return case


def _lines(found: Iterable[Finding]) -> str:
    hinted = ((_line(finding), f"    hint: {shown(finding.hint)}" if finding.hint else None) for finding in found)
    return "\n".join(line for pair in hinted for line in pair if line is not None)


def _line(finding: Finding) -> str:
    place = f"{finding.file}:{finding.line}:{finding.column}"
    return shown(f"{place} {finding.severity.value} {finding.code} {finding.message}")


def shown(text: str) -> str:
    """Somebody's text on one line, with escapes for all that XML 1.0 or a terminal cannot take."""
    return _NO_CHARACTER.sub(lambda found: f"\\u{ord(found.group()):04x}", plain(text))
