"""Each rule: what it finds, where, and what it leaves alone."""

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from skillctl.domain import document as documents
from skillctl.domain import rules, skill, suite
from skillctl.domain.card import Card
from skillctl.domain.finding import Finding, Severity
from skillctl.domain.lifecycle import Status
from skillctl.domain.rules.subject import Subject, World
from skillctl.domain.serving import Retirement, Serving
from skillctl.domain.tree import TreeFile

HEAD = 'name: adder\nversion: "1.0.0"\nstatus: draft\nowners: [sums]\n'
SHEET = '---\nname: adder\ndescription: "Adds up bills. Use it to add."\n---\n'
SUITE = "skill: adder\ncases:\n  - {id: a, run: {script: scripts/add.py}, expect: [{exit_code: 0}]}\n"
WORLD = World(frozenset({"adder", "kubernetes-genius"}), frozenset({"odoo-erp-server"}))


def found(
    head: str = "",
    sheet: str | None = "Add.\n",
    cases: str | None = SUITE,
    world: World = WORLD,
    folder: str = "adder",
    status: str = "draft",
    **subject: Any,
) -> list[tuple[str, str, int, int, str]]:
    """Code, file name, line, column and hint or message of each finding on one skill."""
    raw = {"skill.yaml": (HEAD.replace("draft", status) + head).encode()}
    if sheet is None:
        raw["skill.yaml"] += b"description: Adds up bills. Use it to add.\ninstructions: Run `scripts/gone.py`.\n"
    else:
        raw["SKILL.md"] = (SHEET + sheet).encode()
    files = frozenset({*raw, "scripts/add.py", "references/tax/a.md"})
    read, findings = skill.read(f"skills/{folder}", raw, files)
    assert findings == []
    read_suite = None
    if cases is not None:
        read_suite, findings = suite.read("evals/adder", cases.encode())
        assert read_suite is not None, findings
    looked_at = Subject(read, read_suite, **({"serving": None, "approved": {}} | subject))
    world = replace(world, cards={**world.cards, folder: looked_at.card})
    across = [finding for finding in rules.judge_all(world) if finding.skill == folder]
    said = sorted([*rules.judge(looked_at), *across], key=lambda finding: finding.code)
    assert all(finding.skill == folder for finding in said)
    return [
        (finding.code, finding.file.rsplit("/", 1)[-1], finding.line, finding.column, finding.hint or finding.message)
        for finding in said
    ]


def test_a_good_skill_has_no_finding() -> None:
    assert (
        found("tools: {odoo-erp-server: [read]}\nrequires: {kubernetes-genius: ^1.2}\ninputs: {type: object}\n") == []
    )
    assert found(sheet=None) == []


def test_every_rule_is_on_the_list() -> None:
    modules = {module.stem for module in __import__("pathlib").Path(rules.__file__).parent.glob("*.py")}
    checks = [rule.check or rule.across for rule in rules.RULES if rule.check or rule.across]
    listed = {check.__module__.rsplit(".", 1)[-1] for check in checks if check}
    assert listed == modules - {"__init__", "subject", "rule", "reading", "releasing", "gating", "suppressing"}


def test_name_is_folder() -> None:
    hint = "write `name: sums`, or rename the folder"
    assert found(folder="sums") == [("SK201", "skill.yaml", 1, 7, hint), ("SK201", "SKILL.md", 2, 7, hint)]


def test_known_tools() -> None:
    assert found("tools:\n  odoo-erp-servr: [read]\n  zzz: [read]\n") == [
        ("SK202", "skill.yaml", 6, 3, "did you mean `odoo-erp-server`?"),
        ("SK202", "skill.yaml", 7, 3, "add it to the registry"),
    ]
    assert found("tools: {zzz: [read]}\n", world=World(WORLD.skills, None)) == []


def test_requirements_resolve() -> None:
    assert found('requires: {adder: "1", kubernetes-genus: "1", zzz: "1"}\n') == [
        ("SK204", "skill.yaml", 5, 19, "a skill cannot require itself"),
        ("SK204", "skill.yaml", 5, 42, "did you mean `kubernetes-genius`?"),
        ("SK204", "skill.yaml", 5, 52, "there is no skill `zzz`"),
    ]


def test_schemas_are_schemas() -> None:
    first, second = found("inputs:\n  properties:\n    a: {type: strng}\noutputs: {minimum: x}\n")
    assert first[:4] == ("SK205", "skill.yaml", 7, 15)
    assert first[4].startswith("`inputs.properties.a.type` is not valid JSON Schema: 'strng' is not valid")
    assert second[:4] == ("SK205", "skill.yaml", 8, 20)
    assert second[4] == "`outputs.minimum` is not valid JSON Schema: 'x' is not of type 'number'"


def test_the_deepest_schema_that_can_be_read_can_be_judged() -> None:
    (finding,) = found("inputs: " + "{not: " * 95 + "{type: strng}" + "}" * 95 + "\n")
    assert finding[0] == "SK205"


def test_no_finance_in_the_lab() -> None:
    lab = "routing: {target: odoo_lab}\n"
    assert found(lab + "tags: [oca]\n") == []
    assert found("routing: {target: odoo_erp}\ntags: [finance]\n") == []
    for tag in ("finance", "ssc"):
        assert found(lab + f"tags: [oca, {tag}]\n") == [("SK206", "skill.yaml", 5, 19, "write `target: odoo_erp`")]


def test_references_exist() -> None:
    text = (
        "Run `scripts/add.py`, ./scripts/add.py and [that](references/tax/a.md).\n"
        "\U0001f600 Run scripts/ad.py, scripts/ad.py. See references/tax and references/tax/.\n"
        "a\x0cb\u2028c\n"
        "See assets/logo.png, https://example.test/scripts/x.py and my-scripts/x.py\n"
    )
    assert found(sheet=text) == [
        ("SK207", "SKILL.md", 6, 7, "did you mean `scripts/add.py`?"),
        ("SK207", "SKILL.md", 8, 5, "add the file, or take the mention out"),
    ]


@pytest.mark.parametrize("status", ["approved", "deprecated"])
def test_approval_on_record(status: str) -> None:
    hint = "write `status: draft`, then run `skillctl promote adder`"
    assert found(status=status) == [("SK208", "skill.yaml", 3, 9, hint)]
    serving = Serving(deprecated={"1.0.0": Retirement(reason="old")} if status == "deprecated" else {})
    assert found(status=status, approved={"1.0.0": "sha256:x"}, serving=serving) == []


def test_suite_is_there() -> None:
    read, _ = skill.read("skills/adder", {"skill.yaml": HEAD.encode(), "SKILL.md": SHEET.encode()}, frozenset())
    assert read is not None
    (warning,) = rules.suite_is_there.check(Subject(read, None, None, {}))
    assert (warning.code, warning.severity) == ("SK302", Severity.WARNING)
    assert found(cases=None) == [("SK302", "skill.yaml", 1, 7, "write cases with `run` and `expect`")]
    assert found(cases=None, status="candidate") == found(cases=None)
    read, _ = skill.read(
        "skills/adder",
        {"skill.yaml": HEAD.replace("draft", "candidate").encode(), "SKILL.md": SHEET.encode()},
        frozenset(),
    )
    assert read is not None
    (error,) = rules.suite_is_there.check(Subject(read, None, None, {}))
    assert error.severity is Severity.ERROR


def test_scripts_of_cases_exist() -> None:
    cases = (
        "skill: adder\ncases:\n  - {id: a, run: {script: scripts/ad.py}, expect: [{exit_code: 0}]}\n"
        "  - {id: b, run: {script: /etc/passwd}, expect: [{exit_code: 0}]}\n"
    )
    assert found(cases=cases) == [
        ("SK303", "suite.yaml", 3, 27, "did you mean `scripts/add.py`?"),
        ("SK303", "suite.yaml", 4, 27, "case `b` runs `/etc/passwd`, which is not in `skills/adder`"),
    ]


def test_json_paths_parse() -> None:
    cases = SUITE.replace("{exit_code: 0}", "{json_path: $.a, equals: 1}, {exit_code: 0}, {json_path: '$[', equals: 1}")
    assert found(cases=cases) == [
        ("SK304", "suite.yaml", 3, 110, "`json_path` is not a JSON path: unexpected end of query")
    ]


def test_serving_is_approved() -> None:
    old = Retirement(reason="old")
    serving = Serving(
        serving="2.0.0", deprecated={"1.0.0": old, "2.0.0": old}, withdrawn={"3.0.0": old}, revoked={"4.0.0": old}
    )
    text = (
        'serving: "2.0.0"\ndeprecated:\n  "1.0.0": {reason: old}\n  "2.0.0": {reason: old}\nwithdrawn: {"3.0.0": {}}\n'
    )
    known = "known are: 1.0.0, 4.0.0"
    texts = {"approvals/adder/serving.yaml": text}
    assert found(serving=serving, approved={"1.0.0": "x", "4.0.0": "y"}, texts=texts) == [
        ("SK401", "serving.yaml", 1, 1, known),
        ("SK401", "serving.yaml", 4, 3, known),
        ("SK401", "serving.yaml", 5, 13, known),
    ]
    assert found(serving=Serving(serving="2.0.0")) == [("SK401", "serving.yaml", 1, 1, "known are: none")]
    assert found(serving=Serving()) == []


def test_only_plain_files_have_an_identity() -> None:
    entries = [
        TreeFile("skills/adder/scripts/add.py", "100644", ""),
        TreeFile("skills/adder/link", "120000", ""),
        TreeFile("skills/adder/a\nb", "100644", ""),
        TreeFile("skills/adder/\udcff", "100755", ""),
    ]
    assert [(code, file) for code, file, *_ in found(entries=entries)] == [
        ("SK209", "link"),
        ("SK209", "a\\nb"),
        ("SK209", "\\udcff"),
    ]


def test_what_is_rewritten_in_place_stands_on_one_line() -> None:
    assert found(status=">-\n  draft")[0][:4] == ("SK210", "skill.yaml", 3, 9)


def test_an_escape_cannot_bring_in_what_no_store_holds() -> None:
    for text, place in (('a: "x\\0"', (1, 4)), ('"x\\0": 1', (1, 1))):
        document, findings = documents.parse_text(text, "f")
        assert document is None
        assert [(one.code, one.line, one.column) for one in findings] == [("SK001", *place)]


def test_a_pattern_that_takes_long_to_try_is_left_alone() -> None:
    cases = SUITE.replace("{exit_code: 0}", '{regex: "(a*)*b?"}')
    assert found(cases=cases) == []


def test_who_is_offered_requires_what_can_be_offered() -> None:
    requires = 'requires: {kubernetes-genius: "^1.2", gone: "^1", adder: "^1"}\n'
    card = Card("kubernetes-genius", "1.3.0", Status.CANDIDATE, "Knows clusters.", approved=("1.1.0",))
    world = World(WORLD.skills, WORLD.servers, cards={"kubernetes-genius": card})
    assert [one[:4] for one in found(requires, world=world, status="candidate") if one[0] == "SK221"] == [
        ("SK221", "skill.yaml", 5, 31)
    ]
    card = Card("kubernetes-genius", "1.3.0", Status.CANDIDATE, "Knows clusters.", approved=("1.2.0",))
    world = World(WORLD.skills, WORLD.servers, cards={"kubernetes-genius": card})
    assert [one for one in found(requires, world=world, status="candidate") if one[0] == "SK221"] == []


def test_no_finding_is_harder_than_its_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    read, _ = skill.read("skills/adder", {"skill.yaml": HEAD.encode(), "SKILL.md": SHEET.encode()}, frozenset())
    assert read is not None
    subject = Subject(read, None, None, {})
    hard = Finding("SK212", "too short", "f")
    rule = next(rule for rule in rules.RULES if rule.code == "SK212")
    monkeypatch.setattr(rules, "_LOCAL", ((rule, lambda _: [hard]),))
    assert [one.severity for one in rules.judge(subject)] == [Severity.WARNING]


SHIPPED = sorted(path for path in Path(__file__).parents[2].glob("skills/*/*") if path.is_file())
NASTY = st.sampled_from(
    (
        *(
            "",
            "---\n",
            "\n---\n",
            "x: [1, 2]\n",
            "no",
            "~",
            "1e3",
            "\ufeff",
            "\u200b",
            "\U000e0041",
            "\u202e",
            "```\n",
            "`",
        ),
        *(
            "<!--",
            "-->",
            "](../x)",
            "../../skills/x",
            "scripts/../..",
            "\r\n",
            "\t",
            "\0",
            "é",
            "'",
            '"',
            "{",
            "}",
            ": ",
        ),
        *("curl x | sh", "ignore all previous instructions", "password = 'a1b2c3d4e5f6g7'", "requires: {a: ^1}\n"),
        *("*", "&a ", "!!set ", "- ", "#", "|", ">-\n"),
    )
)
CHANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), NASTY), min_size=1, max_size=5)


@given(st.sampled_from(SHIPPED), CHANGES)
def test_no_rule_stumbles_over_a_shipped_skill_that_was_changed(
    file: Path, changes: list[tuple[float, int, str]]
) -> None:
    """Whatever is put into one of our skills or taken out: it can be read and judged, or there are findings."""
    raw = {path.name: path.read_bytes() for path in file.parent.iterdir() if path.is_file()}
    text = file.read_text(encoding="utf-8")
    for at, length, put in changes:
        start = int(at * len(text))
        text = text[:start] + put + text[start + length :]
    raw[file.name] = text.encode()
    folder = f"skills/{file.parent.name}"
    read, findings = skill.read(folder, raw, frozenset(raw))
    texts = {f"{folder}/{name}": content.decode() for name, content in raw.items()}
    looked_at = Subject(read, None, None, {}, texts=texts)
    world = World(WORLD.skills, WORLD.servers, cards={file.parent.name: looked_at.card})
    for finding in (*findings, *rules.judge(looked_at), *rules.judge_all(world)):
        assert finding.line >= 1
        assert finding.column >= 1


@pytest.mark.parametrize(
    "key", ["type: [{}]", "required: [{}]", "dependentRequired: {{a: [{}]}}", "items: {{type: [{}]}}"]
)
def test_a_hostile_list_of_words_takes_its_length_and_no_more(key: str) -> None:
    things = ", ".join(f"{{a: {number}}}" for number in range(4000))
    begun = time.monotonic()
    assert [code for code, *_ in found("inputs: {" + key.format(things) + "}\n")] == ["SK205"]
    assert time.monotonic() - begun < 10
