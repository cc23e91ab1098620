"""The decision: each reason alone, all together, and none."""

import dataclasses
from typing import Any

import pytest

from skillctl.domain import policy
from skillctl.domain.digest import measure_skill, measure_suite
from skillctl.domain.evidence import EvidenceClass, Outcome, Stale, Subject, Verdict, find
from skillctl.domain.lifecycle import Status
from skillctl.domain.promotion import Promotion, Refusal, Request, decide, short, unsatisfied
from skillctl.domain.tree import TreeFile
from tests.domain.made import OTHER, SKILL, case, evidence, gate, request


def codes(wanted: Request) -> list[str]:
    """The codes of a refusal, none of a promotion."""
    decision = decide(wanted)
    return [reason.code for reason in decision.reasons] if isinstance(decision, Refusal) else []


def test_a_proved_candidate_is_promoted_on_its_evidence() -> None:
    record = evidence()
    decision = decide(request(evidence=record))
    assert decision == Promotion("adder", "1.0.0", Status.CANDIDATE, Status.APPROVED, SKILL, record)


def test_a_draft_becomes_candidate_without_evidence() -> None:
    wanted = request(source=Status.DRAFT, target=Status.CANDIDATE, gate=gate(to=Status.CANDIDATE), evidence=None)
    decision = decide(wanted)
    assert isinstance(decision, Promotion)
    assert decision.evidence is None


FAILED = {"verdict": Verdict.FAILED, "pass_rate": 0.5, "cases": [case(), case(Outcome.FAILED)]}
ERRORED = {"verdict": Verdict.ERRORED, "pass_rate": 0.5, "cases": [case(), case(Outcome.ERRORED)]}


@pytest.mark.parametrize(
    ("changed", "code", "observed", "required"),
    [
        ({"source": Status.DRAFT}, "illegal-step", "draft", "candidate"),
        ({"source": Status.APPROVED}, "illegal-step", "approved", "candidate"),
        ({"source": Status.DEPRECATED}, "illegal-step", "deprecated", "candidate"),
        ({"findings": 2}, "invalid", "2 errors", "none"),
        ({"approved": {"1.0.0": OTHER}}, "version-taken", "1" * 12, "f" * 12),
        ({"approved": {"1.1.0": OTHER}}, "version-order", "1.0.0", "greater than 1.1.0"),
        ({"approved": {"1.0.0+x": OTHER}}, "version-order", "1.0.0", "greater than 1.0.0+x"),
        ({"gate": gate(min_cases=8)}, "too-few-cases", "1 cases", "8"),
        ({"evidence": None}, "no-evidence", "no evidence", "of 111111111111"),
        ({"evidence": evidence(**FAILED)}, "pass-rate", "1 of 2 passed", "100%"),
        ({"evidence": evidence(**ERRORED)}, "errored", "1 cases errored", "none"),
        ({"gate": gate(evidence=(EvidenceClass.LIVE,))}, "evidence-class", "deterministic", "live"),
        ({"gate": gate(evidence=())}, "evidence-class", "deterministic", "nothing the policy allows"),
        ({"gate": gate(approvals=2)}, "unapproved", "0 approvals", "2"),
        (
            {"evidence": evidence(evidence_class=EvidenceClass.REHEARSAL)},
            "evidence-class",
            "rehearsal",
            "deterministic, recorded, live",
        ),
    ],
)
def test_each_reason_alone(changed: dict[str, Any], code: str, observed: str, required: str) -> None:
    decision = decide(request(**changed))
    assert isinstance(decision, Refusal)
    assert [(reason.code, reason.observed, reason.required) for reason in decision.reasons] == [
        (code, observed, required)
    ]


def test_a_rehearsal_never_counts_whatever_the_gate_allows() -> None:
    with_all = gate(evidence=tuple(policy.COUNTING_CLASSES))
    assert codes(request(gate=with_all, evidence=evidence(evidence_class=EvidenceClass.REHEARSAL))) == [
        "evidence-class"
    ]


def test_all_reasons_at_once() -> None:
    stale = Stale(evidence(), tuple((part, "then", "now") for part in ("skill", "suite", "policy", "runner", "model")))
    wanted = request(
        source=Status.DRAFT,
        findings=3,
        approved={"1.0.0": OTHER, "2.0.0": OTHER},
        gate=gate(min_cases=8, approvals=1),
        evidence=stale,
    )
    assert codes(wanted) == [
        "illegal-step", "invalid", "version-taken", "version-order", "too-few-cases",
        "stale-skill", "stale-suite", "stale-policy", "stale-runner", "stale-model", "unapproved",
    ]  # fmt: skip
    errored = evidence(evidence_class=EvidenceClass.REHEARSAL, **ERRORED)
    assert codes(request(evidence=errored)) == ["evidence-class", "errored"]


@pytest.mark.parametrize(
    ("source", "target", "hint"),
    [
        (Status.DRAFT, Status.APPROVED, "run `skillctl promote adder --to candidate` first"),
        (Status.APPROVED, Status.CANDIDATE, "run `skillctl revise adder` to open the next version"),
        (Status.CANDIDATE, Status.DRAFT, None),
    ],
)
def test_an_illegal_step_names_the_next_command(source: Status, target: Status, hint: str | None) -> None:
    decision = decide(request(source=source, target=target, gate=gate(to=target)))
    assert isinstance(decision, Refusal)
    assert decision.reasons[0].hint == hint


def test_nothing_leads_to_draft() -> None:
    decision = decide(request(target=Status.DRAFT))
    assert isinstance(decision, Refusal)
    assert decision.reasons[0].required == "nothing"


def test_the_same_content_may_be_approved_under_its_own_version_again() -> None:
    assert codes(request(approved={"1.0.0": SKILL, "0.9.0": OTHER})) == []


def test_short() -> None:
    assert (short(SKILL), short("script/1")) == ("1" * 12, "script/1")


def test_one_changed_byte_is_stale_and_restored_it_passes_without_a_run() -> None:
    """On real content: skill, suite, policy, runner and model each spoil the evidence, and only while changed."""
    skill = {
        "skills/adder/skill.yaml": b'name: adder\nversion: "1.0.0"\nstatus: candidate\n',
        "skills/adder/a.py": b"1\n",
    }
    suite = {"evals/adder/suite.yaml": b"skill: adder\n"}
    rules = b"gates: [{to: approved, min_cases: 1}]\n"

    def subject(skill: dict[str, bytes], suite: dict[str, bytes], rules: bytes) -> Subject:
        entries = [TreeFile(path, "100644", "0" * 40) for path in skill]
        content = measure_skill("skills/adder", entries, skill)
        cases = measure_suite("evals/adder", [TreeFile(path, "100644", "0" * 40) for path in suite], suite)
        read, _ = policy.read(rules)
        assert read is not None
        effective = policy.effective(read, "adder", [], Status.APPROVED)
        return Subject("adder", content.digest, cases.digest, effective.digest, "script/1", None)

    now = subject(skill, suite, rules)
    record = evidence(skill_digest=now.skill_digest, suite_digest=now.suite_digest, policy_digest=now.policy_digest)
    changes = {
        "stale-skill": subject(skill | {"skills/adder/a.py": b"2\n"}, suite, rules),
        "stale-suite": subject(skill, {"evals/adder/suite.yaml": b"skill: adder \n"}, rules),
        "stale-policy": subject(skill, suite, rules.replace(b"1", b"2")),
        "stale-runner": dataclasses.replace(now, runner="script/2"),
        "stale-model": dataclasses.replace(now, model="opus"),
    }
    for code, changed in changes.items():
        assert codes(request(evidence=find([record], changed))) == [code]
        assert codes(request(evidence=find([record], subject(skill, suite, rules)))) == []
    promoted = skill | {"skills/adder/skill.yaml": skill["skills/adder/skill.yaml"].replace(b"candidate", b"approved")}
    assert find([record], subject(promoted, suite, rules + b"# a note\nrecorders: [ci]\n")) is record


def test_a_verdict_that_its_cases_do_not_give_counts_for_nothing() -> None:
    """Evidence is judged from its cases; a record that claims more, or less, than they say is refused."""
    lied = evidence(verdict=Verdict.PASSED, pass_rate=1.0, cases=[case(), case(Outcome.FAILED)])
    assert codes(request(evidence=lied)) == ["pass-rate"]
    modest = evidence(verdict=Verdict.FAILED, pass_rate=1.0, cases=[case()])
    assert codes(request(evidence=modest)) == ["pass-rate"]


def test_promotion_leads_to_candidate_and_approved_only() -> None:
    refusal = decide(request(source=Status.APPROVED, target=Status.DEPRECATED))
    assert isinstance(refusal, Refusal)
    first = refusal.reasons[0]
    assert (first.code, first.hint) == ("illegal-step", "run `skillctl deprecate adder --reason …`")


@pytest.mark.parametrize(
    ("asked", "reasons"),
    [
        ({}, []),
        ({"min_cases": 2}, ["too-few-cases"]),
        ({"approvals": 1}, ["unapproved"]),
        ({"evidence": (EvidenceClass.LIVE,)}, ["evidence-class"]),
    ],
)
def test_evidence_is_asked_again_by_the_gate(asked: dict[str, Any], reasons: list[str]) -> None:
    assert [reason.code for reason in unsatisfied(evidence(cases=[case()]), gate(**asked))] == reasons
