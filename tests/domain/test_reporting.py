"""What is shown of a suite says what its evidence and trials say."""

from typing import Any

from skillctl.domain.arm import Arm
from skillctl.domain.evaluation import Lost as LostPrompt
from skillctl.domain.evidence import Lost, Outcome, class_of_all
from skillctl.domain.reporting import report_of
from skillctl.domain.suite import Suite
from skillctl.domain.tally import by_case, results
from skillctl.domain.trial import Line, Said, Trial
from tests.domain.made import evidence, gate

P, F = Outcome.PASSED, Outcome.FAILED
SUITE = Suite.model_validate(
    {
        "skill": "adder",
        "cases": [
            {"id": "q", "ask": {"prompt": "how much"}, "expect": [{"contains": "42"}, {"rubric": ["says why"]}]},
            {"id": "r", "ask": {"prompt": "?"}, "expect": [{"contains": "42"}], "rehearsal": True},
            {"id": "t", "trigger": {"prompt": "add it", "fires": True}},
            {"id": "left-out", "trigger": {"prompt": "no", "fires": False}},
        ],
    }
)


def trial(case: str, outcome: Outcome = P, number: int = 1, arm: Arm = Arm.WITH_SKILL, **said: Any) -> Trial:
    kind = {"q": "recorded", "r": "rehearsal", "t": "deterministic"}[case]
    return Trial.model_validate(
        {"case": case, "arm": arm, "number": number, "class": kind, "outcome": outcome, "seconds": 0.5} | said
    )


def report(*trials: Trial, **changed: Any) -> Any:
    counted, shown = results(SUITE, by_case(trials))
    kind = class_of_all(case.evidence_class for case in counted)
    record = evidence(cases=counted, shown=shown, evidence_class=kind, **changed)
    prompts = {("other", "fires"): "add two"}
    return report_of(record, trials, SUITE, gate(), ("1.0.0", "sha256:0"), prompts, reused=True)


def test_every_arm_stands_beside_the_skill() -> None:
    found = report(
        trial("q", cost=0.5, tokens=3),
        trial("q", F, 2, reasons=["no"]),
        *(trial("q", F, number, Arm.BASELINE) for number in (1, 2)),
        *(trial("q", P, number, Arm.WITHOUT_SKILL) for number in (1, 2)),
    )
    arms = {arm.arm: arm for arm in found.arms}
    assert [(arm.rate.value, arm.version) for arm in arms.values()] == [(0.5, "1.0.0"), (0.0, "1.0.0"), (1.0, None)]
    assert arms[Arm.WITH_SKILL].delta is None
    assert (arms[Arm.BASELINE].delta.value, arms[Arm.WITHOUT_SKILL].delta.value) == (0.5, -0.5)
    assert (found.k, found.pass_at_k, found.pass_hat_k) == (2, 1.0, 0.0)
    (case,) = found.cases
    assert (case.passed, case.of, case.flaky, case.rate.value, case.seconds) == (1, 2, True, 0.5, 0.5)
    assert (found.cost, found.tokens) == (0.5, 3)
    assert len(case.trials) == 6


def test_without_other_arms_there_are_none() -> None:
    found = report(trial("q"))
    assert (found.arms, found.k, found.cost, found.tokens) == ((), 1, None, None)
    assert (found.cases[0].rate, found.rate.value) == (None, 1.0)


def test_what_a_judge_found_missing_is_told_once() -> None:
    lines = [Line(text="says why", met=False, evidence=""), Line(text="says how", met=True, evidence="so")]
    found = report(trial("q", rubric=lines), trial("q", number=2, rubric=lines))
    assert found.cases[0].reasons == ("only a rubric judges it: `says why` is not met",)


def test_rehearsals_are_shown_and_count_for_nothing() -> None:
    found = report(trial("r", F))
    assert [(case.id, case.counts) for case in found.cases] == [("r", False)]
    assert (found.rate, found.pass_at_k) == (None, None)


def test_selections_are_counted_and_lost_prompts_named() -> None:
    said = [Said(who="user", text="add it"), Said(who="selection", text="adder")]
    found = report(trial("t", said=said), lost=[Lost(skill="other", case="fires"), Lost(skill="gone", case="x")])
    assert [(one.belongs_to, one.selected, one.count) for one in found.confusion] == [("adder", "adder", 1)]
    assert (found.precision, found.recall) == (1.0, 1.0)
    assert found.lost == (LostPrompt("other", "fires", "add two"), LostPrompt("gone", "x", ""))
    # What the served version was selected for is another catalogue's affair.
    beside = report(trial("t", said=said), trial("t", F, arm=Arm.BASELINE, said=[Said(who="selection", text="other")]))
    assert (beside.confusion, beside.precision, beside.recall) == (found.confusion, 1.0, 1.0)
    assert [arm.arm for arm in beside.arms] == [Arm.WITH_SKILL, Arm.BASELINE]
    nobody = report(trial("t", F, said=[Said(who="selection", text="")]))
    assert nobody.confusion[0].selected is None
    assert report(trial("t")).confusion == ()
