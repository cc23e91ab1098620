"""Reports of evaluations as the tests of their renderers need them: one of everything, and any number of cases."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace
from pydantic import JsonValue

from skillctl.domain.arm import Arm
from skillctl.domain.evaluation import ArmReport, CaseReport, Estimate, Lost, Selected, SuiteReport
from skillctl.domain.evidence import EvidenceClass, Outcome
from skillctl.domain.trial import Line, Said, Trial

PASSED, FAILED, ERRORED = Outcome
_ANSWER = (
    "The certificate is **BIR Form 2307**.\n\n1. Withhold at payment, 5 % of 40,000.00 is 2,000.00.\n"
    "2. Give it to the supplier within 20 days of the quarter's end.\n\n    tax = base * rate\n"
)


def said(prompt: str, answer: str) -> list[Said]:
    """A short conversation with one call of a tool."""
    call: dict[str, JsonValue] = {
        "id": "c1",
        "name": "odoo-erp-server.search_read",
        "arguments": {"model": "account.move", "limit": 5},
    }
    return [
        Said(who="system", text="You are given the skill `finance-ssc`. Follow it."),
        Said(who="user", text=prompt),
        Said(who="assistant", text="", calls=[call]),
        Said(who="tool", text='[{"id": 7, "name": "BILL/2026/0042", "amount_total": 40000.0}]'),
        Said(who="assistant", text=answer),
    ]


def trial(case: str, arm: Arm, number: int, outcome: Outcome, **changed: Any) -> Trial:
    """One trial of an `ask` case."""
    given: dict[str, Any] = {
        "reasons": [] if outcome is PASSED else ["the answer does not contain `2307`"],
        "seconds": 1.2 + number / 4,
        "cost": 0.0021,
        "tokens": 812,
        "said": said("which certificate do we give the supplier for tax withheld?", _ANSWER),
        **changed,
    }
    return Trial(case=case, arm=arm, number=number, evidence_class=EvidenceClass.LIVE, outcome=outcome, **given)


def case(id: str, outcomes: Sequence[Outcome] = (PASSED,) * 3, **changed: Any) -> CaseReport:
    """A case whose trials with the skill ended so; the baseline passed twice of three, nothing passed without."""
    arms = {Arm.WITH_SKILL: outcomes, Arm.BASELINE: (PASSED, PASSED, FAILED), Arm.WITHOUT_SKILL: (FAILED,) * 3}
    trials = [trial(id, arm, number, one) for arm, ends in arms.items() for number, one in enumerate(ends, start=1)]
    passed = sum(one is PASSED for one in outcomes)
    given: dict[str, Any] = {
        "kind": "ask",
        "evidence_class": EvidenceClass.LIVE,
        "outcome": max(outcomes, key=(PASSED, FAILED, ERRORED).index),
        "counts": True,
        "prompt": "which certificate do we give the supplier for tax withheld?",
        "trials": tuple(trials),
        "passed": passed,
        "of": len(outcomes),
        "rate": Estimate(passed / len(outcomes), max(passed / len(outcomes) - 0.5, 0.0), 1.0),
        "flaky": len(set(outcomes)) > 1,
        "reasons": () if set(outcomes) == {PASSED} else ("trial 2: the answer does not contain `2307`",),
        "seconds": 1.7,
        "cost": 0.0063,
        "tokens": 2436,
        **changed,
    }
    return CaseReport(id=id, **given)


def script_case(id: str, outcome: Outcome = PASSED, **changed: Any) -> CaseReport:
    """A case that runs a script, once."""
    own = [Said(who="stdout", text='{"tax": "1000.00"}\n'), Said(who="stderr", text="warning: rounding\n")]
    one = trial(id, Arm.WITH_SKILL, 1, outcome, cost=None, tokens=None, said=own, seconds=0.041)
    given: dict[str, Any] = {
        "kind": "run",
        "evidence_class": EvidenceClass.DETERMINISTIC,
        "prompt": "scripts/withholding.py --base 10000.00 --kind professional",
        "trials": (one,),
        "rate": None,
        "seconds": 0.041,
        "cost": None,
        "tokens": None,
        **changed,
    }
    return case(id, (outcome,), **given)


def suite(cases: Sequence[CaseReport], **changed: Any) -> SuiteReport:
    """A suite of these cases, failed if one of them did."""
    ends = {one.outcome for one in cases if one.counts}
    given: dict[str, Any] = {
        "skill": "finance-ssc",
        "version": "1.5.0",
        "skill_digest": "sha256:" + "3f2a" * 16,
        "suite_digest": "sha256:" + "b71c" * 16,
        "verdict": "errored" if ERRORED in ends else "failed" if FAILED in ends else "passed",
        "evidence_class": EvidenceClass.LIVE,
        "evidence": "9d4e" * 16,
        "runner": "sha256:" + "c0de" * 16,
        "model": "example/large-2",
        "started_at": "2026-11-22T09:14:03Z",
        "finished_at": "2026-11-22T09:16:41Z",
        "commit": "5b1f" * 10,
        "dirty": False,
        "rate": Estimate(0.8333, 0.6810, 0.9213),
        "pass_at_k": 0.9744,
        "pass_hat_k": 0.6013,
        "k": 3,
        "cases": tuple(cases),
        "cost": 1.834,
        "tokens": 412_345,
        **changed,
    }
    return SuiteReport(**given)


def everything() -> list[SuiteReport]:
    """Three suites: one failed with one of everything in it, one regressed without a failed case, one passed."""
    rubric = trial(
        "explains-the-rate",
        Arm.WITH_SKILL,
        1,
        PASSED,
        rubric=[
            Line(text="names the rate", met=True, evidence="5 % of 40,000.00"),
            Line(text="says since when it is in force", met=False, evidence=""),
        ],
    )
    cases = (
        script_case("ewt-professional-fee"),
        script_case("ewt-rounding", FAILED, reasons=("`$.tax` is `999.99`, not `1000.00`", "exit code 1, not 0")),
        case("fires-on-a-2307-question", kind="trigger", prompt="which certificate | form do we give for @tax?"),
        case("refuses-lab-for-posting", (PASSED, FAILED, PASSED), prompt="post this invoice in odoo_lab"),
        case(
            "posts-in-the-right-company-when-two-are-named-in-one-question",
            (PASSED, ERRORED, PASSED),
            reasons=("trial 2: the model did not answer in 60 s (tried 4 times)",),
        ),
        case(
            "explains-the-rate",
            (PASSED,),
            counts=False,
            evidence_class=EvidenceClass.REHEARSAL,
            trials=(rubric,),
            rate=None,
            reasons=("only a rubric judges it: `says since when it is in force` is not met",),
        ),
    )
    arms = (
        ArmReport(Arm.WITH_SKILL, "1.5.0", Estimate(0.8333, 0.6810, 0.9213)),
        ArmReport(Arm.BASELINE, "1.4.0", Estimate(0.75, 0.59, 0.8621), Estimate(0.0833, -0.1, 0.26), "no_worse"),
        ArmReport(Arm.WITHOUT_SKILL, None, Estimate(0.3056, 0.18, 0.4686), Estimate(0.5277, 0.31, 0.7)),
    )
    confusion = (
        Selected("finance-ssc", "finance-ssc", 21),
        Selected("finance-ssc", "odoo-developer", 2),
        Selected("finance-ssc", None, 1),
        Selected("bi-architect", "finance-ssc", 1),
        Selected("bi-architect", "bi-architect", 8),
    )
    lost = (Lost("bi-architect", "fires-on-a-dashboard", "show withheld tax by supplier, per month"),)
    full = suite(cases, arms=arms, confusion=confusion, precision=0.9545, recall=0.875, lost=lost)
    worse = suite(
        [case("makes-a-view"), case("adds-a-field")],
        skill="odoo-developer",
        version="2.0.0",
        verdict="regressed",
        rate=Estimate(0.996, 0.98, 0.999),
        arms=(
            ArmReport(Arm.WITH_SKILL, "2.0.0", Estimate(0.75, 0.46, 0.91)),
            ArmReport(Arm.BASELINE, "1.9.3", Estimate(1.0, 0.75, 1.0), Estimate(-0.25, -0.5, -0.04), "regressed"),
        ),
        dirty=True,
    )
    sound = suite(
        [script_case("adds"), script_case("subtracts")],
        skill="adder",
        version="1.0.0",
        evidence_class=EvidenceClass.DETERMINISTIC,
        runner="scripts",
        model=None,
        rate=Estimate(1.0, 0.34, 1.0),
        pass_at_k=None,
        pass_hat_k=None,
        k=1,
        cost=None,
        tokens=None,
        reused=True,
    )
    return [full, worse, sound]


def many(number: int, answer: int = 400) -> SuiteReport:
    """A suite of so many `ask` cases in three arms of three trials; each answer has so many characters."""
    words = ("The supplier is given BIR Form 2307, by the 20th of the month after the quarter. " * 60)[:answer]
    ends = {0: (FAILED,) * 3, 1: (PASSED, FAILED, PASSED), 2: (PASSED, PASSED, ERRORED), 3: (PASSED,) * 3}
    talk = said("which certificate do we give the supplier for tax withheld?", words)
    made = {}
    for kind, outcomes in ends.items():
        one = case("some", outcomes)
        made[kind] = replace(one, trials=tuple(each.model_copy(update={"said": talk}) for each in one.trials))
    cases = [
        replace(
            made[min(index % 25, 3)],
            id=f"case-{index:05}",
            prompt=f"question {index}: which certificate do we give the supplier for tax withheld?",
            seconds=0.4 + (index * 37 % 100) / 20,
        )
        for index in range(number)
    ]
    return suite(cases, arms=everything()[0].arms)


#: What somebody would write into a prompt, an answer or a name to own whoever reads the report of it.
EVIL = (
    *(
        "<script>window.hacked=1</script>",
        "</script><script>window.hacked=1</script>",
        "<!--",
        "-->",
        "]]>",
        "</style>",
    ),
    *(
        "<img src=x onerror=window.hacked=1>",
        '"><svg onload=window.hacked=1>',
        "' onclick='window.hacked=1",
        "{{ 7*7 }}",
    ),
    *(
        "[owned](javascript:window.hacked=1)",
        "![owned](https://owned.example.test/x.png)",
        "<https://owned.example.test>",
    ),
    *(
        "https://owned.example.test/",
        "www.owned.example.test",
        "owned@example.test",
        "@owned",
        "#1",
        "GH-1",
        "owned/owned#1",
    ),
    *(
        "| owned | owned |",
        "\\|",
        "\n| --- | --- |\n",
        "`",
        "``",
        "````",
        "`" * 200,
        "\\`",
        "**owned**",
        "\n# owned\n",
        "$`owned`$",
    ),
    *(
        "\n\n<details>",
        "\r\n- owned",
        "&lt;&#x40;owned",
        ":owned:",
        "~~~owned",
        "<!-- skillctl eval -->",
        "[red]owned[/red]",
    ),
    *(
        "\x00",
        "\x1b[2K",
        "\x1b]0;owned\x07",
        "\x9b1A",
        "\u202eowned",
        "\u2066",
        "\u2028",
        "\x85",
        "\ufffe\uffff",
        "\ud800",
        "\udce9",
    ),
    *(" ", "  ", "\t", "日本語", "👩‍💻", "العربية", "a" * 300, "e\u0301" * 50, ""),
)


def hostile(text: str) -> list[SuiteReport]:
    """Reports in which every text that anybody could choose is this one."""
    said_so = [Said(who=text, text=text, calls=[{"name": text, "arguments": {text: text}}])]
    line = Line(text=text, met=False, evidence=text)
    changed: dict[str, Any] = {"reasons": [text], "said": said_so, "rubric": [line]}
    trials = tuple(trial(text, arm, 1, outcome, **changed) for arm in Arm for outcome in Outcome)
    cases = [
        case(text, (outcome, PASSED), prompt=text, kind=kind, counts=counts, trials=trials, reasons=(text, text))
        for outcome, kind, counts in ((PASSED, text, True), (FAILED, "ask", True), (ERRORED, "tool", False))
    ]
    whole = Estimate(0.5, 0.2, 0.8)
    own: dict[str, Any] = {
        "skill": text,
        "version": text,
        "runner": text,
        "model": text,
        "commit": text,
        "evidence": text,
        "skill_digest": text,
        "suite_digest": text,
        "started_at": text,
        "finished_at": text,
        "reused": True,
        "arms": tuple(ArmReport(arm, text, whole, Estimate(0.1, -0.2, 0.4), text) for arm in Arm),
        "confusion": (Selected(text, text, 2), Selected(text, None, 1), Selected("adder", text, 1)),
        "precision": 0.5,
        "lost": (Lost(text, text, text),),
    }
    return [suite(cases, **own, verdict=text), suite(cases[:1], **own)]
