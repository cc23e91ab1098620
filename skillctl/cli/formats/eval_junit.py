"""Evaluations as JUnit XML: a test suite each, with a test case for every case; see `junit` for the format."""

from collections.abc import Sequence
from xml.etree import ElementTree

from skillctl.cli.formats import eval_words as words
from skillctl.cli.formats.junit import shown
from skillctl.domain.evaluation import CaseReport, SuiteReport
from skillctl.domain.evidence import Outcome

_CLASS = "skillctl.eval"
_NO_REASON = "no reason is known"
_ELEMENTS = {Outcome.FAILED: "failure", Outcome.ERRORED: "error"}
_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}
_LONGEST = 2000
_MOST_REASONS = 20


def text(suites: Sequence[SuiteReport]) -> str:
    """Failed cases are failures, errored ones errors, and those that are only shown are skipped. The document is ASCII.

    A verdict that no case explains (`regressed`, `underpowered`) is a failure of one more test case, `verdict`.
    """
    root = ElementTree.Element("testsuites")
    root.extend(_suite(suite) for suite in suites)
    root.attrib = _counts(root)
    ElementTree.indent(root)
    return ElementTree.tostring(root, xml_declaration=True).decode("ascii") + "\n"


def _suite(suite: SuiteReport) -> ElementTree.Element:
    element = ElementTree.Element("testsuite")
    facts = {
        "version": suite.version,
        "verdict": suite.verdict,
        "pass-rate": "unknown" if suite.rate is None else f"{suite.rate.value:.4f}",
        "class": suite.evidence_class.value,
        "evidence": suite.evidence,
        "skill-digest": suite.skill_digest,
        "suite-digest": suite.suite_digest,
    }
    properties = ElementTree.SubElement(element, "properties")
    for name, value in facts.items():
        ElementTree.SubElement(properties, "property", {"name": name, "value": shown(value)})
    element.extend(_case(suite.skill, case) for case in suite.cases)
    if not words.is_explained(suite):
        verdict = ElementTree.SubElement(element, "testcase", _heads(suite.skill, "verdict", 0.0))
        _told(verdict, "failure", suite.verdict, (f"the suite {words.past(suite.verdict)}, though every case passed",))
    time = sum(case.seconds * max(case.of, 1) for case in suite.cases)
    name = shown(f"{suite.skill}@{suite.version}")
    element.attrib = {"name": name, "timestamp": shown(suite.started_at), "time": f"{time:.3f}", **_counts(element)}
    return element


def _case(skill: str, case: CaseReport) -> ElementTree.Element:
    element = ElementTree.Element("testcase", _heads(skill, case.id, case.seconds))
    reasons = case.reasons or (_NO_REASON,)
    if not case.counts:
        message = words.cut(f"shown only, {case.evidence_class.value}: {'; '.join(case.reasons)}", _LONGEST)
        ElementTree.SubElement(element, "skipped", {"message": shown(message.removesuffix(": "))})
    elif case.outcome is not Outcome.PASSED:
        _told(element, _ELEMENTS[case.outcome], case.outcome.value, reasons)
    elif case.flaky:
        ElementTree.SubElement(element, "system-out").text = f"flaky: {words.passed_of(case)} trials passed"
    return element


def _told(element: ElementTree.Element, tag: str, kind: str, reasons: Sequence[str]) -> None:
    lines = [shown(words.cut(reason, _LONGEST)) for reason in reasons[:_MOST_REASONS]]
    more = len(reasons) - _MOST_REASONS
    if more > 0:
        lines.append(f"and {words.count(more, 'more reason')}")
    others = f" (and {len(reasons) - 1} more)" if reasons[1:] else ""
    told = ElementTree.SubElement(element, tag, {"message": lines[0] + others, "type": shown(kind)})
    told.text = "\n".join(lines)


def _heads(skill: str, name: str, seconds: float) -> dict[str, str]:
    return {"classname": shown(f"{_CLASS}.{skill}"), "name": shown(name), "time": f"{seconds:.3f}"}


def _counts(element: ElementTree.Element) -> dict[str, str]:
    cases = list(element.iter("testcase"))
    counts = {name: sum(case.find(tag) is not None for case in cases) for name, tag in _COUNTED.items()}
    return {"tests": str(len(cases)), **{name: str(number) for name, number in counts.items()}}
