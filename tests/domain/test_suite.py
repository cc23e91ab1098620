"""A suite: who answers each case, how often, and which cases can be evidence."""

import pytest

from skillctl.domain import suite as suites
from skillctl.domain.suite import ReadSuite, Suite
from tests.domain.made import told

RUN = '{id: r, run: {script: a.py}, expect: [{equals: "42"}]}'
ASK = '{id: a, ask: {prompt: "what?"}, expect: [{contains: "42"}]}'
FIRES = '{id: t, trigger: {prompt: "add", fires: true}}'
TOOL = '{id: m, tool: {server: odoo, name: f}, expect: [{contains: "42"}]}'


def read(cases: str, top: str = "") -> ReadSuite:
    found, findings = suites.read("evals/adder", f"skill: adder\n{top}\ncases: [{cases}]\n".encode())
    assert found is not None
    assert findings == []
    return found


def of(cases: str, top: str = "") -> Suite:
    return read(cases, top).suite


@pytest.mark.parametrize(
    ("case", "top", "asked", "trials"),
    [
        (RUN, "trials: 5", False, 1),
        (RUN.replace("id: r", "id: r, trials: 3"), "trials: 5", False, 3),
        (TOOL, "trials: 5", False, 1),
        (ASK, "", True, 1),
        (ASK, "trials: 5", True, 5),
        (ASK.replace("id: a", "id: a, trials: 2"), "trials: 5", True, 2),
        (FIRES, "trials: 5", False, 1),
        (FIRES, "trials: 5\ntrigger_runner: live", True, 5),
    ],
)
def test_what_a_model_answers_is_measured_as_often_as_the_suite_says(
    case: str, top: str, asked: bool, trials: int
) -> None:
    suite = of(case, top)
    assert (suite.is_asked(suite.cases[0]), suite.trials_of(suite.cases[0])) == (asked, trials)


def test_who_answers() -> None:
    suite = of(f"{ASK}, {FIRES}", "runner: live\ntrigger_runner: other")
    assert [suite.answering(case) for case in suite.cases] == ["live", "other"]
    assert of(FIRES).answering(of(FIRES).cases[0]) == "default"


RUBRIC = '{rubric: ["is kind"]}'


@pytest.mark.parametrize(
    ("case", "counts"),
    [
        (RUN, True),
        (ASK, True),
        (FIRES, True),
        (TOOL, True),
        (RUN.replace("id: r", "id: r, rehearsal: true"), False),
        (ASK.replace("id: a", "id: a, rehearsal: true"), False),
        (FIRES.replace("id: t", "id: t, rehearsal: true"), False),
        (ASK.replace("id: a", "id: a, rehearsal: false"), True),
        (ASK.replace('{contains: "42"}', RUBRIC), False),
        (ASK.replace('{contains: "42"}', f"{RUBRIC}, {RUBRIC}"), False),
        (ASK.replace('{contains: "42"}', f'{RUBRIC}, {{contains: "42"}}'), True),
    ],
)
def test_a_rehearsal_and_what_only_a_judge_decides_never_count(case: str, counts: bool) -> None:
    suite = of(case)
    assert suite.counts(suite.cases[0]) is counts
    assert suite.counted == ([suite.cases[0]] if counts else [])


def test_a_rubric_cannot_hide_in_another_check() -> None:
    case = ASK.replace('{contains: "42"}', f"{{all_of: [{RUBRIC}]}}")
    found, findings = suites.read("evals/adder", f"skill: adder\ncases: [{case}]\n".encode())
    assert (found, [finding.code for finding in findings]) == (None, ["SK105"])


def test_places() -> None:
    suite = read(f"{RUN}, {ASK}")
    assert [(path, case.id) for path, case in suite.cases] == [(("cases", 0), "r"), (("cases", 1), "a")]
    finding = suite.finding("SK999", "so", ("cases", 1, "id"))
    assert (finding.file, finding.line, finding.skill) == ("evals/adder/suite.yaml", 3, "adder")


@pytest.mark.parametrize(
    ("text", "codes", "cases"),
    [
        (f"skill: adder\ncases: [{RUN}]\n", [], ["r"]),
        (f"skill: other\ncases: [{RUN}]\n", ["SK301"], ["r"]),
        (f"skill: adder\ncases: [{RUN}, {RUN}]\n", ["SK310"], ["r", "r"]),
        ("skill: adder\ncases: []\n", ["SK105"], None),
        ("skill: adder\n", ["SK102"], None),
        (f"skill: adder\ncases: [{{id: x}}, {RUN}]\n", ["SK105"], ["r"]),
        (f"skill: adder\nrunner: ../x\ncases: [{RUN}]\n", ["SK105"], ["r"]),
        (f"skill: adder\ntrials: 0\ncases: [{RUN}]\n", ["SK105"], ["r"]),
        ("skill: [", ["SK002"], None),
    ],
)
def test_one_problem_does_not_hide_the_cases(text: str, codes: list[str], cases: list[str] | None) -> None:
    found, findings = suites.read("evals/adder", text.encode())
    assert [finding.code for finding in findings] == codes
    assert (None if found is None else [case.id for case in found.suite.cases]) == cases
    assert found is None or found.suite.skill == "adder"


def test_the_first_of_a_repeated_id_is_not_to_blame() -> None:
    text = "skill: adder\ncases:\n  - {id: r, run: {script: a}, expect: [{exit_code: 0}]}\n"
    text += "  - {id: r, run: {script: b}, expect: [{exit_code: 0}]}\n"
    assert told(suites.read("evals/adder", text.encode())[1]) == [("SK310", 4, 10, "two cases have the id `r`")]
