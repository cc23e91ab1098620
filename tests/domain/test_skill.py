"""A skill's folder and its suite: read whole, or refused with everything that is wrong."""

import json

import pytest

from skillctl.domain import skill, suite
from skillctl.domain.finding import Finding, Severity, errors_in
from skillctl.domain.skill import Skill
from tests.domain.made import told

HEAD = 'name: adder\nversion: "1.0.0"\nstatus: draft\nowners: [sums]\n'
SHEET = '---\nname: adder\ndescription: "Adds."\n---\n\nRun `scripts/add.py`.\n'


def read(texts: dict[str, str | bytes], files: tuple[str, ...] = ()) -> tuple[Skill | None, list[Finding]]:
    raw = {path: text if isinstance(text, bytes) else text.encode() for path, text in texts.items()}
    return skill.read("skills/adder", raw, frozenset((*texts, *files)))


def test_the_two_files() -> None:
    found, findings = read({"skill.yaml": HEAD + "routing: {target: odoo_erp}\n", "SKILL.md": SHEET})
    assert findings == []
    assert found is not None
    assert (found.name, found.id, found.description) == ("adder", "adder@1.0.0", "Adds.")
    assert found.instructions == "\nRun `scripts/add.py`.\n"
    assert found.sheet is not None
    assert found.sheet.first_line == 5
    assert found.card == {
        "name": "adder",
        "description": "Adds.",
        "owners": ["sums"],
        "tags": [],
        "tools": {},
        "routing": {"target": "odoo_erp"},
        "requires": {},
        "inputs": None,
        "outputs": None,
    }


def test_the_one_file_in_both_spellings() -> None:
    inline = "description: Adds.\ninstructions: Add.\n"
    head = {"name": "adder", "version": "1.0.0", "status": "draft", "owners": ["sums"]}
    spelt = json.dumps(head | {"description": "Adds.", "instructions": "Add."})
    for name, text in (("skill.yaml", HEAD + inline), ("skill.json", spelt)):
        found, findings = read({name: text})
        assert findings == []
        assert found is not None
        assert (found.description, found.instructions, found.card["routing"]) == ("Adds.", "Add.", None)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_and_no_line_end_at_all(end: str) -> None:
    for text in (SHEET, SHEET.split("\n\n")[0]):
        found, findings = read({"skill.yaml": HEAD.replace("\n", end), "SKILL.md": text.replace("\n", end)})
        assert findings == []
        assert found is not None
        assert found.sheet is not None
        assert found.sheet.document.place(("description",)).line == 3


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({}, ("SK101", 1, 1, "`skill.yaml` is missing")),
        (
            {"skill.yaml": HEAD, "skill.json": "{}", "SKILL.md": SHEET},
            ("SK101", 1, 1, "both `skill.yaml` and `skill.json` are there"),
        ),
        (
            {"skill.yaml": HEAD},
            (
                "SK101",
                1,
                1,
                "`SKILL.md` is missing, and `skill.yaml` does not carry `description` and `instructions` instead",
            ),
        ),
        (
            {"skill.yaml": HEAD + "description: x\n"},
            (
                "SK101",
                1,
                1,
                "`SKILL.md` is missing, and `skill.yaml` does not carry `description` and `instructions` instead",
            ),
        ),
        (
            {"skill.yaml": HEAD + "instructions: x\n", "SKILL.md": SHEET},
            ("SK106", 5, 1, "`instructions` stands here although there is a `SKILL.md`"),
        ),
        (
            {"skill.yaml": HEAD + "description: x\n", "SKILL.md": SHEET},
            ("SK106", 5, 1, "`description` stands here although there is a `SKILL.md`"),
        ),
        (
            {"skill.yaml": HEAD, "SKILL.md": "# Adder\n"},
            ("SK007", 1, 1, "the file does not begin with frontmatter (`---`)"),
        ),
        (
            {"skill.yaml": HEAD, "SKILL.md": "---\nname: adder\n"},
            ("SK007", 1, 1, "the frontmatter is not closed by a line `---`"),
        ),
        ({"skill.yaml": HEAD, "SKILL.md": b"\xff"}, ("SK001", 1, 1, "byte 0xff is not UTF-8")),
        (
            {"skill.yaml": HEAD, "SKILL.md": "---\na: [\n---\n"},
            ("SK002", 3, 1, "did not find expected node content while parsing a flow node"),
        ),
        ({"skill.yaml": HEAD, "SKILL.md": "---\nname: adder\n---\n"}, ("SK102", 2, 1, "`description` is missing")),
        (
            {"skill.yaml": "a: [", "SKILL.md": SHEET},
            ("SK002", 1, 5, "did not find expected node content while parsing a flow node"),
        ),
    ],
)
def test_each_refusal(texts: dict[str, str | bytes], expected: tuple[str, int, int, str]) -> None:
    _, findings = read(texts)
    assert told(findings) == [expected]
    assert {finding.skill for finding in findings} == {"adder"}


def test_one_broken_file_hides_no_other() -> None:
    _, findings = read({"skill.yaml": "name: adder\n", "SKILL.md": "---\nname: Adder!\ndescription: x\n---\n"})
    assert {finding.file for finding in findings} == {"skills/adder/skill.yaml", "skills/adder/SKILL.md"}
    assert [finding.code for finding in sorted(findings, key=lambda finding: finding.order)] == [
        "SK105",
        "SK102",
        "SK102",
        "SK102",
    ]


def test_only_errors_say_no() -> None:
    warning = Finding("SK302", "no suite", "x", severity=Severity.WARNING)
    error = Finding("SK201", "no", "x")
    assert errors_in([warning, error]) == [error]


SUITE = "skill: adder\ncases:\n  - {id: a, run: {script: a.py}, expect: [{exit_code: 0}]}\n"


def test_a_suite() -> None:
    found, findings = suite.read("evals/adder", SUITE.encode())
    assert findings == []
    assert found is not None
    (only,) = found.suite.cases
    assert only.run is not None
    assert (only.id, only.run.timeout, only.run.args, only.run.stdin) == ("a", 10.0, [], None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("skill: [", ("SK002", 1, 9, "did not find expected node content while parsing a flow node")),
        (SUITE.replace("adder", "other"), ("SK301", 1, 8, "the suite is of `other` but lies in the folder of `adder`")),
        ("skill: adder\ncases: []\n", ("SK105", 2, 8, "`cases` is empty")),
        (SUITE + SUITE.split("cases:\n")[1], ("SK310", 4, 10, "two cases have the id `a`")),
    ],
)
def test_what_is_no_suite(text: str, expected: tuple[str, int, int, str]) -> None:
    _, findings = suite.read("evals/adder", text.encode())
    assert told(findings) == [expected]
