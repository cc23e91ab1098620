"""The decision: each reason alone, all together, and none."""

from typing import Any

import pytest
from msgspec.structs import replace

from skillctl.domain import policy, statistics
from skillctl.domain.digest import measure_skill, measure_suite
from skillctl.domain.evidence import EvidenceClass, Lost, Outcome, Stale, Subject, Verdict, find
from skillctl.domain.lifecycle import Status
from skillctl.domain.promotion import Promotion, Refusal, Request, checks, decide, short, unsatisfied
from skillctl.domain.tree import TreeFile
from skillctl.domain.verdict import rate_of
from tests.domain.made import OTHER, SKILL, answered, answers, case, evidence, gate, request


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


FAILED = {"verdict": Verdict.FAILED, "pass_rate": 0.5, "cases": [case(), case(Outcome.FAILED, "fails")]}
ERRORED = {"verdict": Verdict.ERRORED, "pass_rate": 0.5, "cases": [case(), case(Outcome.ERRORED, "breaks")]}
RECORDED = EvidenceClass.RECORDED


#: A deprecated version that may be approved again.
AGAIN: dict[str, Any] = {
    "source": Status.DEPRECATED,
    "evidence": None,
    "findings": 3,
    "approved": {"1.0.0": SKILL, "2.0.0": OTHER},
    "state": "deprecated",
    "reason": "the other one was worse",
    "gate": gate(approvals=2, min_cases=9),
}


def asked(*cases: Any, **changed: Any) -> Any:
    """Evidence of recorded answers."""
    return evidence(evidence_class=RECORDED, cases=list(cases), **changed)


@pytest.mark.parametrize(
    ("changed", "code", "observed", "required"),
    [
        ({"source": Status.DRAFT}, "illegal-step", "draft", "candidate"),
        ({"source": Status.APPROVED}, "illegal-step", "approved", "candidate"),
        ({"source": Status.DEPRECATED, "target": Status.CANDIDATE}, "illegal-step", "deprecated", "draft"),
        (AGAIN | {"reason": None}, "no-reason", "none", "a reason"),
        (AGAIN | {"approved": {}}, "never-approved", "no approval", "an approval on record"),
        (AGAIN | {"approved": {"1.0.0": OTHER}}, "version-taken", "1" * 12, "f" * 12),
        (AGAIN | {"state": "withdrawn"}, "withdrawn", "withdrawn", "deprecated"),
        (AGAIN | {"state": "revoked"}, "revoked", "revoked", "deprecated"),
        ({"findings": 2}, "invalid", "2 errors", "none"),
        ({"approved": {"1.0.0": OTHER}}, "version-taken", "1" * 12, "f" * 12),
        ({"approved": {"1.1.0": OTHER}}, "version-order", "1.0.0", "greater than 1.1.0"),
        ({"approved": {"1.0.0+x": OTHER}}, "version-order", "1.0.0", "greater than 1.0.0+x"),
        ({"gate": gate(min_cases=8)}, "too-few-cases", "1 cases", "8"),
        ({"evidence": None}, "no-evidence", "no evidence", "of 111111111111"),
        ({"evidence": evidence(**FAILED)}, "pass-rate", "1 of 2 passed", "100%"),
        ({"evidence": evidence(**ERRORED)}, "errored", "1 cases errored", "none"),
        ({"evidence": evidence(verdict=Verdict.ERRORED)}, "errored", "0 cases errored", "none"),
        ({"evidence": evidence(verdict=Verdict.REGRESSED)}, "verdict", "regressed", "passed"),
        ({"evidence": evidence(lost=[Lost(skill="x", case="y")])}, "neighbours", "1 prompts", "none"),
        ({"cases": 2}, "partial", "1 cases", "2"),
        ({"evidence": asked(*answers(*[1] * 5))}, "ask-rate", "56.5% to 100.0% of 5 cases", "60%"),
        (
            {"evidence": asked(*answers(*[1] * 9, 0)), "gate": gate(ask_rate=0.5959)},
            "ask-rate",
            "59.5% to 98.2% of 10 cases",
            "59.59%",
        ),
        ({"evidence": evidence(**FAILED), "gate": gate(pass_rate=0.995)}, "pass-rate", "1 of 2 passed", "99.5%"),
        (
            {"gate": gate(evidence=(EvidenceClass.DETERMINISTIC,)), "evidence": asked(*answers(*[1] * 6))},
            "evidence-class",
            "recorded",
            "deterministic",
        ),
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


def test_nothing_measured_proves_nothing() -> None:
    decision = decide(request(evidence=evidence(cases=[], pass_rate=0.0), cases=0))
    assert isinstance(decision, Refusal)
    assert [(one.code, one.observed) for one in decision.reasons] == [("errored", "no cases")]


def test_answers_open_a_gate() -> None:
    record = asked(*answers(*[1] * 6), case(name="r", kind="run", evidence_class=EvidenceClass.DETERMINISTIC))
    assert codes(request(evidence=record, cases=7)) == []
    assert codes(request(evidence=record, cases=7, gate=gate(margin=0.2))) == []
    better = asked(*answers(*[10] * 40, trials=10, baseline=0.9))
    assert codes(request(evidence=better, gate=gate(margin=0.2))) == []


@pytest.mark.parametrize(
    ("cases", "passed", "margin", "code", "required"),
    [(6, 10, 0.2, "underpowered", "above -20%"), (99, 7, 0.005, "regressed", "above -0.5%")],
)
def test_answers_beside_what_is_served(cases: int, passed: int, margin: float, code: str, required: str) -> None:
    record = asked(*answers(*[passed] * cases, trials=10, baseline=1.0))
    decision = decide(request(evidence=record, gate=gate(margin=margin)))
    assert isinstance(decision, Refusal)
    compared = statistics.compare([passed / 10 - 1] * cases, margin)
    observed = f"{compared.low:+.1%} to {compared.high:+.1%}"
    assert [(one.code, one.observed, one.required) for one in decision.reasons] == [(code, observed, required)]


def test_all_that_falls_short_is_told() -> None:
    """One cause does not hide another, and the reasons come in their order."""
    record = asked(
        *answers(*[0] * 40, trials=10, baseline=1.0), case(Outcome.FAILED, "r"), lost=[Lost(skill="x", case="y")]
    )
    assert codes(request(evidence=record, gate=gate(margin=0.2))) == [
        "pass-rate", "ask-rate", "neighbours", "regressed"
    ]  # fmt: skip


def test_what_is_reached_exactly_is_reached() -> None:
    record = asked(*answers(*[1] * 9, 0))
    exactly = gate(ask_rate=rate_of(record.cases).low)
    assert codes(request(evidence=record, gate=exactly)) == []
    lossy = record.model_copy(update={"lost": [Lost(skill="x", case="y")]})
    assert codes(request(evidence=lossy, gate=exactly)) == ["neighbours"]


def test_a_case_of_a_class_that_does_not_count_is_not_hidden_among_others() -> None:
    """An unmarked rehearsal spoils the evidence it is in, whatever class the record claims."""
    good = answers(*[1] * 6)
    spoiled = asked(*good).model_copy(
        update={"cases": [*good, answered(1, name="x", evidence_class=EvidenceClass.REHEARSAL)]}
    )
    decision = decide(request(evidence=spoiled))
    assert isinstance(decision, Refusal)
    assert [reason.message for reason in decision.reasons] == ["a rehearsal is never evidence"]
    live = asked(*good).model_copy(update={"cases": [*good, answered(1, name="x", evidence_class=EvidenceClass.LIVE)]})
    refusal = decide(request(evidence=live, gate=gate(evidence=(EvidenceClass.DETERMINISTIC, RECORDED))))
    assert isinstance(refusal, Refusal)
    assert [reason.message for reason in refusal.reasons] == ["evidence of this class does not count here"]


def test_what_is_shown_counts_for_nothing() -> None:
    shown = [case(Outcome.FAILED, "f"), case(Outcome.ERRORED, "e")]
    assert codes(request(evidence=evidence(shown=shown))) == []
    padded = evidence(shown=[case(name=f"s{number}") for number in range(20)])
    assert codes(request(evidence=padded, cases=2)) == ["partial"]
    assert [reason.code for reason in unsatisfied(padded, gate(min_cases=8))] == ["too-few-cases"]
    answers_shown = evidence(cases=[], shown=answers(*[1] * 50), pass_rate=1.0)
    assert [reason.code for reason in unsatisfied(answers_shown, gate())] == ["errored"]


def test_each_runner_that_changed_has_the_same_code() -> None:
    differences = (
        ("runner", "script/1", "script/2"),
        ("runner live", SKILL, OTHER),
        ("cassette live", "a" * 64, "none"),
    )
    decision = decide(request(evidence=Stale(evidence(), differences)))
    assert isinstance(decision, Refusal)
    assert [(one.code, one.message, one.observed, one.required) for one in decision.reasons] == [
        ("stale-runner", "evidence is stale: the runner changed after it was measured", "script/1", "script/2"),
        ("stale-runner", "evidence is stale: runner `live` changed after it was measured", "1" * 12, "f" * 12),
        ("stale-cassette", "evidence is stale: cassette `live` changed after it was measured", "a" * 12, "none"),
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
        (Status.APPROVED, Status.DRAFT, "run `skillctl revise adder` to open the next version"),
        (Status.CANDIDATE, Status.CANDIDATE, None),
    ],
)
def test_an_illegal_step_names_the_next_command(source: Status, target: Status, hint: str | None) -> None:
    decision = decide(request(source=source, target=target, gate=gate(to=target)))
    assert isinstance(decision, Refusal)
    assert decision.reasons[0].hint == hint


def test_a_candidate_goes_back_whatever_is_wrong_with_it() -> None:
    broken = request(target=Status.DRAFT, findings=3, evidence=None, approved={"2.0.0": OTHER}, cases=0)
    assert decide(broken) == Promotion("adder", "1.0.0", Status.CANDIDATE, Status.DRAFT, SKILL, None)
    refusal = decide(request(source=Status.APPROVED, target=Status.DRAFT))
    assert isinstance(refusal, Refusal)
    assert refusal.reasons[0].required == "candidate"


def test_a_deprecated_version_was_proved_when_it_was_approved() -> None:
    assert decide(request(**AGAIN)) == Promotion("adder", "1.0.0", Status.DEPRECATED, Status.APPROVED, SKILL, None)


def test_approvals_are_given_before_it_comes_to_the_release_branch() -> None:
    wanted = request(gate=gate(approvals=2))
    refusal = decide(wanted)
    assert isinstance(refusal, Refusal)
    assert refusal.reasons[0].hint == (
        "run `skillctl promote adder --to approved --branch promote-adder-1.0.0`, then `skillctl approve adder` there"
    )
    assert codes(replace(wanted, is_released=False)) == []


def seen(wanted: Request) -> list[tuple[str, str, str]]:
    return [(check.name, check.observed, check.required) for check in checks(wanted)]


def test_what_is_met_is_told_too() -> None:
    record = evidence()
    first = [
        ("step", "candidate", "candidate"),
        ("validation", "no errors", "none"),
        ("version", "1.0.0", "any"),
        ("suite", "1 cases", "0 or more"),
    ]
    proved = [
        ("evidence", record.digest[:12], "of " + "1" * 12),
        ("class", "deterministic", "deterministic, recorded, live"),
        ("verdict", "passed, 1 of 1 cases", "passed, 100% of cases"),
    ]
    assert seen(request(evidence=record)) == first + proved
    strict = gate(ask_rate=0.625, margin=0.2, approvals=2, evidence=())
    assert seen(request(evidence=record, gate=strict, is_released=False))[5:] == [
        ("class", "deterministic", "none"),
        (
            "verdict",
            "passed, 1 of 1 cases",
            "passed, 100% of cases, 62.5% of answers, above -20% beside what is served",
        ),
        ("approvals", "on a branch of its own", "2, or a branch that they are given on"),
    ]
    assert seen(request(evidence=None, findings=2, approved={"0.9.0": OTHER}))[1:] == [
        ("validation", "2 errors", "none"),
        ("version", "1.0.0", "greater than 0.9.0"),
        ("suite", "1 cases", "0 or more"),
        ("evidence", "none", "of " + "1" * 12),
    ]
    stale = Stale(record, (("skill", "then", "now"),))
    assert seen(request(evidence=stale, gate=gate(approvals=1)))[4:] == [
        ("evidence", "stale", "of " + "1" * 12),
        ("approvals", "on the release branch", "1, or a branch that they are given on"),
    ]
    assert seen(request(**AGAIN)) == [
        ("step", "deprecated", "deprecated"),
        ("content", "1" * 12, "1" * 12),
        ("state", "deprecated", "deprecated"),
        ("reason", "the other one was worse", "a reason"),
    ]


def test_the_same_content_may_be_approved_under_its_own_version_again() -> None:
    assert codes(request(approved={"1.0.0": SKILL, "0.9.0": OTHER})) == []


def test_short() -> None:
    assert (short(SKILL), short("script/1"), short("a" * 64)) == ("1" * 12, "script/1", "a" * 12)


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
        "stale-runner": replace(now, runner="script/2"),
        "stale-model": replace(now, model="opus"),
    }
    for code, changed in changes.items():
        assert codes(request(evidence=find([record], changed))) == [code]
        assert codes(request(evidence=find([record], subject(skill, suite, rules)))) == []
    promoted = skill | {"skills/adder/skill.yaml": skill["skills/adder/skill.yaml"].replace(b"candidate", b"approved")}
    assert find([record], subject(promoted, suite, rules + b"# a note\nauto_promote: [adder]\n")) is record
    # Where recorders are named, fewer classes count: that is another gate.
    assert codes(request(evidence=find([record], subject(skill, suite, rules + b"recorders: [ci]\n")))) == [
        "stale-policy"
    ]


def test_a_verdict_that_its_cases_do_not_give_counts_for_nothing() -> None:
    """Evidence is judged from its cases; a record that claims more, or less, than they say is refused."""
    lied = evidence(verdict=Verdict.PASSED, pass_rate=1.0, cases=[case(), case(Outcome.FAILED, "fails")])
    assert codes(request(evidence=lied)) == ["pass-rate"]
    hidden = evidence(verdict=Verdict.PASSED, pass_rate=1.0, cases=[case(), case(Outcome.ERRORED, "breaks")])
    assert codes(request(evidence=hidden)) == ["errored"]
    modest = evidence(verdict=Verdict.FAILED, pass_rate=1.0, cases=[case()])
    assert codes(request(evidence=modest)) == ["verdict"]


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
        ({"approvals": 1}, []),  # signatures are asked for elsewhere: no evidence has them
        ({"evidence": (EvidenceClass.LIVE,)}, ["evidence-class"]),
    ],
)
def test_evidence_is_asked_again_by_the_gate(asked: dict[str, Any], reasons: list[str]) -> None:
    assert [reason.code for reason in unsatisfied(evidence(cases=[case()]), gate(**asked))] == reasons
