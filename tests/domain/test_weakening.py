"""What a change does to a suite: nothing that loosens it passes for anything else, and spelling is nothing."""

import random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skillctl.domain import suite as suites
from skillctl.domain.checks import BrokenCheck, Check, Produced, ToolCall, failure_of
from skillctl.domain.suite import Suite
from skillctl.domain.weakening import Change, attached_changes, suite_changes
from skillctl.domain.weakening.order import Order

W, S, C = "weakened", "stricter", "changed"


def of(cases: str, top: str = "") -> Suite:
    found, findings = suites.read("evals/adder", f"skill: adder\n{top}\ncases: [{cases}]\n".encode())
    assert found is not None, findings
    return found.suite


def run(expect: str, situation: str = "script: a.py", more: str = "") -> str:
    return f"{{id: x, run: {{{situation}}}, expect: [{expect}]{more}}}"


def ask(expect: str = "{contains: a}", situation: str = "prompt: hi", more: str = "") -> str:
    return f"{{id: x, ask: {{{situation}}}, expect: [{expect}]{more}}}"


def tool(expect: str, situation: str = "server: odoo, name: f") -> str:
    return f"{{id: x, tool: {{{situation}}}, expect: [{expect}]}}"


def fires(prompt: str = "add", fires: str = "true") -> str:
    return f"{{id: x, trigger: {{prompt: {prompt}, fires: {fires}}}}}"


def told(found: list[Change]) -> list[tuple[str, str, str, str]]:
    return [(one.kind, one.what.removeprefix("case `x`: "), one.before, one.after) for one in found]


def kinds(found: list[Change]) -> list[tuple[str, str]]:
    return [(one.kind, one.what.removeprefix("case `x`: ")) for one in found]


SCRIPT = "script: a.py, "
OTHER = "{id: y, run: {script: b.py}, expect: [{exit_code: 0}]}"
REHEARSED = ", rehearsal: true"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (f"{run('{equals: a}')}, {OTHER}", OTHER, [(W, "case `x`", "`run` with 1 check", "nothing")]),
        (f"{run('{equals: a}, {exit_code: 0}')}, {OTHER}", OTHER, [(W, "case `x`", "`run` with 2 checks", "nothing")]),
        (OTHER, f"{OTHER}, {fires()}", [(S, "case `x`", "nothing", "`trigger` with 0 checks")]),
        (f"{run('{equals: a}', more=REHEARSED)}, {OTHER}", OTHER, [(C, "case `x`", "`run` with 1 check", "nothing")]),
        (OTHER, f"{OTHER}, {ask(more=REHEARSED)}", [(C, "case `x`", "nothing", "`ask` with 1 check")]),
        # Another id is another case.
        (OTHER, OTHER.replace("id: y", "id: z"), [(W, "case `y`", "`run` with 1 check", "nothing"),
                                                  (S, "case `z`", "nothing", "`run` with 1 check")]),
        # Two of one id are two.
        (f"{OTHER}, {OTHER}", OTHER, [(W, "case `y`", "`run` with 1 check", "nothing")]),
        (run("{equals: a}"), tool("{equals: a}"), [(W, "kind", "run", "tool")]),
    ],
)  # fmt: skip
def test_cases(before: str, after: str, expected: list[tuple[str, str, str, str]]) -> None:
    found, _ = suites.read("evals/adder", f"skill: adder\ncases: [{before}]\n".encode())
    assert found is not None
    assert told(suite_changes(found.suite, of(after))) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, None, []),
        (of(OTHER), None, [(W, "the suite", "1 case", "nothing")]),
        (None, of(f"{OTHER}, {fires()}"), [(S, "the suite", "nothing", "2 cases")]),
    ],
)
def test_suites(before: Suite | None, after: Suite | None, expected: list[tuple[str, str, str, str]]) -> None:
    assert told(suite_changes(before, after)) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{run('{equals: a}')}, {OTHER}", f"{OTHER}, {run('{equals: a}')}"),
        (run("{equals: a}, {exit_code: 0}"), run("{exit_code: 0}, {stream: stdout, equals: 'a'}, {equals: a}")),
        (run("{all_of: [{contains: a}, {contains: b}]}"), run("{contains: b}, {contains: a}")),
        (run("{type: contains-all, value: [a, b]}"), run("{contains: a}, {contains: b}")),
        (run("{type: latency, threshold: 2000}"), run("{latency: 2}")),
        (run("{any_of: [{contains: a}, {contains: b}]}"), run("{type: contains-any, value: [b, a]}")),
        (run("{any_of: [{contains: a}]}"), run("{contains: a}")),
        (run("{number: 1000}"), run("{number: '1000.00', tolerance: 0}")),
        (run("{json_path: $.a, equals: {b: 1, c: [2]}}"), run("{json_path: $.a, equals: {c: [2], b: 1}}")),
        (run("{json_path: $.a, equals: .nan}"), run("{json_path: $.a, equals: .nan}")),
        (run("{not: {any_of: [{contains: a}, {equals: b}]}}"), run("{not: {any_of: [{equals: b}, {contains: a}]}}")),
        (run("{latency: 1}, {latency: 2}"), run("{latency: 1}")),
        (run("{latency: 1}"), run("{latency: 1}, {latency: 2}")),
        (run("{any_of: [{latency: 1}, {latency: 2}]}"), run("{latency: 2}")),
        (run("{equals: a}", SCRIPT + "env: {A: x, B: y}"),
         run("{equals: a}", SCRIPT + "timeout: 10, env: {B: y, A: x}")),
        (tool("{contains: a}"), tool("{contains: a}, {exit_code: 0}")),
        (ask("{tool_called: f}"), ask("{tool_called: {name: f, at_least: 1}}")),
        (ask("{tool_called: f}"), ask("{type: 'trajectory:tool-used', value: f}")),
        (ask("{tool_order: [f, g]}"), ask("{tool_order: [{name: f, arguments: {}}, g]}")),
        (ask("{rubric: [a, b]}, {contains: a}"), ask("{contains: a}, {rubric: [b, a]}")),
    ],
)  # fmt: skip
def test_another_spelling_is_no_change(before: str, after: str) -> None:
    assert suite_changes(of(before), of(after)) == []
    assert suite_changes(of(after), of(before)) == []


#: The first is looser than the second: what is weakened one way is stricter the other way.
LOOSER = [
    ("{number: 1, tolerance: 0.2}", "{number: 1.0, tolerance: 0.1}"),
    ("{number: 1, tolerance: 0.2}", "{number: 1}"),
    ("{latency: 2}", "{latency: 1}"),
    ("{contains: a}", "{contains: ab}"),
    ("{not_contains: ab}", "{not_contains: a}"),
    ("{icontains: A}", "{icontains: ab}"),
    ("{starts_with: a}", "{starts_with: ab}"),
    ("{json_path: $.a, starts_with: a}", "{json_path: $.a, starts_with: ab}"),
    ("{any_of: [{contains: a}, {contains: b}]}", "{contains: a}"),
    ("{any_of: [{contains: a}, {contains: b}, {contains: c}]}", "{any_of: [{contains: c}, {contains: a}]}"),
    (
        "{any_of: [{contains: a}, {all_of: [{contains: b}, {contains: c}]}]}",
        "{all_of: [{contains: b}, {contains: c}, {equals: d}]}",
    ),
    ("{not: {contains: ab}}", "{not: {contains: a}}"),
    ("{not: {any_of: [{contains: a}]}}", "{not: {any_of: [{contains: a}, {contains: b}]}}"),
    ("{not: {all_of: [{contains: a}, {contains: b}]}}", "{not: {contains: a}}"),
    ("{not: {not: {contains: a}}}", "{not: {not: {contains: ab}}}"),
    ("{not: {all_of: [{contains: a}, {contains: b}]}}", "{not: {any_of: [{contains: a}, {contains: b}]}}"),
]  # fmt: skip


@pytest.mark.parametrize(("loose", "strict"), LOOSER)
def test_what_is_stricter_one_way_is_weakened_the_other(loose: str, strict: str) -> None:
    assert [one.kind for one in suite_changes(of(run(loose)), of(run(strict)))] in ([S], [S, S, S])
    assert W in [one.kind for one in suite_changes(of(run(strict)), of(run(loose)))]


@pytest.mark.parametrize(
    ("loose", "strict"),
    [
        ("{cost: 2}", "{cost: 1}"),
        ("{tool_called: f}", "{tool_called: {name: f, at_least: 2}}"),
        ("{tool_called: {name: f, at_most: 3}}", "{tool_called: {name: f, times: 2}}"),
        ("{tool_called: f}", "{tool_called: {name: f, arguments: {a: 1}}}"),
        ("{tool_order: [f, g]}", "{tool_order: [f, {name: x}, {name: g, arguments: {a: 1}}]}"),
        ("{contains: a}, {rubric: [a]}", "{contains: a}, {rubric: [a, b]}"),
    ],
)
def test_the_same_of_what_an_agent_did(loose: str, strict: str) -> None:
    assert [one.kind for one in suite_changes(of(ask(loose)), of(ask(strict)))] == [S]
    assert [one.kind for one in suite_changes(of(ask(strict)), of(ask(loose)))] == [W]


#: Which of these is stricter cannot be said, so that each is weakened into the other.
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{equals: '1000.00'}", "{equals: '1200.00'}"),
        ("{regex: a}", "{regex: ab}"),
        ("{regex: ^a$}", "{regex: ^a}"),
        ("{number: 1}", "{number: 2}"),
        ("{contains: a}", "{contains: A}"),
        ("{contains: a}", "{icontains: a}"),
        ("{json_path: $.a, contains: ab}", "{json_path: $.a, contains: a}"),
        ("{json_path: $.a, equals: 1}", "{json_path: $.a, equals: 1.0}"),
        ("{json_path: $.a, equals: 1}", "{json_path: $.b, equals: 1}"),
        ("{contains: a}", "{stream: stderr, contains: a}"),
        ("{file: a.txt, contains: a}", "{file: b.txt, contains: a}"),
        ("{json_schema: {type: object}}", "{json_schema: {type: object, required: [a]}}"),
        ("{exit_code: 0}", "{exit_code: 1}"),
        ("{file_produced: a.txt}", "{file_produced: '*.txt'}"),
        ("{not: {contains: a}}", "{contains: a}"),
        # Where one part is broken the whole is, and not what does not hold.
        (
            "{not: {json_path: $.a, equals: 1}}",
            "{not: {all_of: [{json_path: $..b, equals: 1}, {json_path: $.a, equals: 1}]}}",
        ),
        ("{not: {all_of: [{contains: a}, {regex: b}]}}", "{not: {contains: a}}"),
    ],
)
def test_what_cannot_be_compared_is_weakened(one: str, other: str) -> None:
    for before, after in ((one, other), (other, one)):
        found = suite_changes(of(run(before)), of(run(after)))
        assert W in [change.kind for change in found]
        assert all(change.what.startswith("case `x`: check `") for change in found)


def test_both_sides_are_told() -> None:
    sides = (of(run(f"{{json_path: $.tax, equals: '{tax}'}}")) for tax in (10, 12))
    assert told(suite_changes(*sides)) == [
        (W, "check `equals`", '{json_path: "$.tax", equals: "10"}', '{json_path: "$.tax", equals: "12"}')
    ]
    assert told(suite_changes(of(run("{equals: a}, {latency: 2}")), of(run("{latency: 1.5}, {exit_code: 3}")))) == [
        (W, "check `equals`", "a", "nothing"),
        (S, "check `latency`", "2", "1.5"),
        (S, "check `exit_code`", "nothing", "3"),
    ]


def test_nothing_hostile_or_secret_is_told() -> None:
    key = "ghp_" + "Zx8Qk2Lw9Rt4Yp7Vn3Bm6Hc1Jd5Fg0SaTuEi"
    found = suite_changes(
        of(run(f'{{equals: "\\e[2J {key}"}}')), of(run('{json_path: $.a, equals: [null, true, "b"]}'))
    )
    assert key not in repr(found)
    assert "\x1b" not in "".join(one.before for one in found)
    assert found[1].after == '{json_path: "$.a", equals: [null, true, "b"]}'


def test_a_check_may_not_take_away_what_a_tool_is_asked_unsaid() -> None:
    loose = tool("{contains: a}, {any_of: [{exit_code: 0}, {exit_code: 1}]}")
    assert (W, "check `exit_code`") in kinds(suite_changes(of(tool("{contains: a}")), of(loose)))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "args: [b]", [(W, "`args`", "nothing", '["b"]')]),
        ("args: [a, b]", "args: [b, a]", [(W, "`args`", '["a", "b"]', '["b", "a"]')]),
        ("stdin: a", "", [(W, "`stdin`", "a", "nothing")]),
        ("files: {a: x}", "files: {a: y}", [(W, "`files`", '{a: "x"}', '{a: "y"}')]),
        ("env: {A: x}", "env: {}", [(W, "`env`", '{A: "x"}', "nothing")]),
        ("", "timeout: 20", [(W, "`timeout`", "10", "20")]),
        ("", "timeout: 0.5", [(S, "`timeout`", "10", "0.5")]),
        ("memory: 16", "memory: 17", [(W, "`memory`", "16", "17")]),
        ("output: 100", "output: 99", [(S, "`output`", "100", "99")]),
    ],
)
def test_another_situation_is_another_case(before: str, after: str, expected: list[tuple[str, str, str, str]]) -> None:
    sides = [of(run("{equals: a}", f"script: a.py{more and ', ' + more}")) for more in (before, after)]
    assert told(suite_changes(*sides)) == expected


OFFERED, ANSWERED = "tools: [{name: f}]", "tools: [{name: f, returns: null}]"
TOOL = "server: odoo, name: f"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (ask(), ask(situation="prompt: other"), [(W, "`prompt`")]),
        (ask(), ask(situation="prompt: hi, system: be good"), [(W, "`system`")]),
        (ask(situation="prompt: hi, attached: [a.csv]"), ask(), [(W, "`attached`")]),
        (ask(), ask(situation=f"prompt: hi, {OFFERED}"), [(W, "`tools`")]),
        (ask(situation=f"prompt: hi, {OFFERED}"), ask(situation=f"prompt: hi, {ANSWERED}"), [(W, "`tools`")]),
        (fires(), fires(fires="false"), [(W, "`fires`")]),
        (fires(), fires("sum"), [(W, "`prompt`")]),
        (tool("{contains: a}"), tool("{contains: a}", "server: lab, name: f"), [(W, "`server`")]),
        (tool("{contains: a}"), tool("{contains: a}", TOOL + ", arguments: {a: 1}"), [(W, "`arguments`")]),
        (tool("{contains: a}"), tool("{contains: a}", f"{TOOL}, timeout: 20"), [(S, "`timeout`")]),
        # Evidence
        (ask(), ask(more=REHEARSED), [(W, "evidence")]),
        (ask(more=REHEARSED), ask(), [(S, "evidence")]),
        (ask(), ask("{rubric: [good]}"), [(W, "check `contains`"), (S, "check `rubric`"), (W, "evidence")]),
        (ask("{rubric: [good]}"), ask("{rubric: [fair]}"), [(C, "check `rubric`")]),
        (ask("{rubric: [good]}"), ask("{rubric: [good]}, {contains: a}"), [(C, "check `contains`"), (S, "evidence")]),
        # Trials
        (ask(more=", trials: 3"), ask(), [(W, "`trials`")]),
        (ask(), ask(more=", trials: 3"), [(S, "`trials`")]),
        (ask(), ask(more=", trials: 1"), []),
        (run("{equals: a}", more=", trials: 2"), run("{equals: a}"), [(W, "`trials`")]),
    ],
)  # fmt: skip
def test_asked_cases(before: str, after: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(suite_changes(of(before), of(after))) == expected


JUDGED = ask("{rubric: [good]}, {contains: a}")


@pytest.mark.parametrize(
    ("cases", "before", "after", "expected"),
    [
        (ask(), "", "runner: other", [(W, "`runner` of the suite", "default", "other")]),
        (OTHER, "", "runner: other", [(C, "`runner` of the suite", "default", "other")]),
        (fires(), "", "trigger_runner: live", [(W, "`trigger_runner` of the suite", "nothing", "live")]),
        (ask(), "trigger_runner: live", "", [(C, "`trigger_runner` of the suite", "live", "nothing")]),
        (JUDGED, "", "judge: kind", [(W, "`judge` of the suite", "judge", "kind")]),
        (ask(), "", "judge: kind", [(C, "`judge` of the suite", "judge", "kind")]),
        (ask(), "trials: 3", "", [(W, "`trials` of the suite", "3", "1")]),
        (ask(), "", "trials: 3", [(S, "`trials` of the suite", "1", "3")]),
    ],
)
def test_who_answers(cases: str, before: str, after: str, expected: list[tuple[str, str, str, str]]) -> None:
    assert told(suite_changes(of(cases, before), of(cases, after))) == expected


def test_trials_of_a_case_are_not_lowered_behind_those_of_the_suite() -> None:
    found = suite_changes(of(ask(), "trials: 3"), of(ask(more=", trials: 2"), "trials: 5"))
    assert kinds(found) == [(S, "`trials` of the suite"), (W, "`trials`")]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"evals/adder/a.csv": "1"}, {"evals/adder/a.csv": "1"}, []),
        ({"evals/adder/a.csv": "1"}, {"evals/adder/a.csv": "2"}, [("1", "2")]),
        ({"evals/adder/a.csv": "1"}, {}, [("1", "nothing")]),
        ({}, {"evals/adder/a.csv": "1"}, []),
        # A file of the skill hides the one beside the suite.
        ({"evals/adder/a.csv": "1"}, {"evals/adder/a.csv": "1", "skills/adder/a.csv": "2"}, [("1", "2")]),
        ({"skills/adder/a.csv": "1"}, {"skills/adder/a.csv": "2"}, []),
        ({"skills/adder/a.csv": "1"}, {"evals/adder/a.csv": "2"}, [("1", "2")]),
    ],
)
def test_files_beside_the_suite(old: dict[str, str], new: dict[str, str], expected: list[tuple[str, str]]) -> None:
    suite = of(f"{ask(situation='prompt: hi, attached: [a.csv]')}, {OTHER}")
    found = attached_changes(suite, suite, old, new)
    assert told(found) == [(W, "attached file `a.csv`", *sides) for sides in expected]
    assert attached_changes(suite, of(OTHER), old, new) == []


def test_a_suite_is_compared_in_bounded_time() -> None:
    many = ", ".join(f"{{latency: {number}}}" for number in range(1, 800))
    more = ", ".join(f"{{latency: {number}.5}}" for number in range(1, 800))
    found = suite_changes(of(run(many)), of(run(more)))
    assert {one.kind for one in found} == {W}
    # Both sides nested, with two ways to go down at each level.
    one = other = "{latency: 1}"
    for level in range(40):
        words = ("all_of", "any_of") if level % 2 else ("any_of", "all_of")
        one = f"{{{words[0]}: [{one}, {{latency: 0.{level + 10}}}]}}"
        other = f"{{{words[1]}: [{other}, {{latency: 0.{level + 10}}}]}}"
    assert suite_changes(of(run(one)), of(run(other)))


# Properties

TEXTS = st.sampled_from(["a", "b", "ab", "ba", "abc", "B"])
LEAVES = st.one_of(
    *(TEXTS.map(lambda text, key=key: {key: text})  # type: ignore[misc]
      for key in ("equals", "contains", "not_contains", "icontains", "starts_with", "regex")),
    st.builds(lambda number, tolerance: {"number": number, "tolerance": tolerance},
              st.sampled_from([1, 2, "1.0"]), st.sampled_from([0, 0.5, 1.5])),
    st.sampled_from([1, 2, 3]).map(lambda most: {"latency": most}),
    st.sampled_from([0.5, 1.5]).map(lambda most: {"cost": most}),
    st.builds(lambda name, arguments, bounds: {"tool_called": {"name": name, "arguments": arguments, **bounds}},
              st.sampled_from("fg"), st.sampled_from([{}, {"a": 1}, {"a": 1, "b": {}}]),
              st.sampled_from([{}, {"times": 0}, {"times": 2}, {"at_least": 0, "at_most": 1}, {"at_least": 2}])),
    st.lists(st.sampled_from(["f", "g", {"name": "f", "arguments": {"a": 1}}]), min_size=1, max_size=3).map(
        lambda names: {"tool_order": names}),
    st.sampled_from([{"json_path": "$.a", "equals": 1}, {"json_path": "$.a", "contains": "a"}]),
)  # fmt: skip
CHECKS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all_of": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any_of": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=5,
)
CALLS = st.lists(
    st.builds(ToolCall, st.sampled_from("fg"), st.sampled_from([{}, {"a": 1}, {"a": 1, "b": {}}, {"a": 2}])), max_size=4
)
PRODUCED = st.builds(
    Produced,
    exit_code=st.just(0),
    stdout=st.sampled_from(["", "a", "ab", "abc", "B", "1", "1.4", "2", '{"a": 1}', '{"a": "ab"}', '{"b": 1}']),
    calls=CALLS.map(tuple),
    seconds=st.sampled_from([0.5, 1.5, 2.5]),
    cost=st.sampled_from([None, 0.2, 1.0]),
)


def holds(check: Check, produced: Produced) -> bool | None:
    """None where the check is broken."""
    try:
        return failure_of(check, produced) is None
    except BrokenCheck:
        return None


@given(CHECKS, CHECKS, st.lists(PRODUCED, min_size=5, max_size=20))
def test_what_is_said_of_two_checks_is_so_of_all_that_is_produced(
    one: dict[str, Any], other: dict[str, Any], produced: list[Produced]
) -> None:
    order, first, second = Order(), Check.model_validate(one), Check.model_validate(other)
    for end in produced:
        if order.holds_with(first, second) and holds(first, end) is True:
            assert holds(second, end) is True
        if order.fails_with(first, second) and holds(first, end) is False:
            assert holds(second, end) is False


RUNS = st.fixed_dictionaries(
    {"run": st.fixed_dictionaries({"script": st.just("a.py"), "args": st.lists(TEXTS, max_size=2)})}
)
ASKS = st.fixed_dictionaries({"ask": st.fixed_dictionaries({"prompt": TEXTS})})
TRIES = st.one_of(st.none(), st.integers(1, 5))


@st.composite
def cases(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """One case that counts, with checks that a script and an answer can be asked for."""
    checks = draw(st.lists(st.one_of(CHECKS.filter(_is_of_texts), LEAVES.filter(_is_of_texts)), min_size=1, max_size=3))
    trials = draw(TRIES)
    return {
        "id": name,
        **draw(st.one_of(RUNS, ASKS)),
        "expect": checks,
        **({} if trials is None else {"trials": trials}),
    }


def _is_of_texts(check: dict[str, Any]) -> bool:
    return not Check.model_validate(check).uses() & {"cost", "tool_called", "tool_order"}


@st.composite
def suites_of(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "skill": "adder",
        "trials": draw(st.integers(1, 3)),
        "cases": [draw(cases(f"c{number}")) for number in range(draw(st.integers(1, 4)))],
    }


def _drop_case(suite: dict[str, Any], at: int) -> None:
    suite["cases"][at] = {"id": "other", "run": {"script": "z.py"}, "expect": [{"exit_code": 0}]}


def _rename(suite: dict[str, Any], at: int) -> None:
    suite["cases"][at]["id"] = "renamed"


def _rehearse(suite: dict[str, Any], at: int) -> None:
    suite["cases"][at]["rehearsal"] = True


def _replace(suite: dict[str, Any], at: int) -> None:
    suite["cases"][at]["expect"] = [{"not_contains": "what nobody says"}]


def _widen(suite: dict[str, Any], at: int) -> None:
    suite["cases"][at]["expect"] = [{"any_of": [check, {"latency": 300}]} for check in suite["cases"][at]["expect"]]


def _situate(suite: dict[str, Any], at: int) -> None:
    case = suite["cases"][at]
    if "run" in case:
        case["run"]["args"] = [*case["run"]["args"], "--easy"]
    else:
        case["ask"]["prompt"] += " (say what is wanted)"


def _give_time(suite: dict[str, Any], at: int) -> None:
    case = suite["cases"][at]
    suite["cases"][at] = {**case, "run": {**case["run"], "timeout": 300}} if "run" in case else _emptied(case)


def _emptied(case: dict[str, Any]) -> dict[str, Any]:
    return {**case, "expect": [{"rubric": ["is kind"]}]}


def _try_less(suite: dict[str, Any], at: int) -> None:
    suite["cases"][at]["trials"] = 1


LOOSENINGS = [_drop_case, _rename, _rehearse, _replace, _widen, _situate, _give_time, _try_less]


@given(suites_of(), st.integers(0, 3), st.sampled_from(LOOSENINGS), st.randoms(use_true_random=False))
def test_no_loosening_is_missed(suite: dict[str, Any], at: int, loosen: Any, dice: random.Random) -> None:
    at %= len(suite["cases"])
    before = Suite.model_validate(suite)
    name = suite["cases"][at]["id"]
    changed = before.model_dump(exclude_unset=True, by_alias=True, mode="json")
    loosen(changed, at)
    dice.shuffle(changed["cases"])
    after = Suite.model_validate(changed)
    if loosen in (_replace, _widen) and _asks_no_more(before, at):
        return
    if loosen is _try_less and before.trials_of(before.cases[at]) == 1:
        return
    found = suite_changes(before, after)
    assert any(one.kind == W and f"case `{name}`" in one.what for one in found), found


def _asks_no_more(before: Suite, at: int) -> bool:
    """Whether all that the case asks follows from what a loosening leaves, and from nothing."""
    order = Order()
    left = [Check(not_contains="what nobody says"), Check(latency=300.0)]
    return any(order.holds_with(one, check) for one in left for check in before.cases[at].expect)


@given(suites_of(), st.randoms(use_true_random=False))
@example(
    {"skill": "adder", "cases": [{"id": "a", "ask": {"prompt": "a"}, "expect": [{"equals": "a"}]}]}, random.Random(1)
)
def test_nothing_changed_is_no_change_and_more_is_stricter_in_whatever_order(
    suite: dict[str, Any], dice: random.Random
) -> None:
    before = Suite.model_validate(suite)
    assert suite_changes(before, Suite.model_validate(suite)) == []
    more = before.model_dump(exclude_unset=True, by_alias=True, mode="json")
    more["trials"] = 100
    more["cases"].append({"id": "new", "run": {"script": "a.py"}, "expect": [{"exit_code": 0}]})
    for case in more["cases"]:
        case["expect"].append({"equals": "what nobody says"})
        dice.shuffle(case["expect"])
    dice.shuffle(more["cases"])
    found = suite_changes(before, Suite.model_validate(more))
    assert {one.kind for one in found} == {S}
