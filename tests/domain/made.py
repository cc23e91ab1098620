"""Values for the tests of the domain, each valid until a test changes one thing."""

from typing import Any

from skillctl.domain import document as documents
from skillctl.domain.document import Document
from skillctl.domain.evidence import CaseResult, Evidence, EvidenceClass, Outcome, Verdict
from skillctl.domain.finding import Finding
from skillctl.domain.lifecycle import Status
from skillctl.domain.policy import EffectiveGate
from skillctl.domain.promotion import Request

SKILL, SUITE, POLICY = (f"sha256:{letter * 64}" for letter in "123")
OTHER = "sha256:" + "f" * 64


def case(outcome: Outcome = Outcome.PASSED, name: str = "adds", **said: Any) -> CaseResult:
    """One case that ended so."""
    return CaseResult(id=name, outcome=outcome, seconds=0.1, **said)


def answered(passed: int, trials: int = 1, name: str = "q", **said: Any) -> CaseResult:
    """One `ask` case, of whose recorded trials so many passed."""
    outcome = Outcome.PASSED if passed == trials else Outcome.FAILED
    fields = {"kind": "ask", "evidence_class": EvidenceClass.RECORDED, "passed": passed, "trials": trials}
    return case(outcome, name, **(fields | said))


def answers(*passed: int, trials: int = 1, **said: Any) -> list[CaseResult]:
    """As `answered`, one case for each number."""
    return [answered(number, trials, f"q{place}", **said) for place, number in enumerate(passed)]


def evidence(**changed: Any) -> Evidence:
    """A passed, deterministic record of `SKILL`, `SUITE` and `POLICY`."""
    fields: dict[str, Any] = {
        "skill": "adder",
        "version": "1.0.0",
        "skill_digest": SKILL,
        "suite_digest": SUITE,
        "policy_digest": POLICY,
        "runner": "script/1",
        "evidence_class": EvidenceClass.DETERMINISTIC,
        "verdict": Verdict.PASSED,
        "pass_rate": 1.0,
        "cases": [case()],
        "started_at": "2026-11-22T11:00:00Z",
        "finished_at": "2026-11-22T11:00:01Z",
        "tool": "skillctl 1",
        "commit": "a" * 40,
        "dirty": False,
    }
    return Evidence(**(fields | changed))


def gate(**changed: Any) -> EffectiveGate:
    """The gate to `approved` that evidence of any counting class passes."""
    counting = (EvidenceClass.DETERMINISTIC, EvidenceClass.RECORDED, EvidenceClass.LIVE)
    fields: dict[str, Any] = {
        "to": Status.APPROVED,
        "min_cases": 0,
        "evidence": counting,
        "pass_rate": 1.0,
        "approvals": 0,
    }
    return EffectiveGate(**(fields | changed))


def request(**changed: Any) -> Request:
    """A candidate that may become approved."""
    fields: dict[str, Any] = {
        "skill": "adder",
        "version": "1.0.0",
        "source": Status.CANDIDATE,
        "target": Status.APPROVED,
        "digest": SKILL,
        "cases": 1,
        "findings": 0,
        "gate": gate(),
        "evidence": evidence(),
        "approved": {},
    }
    return Request(**(fields | changed))


def document(text: str) -> Document:
    """A text that can be read."""
    found, findings = documents.parse(text.encode(), "skill.yaml")
    assert found is not None, findings
    return found


def told(findings: list[Finding]) -> list[tuple[str, int, int, str]]:
    """What a reader sees of findings, without the file and hint."""
    return [(finding.code, finding.line, finding.column, finding.message) for finding in findings]
