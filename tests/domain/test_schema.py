"""Schema findings: one sentence each, at its place, in words of ours."""

import pytest

from skillctl.domain import policy, skill, suite
from skillctl.domain.finding import Finding
from skillctl.domain.naming import nearest
from skillctl.domain.schema import MOST

GOOD = 'name: adder\nversion: "1.0.0"\nstatus: draft\nowners: [sums]\ndescription: Adds.\ninstructions: Add.\n'
SUITE = 'skill: adder\ncases:\n  - {id: a, run: {script: a.py, timeout: 5}, expect: [{equals: "1"}]}\n'


def of_skill(text: str) -> list[Finding]:
    return skill.read("skills/adder", {"skill.yaml": text.encode()}, frozenset())[1]


def one(findings: list[Finding]) -> tuple[str, int, int, str, str | None]:
    (finding,) = findings
    return (finding.code, finding.line, finding.column, finding.message, finding.hint)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("owners: [sums]\n", "", ("SK102", 1, 1, "`owners` is missing", None)),
        ("status", "statsu", ("SK103", 3, 1, "`statsu` is not a known key", "did you mean `status`?")),
        (
            "owners: [sums]",
            "owners: [sums]\nzzz: 1",
            ("SK103", 5, 1, "`zzz` is not a known key", "a key of your own begins with `x-`"),
        ),
        (
            'version: "1.0.0"',
            "version: 1.0",
            ("SK104", 2, 10, "`version` must be text, not the number `1.0`", 'quote it: "1.0"'),
        ),
        (
            "name: adder",
            "name: yes",
            ("SK104", 1, 7, "`name` must be text, not the truth value `true`", 'quote it: "yes"'),
        ),
        ("name: adder", "name:", ("SK104", 1, 6, "`name` must be text, not empty", None)),
        ("name: adder", "name: [a]", ("SK104", 1, 7, "`name` must be text, not a list", None)),
        ("owners: [sums]", "owners: sums", ("SK104", 4, 9, "`owners` must be a list, not `sums`", None)),
        ("owners: [sums]", "owners: {a: b}", ("SK104", 4, 9, "`owners` must be a list, not a mapping", None)),
        ("owners: [sums]", "owners: []", ("SK105", 4, 9, "`owners` is empty", None)),
        (
            "owners: [sums]",
            "owners: [sums]\nrouting: lab",
            ("SK104", 5, 10, "`routing` must be a mapping, not `lab`", None),
        ),
        (
            "status: draft",
            "status: drfat",
            (
                "SK105",
                3,
                9,
                "`status` is `drfat`; it must be one of `draft`, `candidate`, `approved`, `deprecated`",
                "did you mean `draft`?",
            ),
        ),
        (
            "status: draft",
            "status: 7",
            (
                "SK105",
                3,
                9,
                "`status` is the number `7`; it must be one of `draft`, `candidate`, `approved`, `deprecated`",
                None,
            ),
        ),
        ('"1.0.0"', '"1.0"', ("SK105", 2, 10, "`version`: `1.0` is not a semantic version such as `1.4.0`", None)),
        (
            "name: adder",
            "name: Adder--x",
            (
                "SK105",
                1,
                7,
                "`name` is `Adder--x`; lower-case letters, digits and single hyphens between them are allowed",
                None,
            ),
        ),
        (
            "[sums]",
            "[Sums]",
            ("SK105", 4, 10, "`owners.0` is `Sums`, which does not match `^[a-z0-9][a-z0-9._-]*$`", None),
        ),
        ("name: adder", f"name: {'a' * 65}", ("SK105", 1, 7, "`name` is longer than 64", None)),
        ("Adds.", "''", ("SK105", 5, 14, "`description` is empty", None)),
    ],
)
def test_each_sentence(old: str, new: str, expected: tuple[str, int, int, str, str | None]) -> None:
    assert old in GOOD
    findings = of_skill(GOOD.replace(old, new, 1))
    assert expected in [one([finding]) for finding in findings]
    assert {finding.skill for finding in findings} == {"adder"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("expect", "expct", ("SK103", 3, 46, "`cases.0.expct` is not a known key", "did you mean `expect`?")),
        (
            "script: a.py",
            "script: a.py, agrs: []",
            ("SK103", 3, 33, "`cases.0.run.agrs` is not a known key", "did you mean `args`?"),
        ),
        ("script: a.py", "script: a.py, qqq: []", ("SK103", 3, 33, "`cases.0.run.qqq` is not a known key", None)),
        (
            "timeout: 5",
            "timeout: 0",
            ("SK105", 3, 42, "`cases.0.run.timeout` is the number `0`; it must be greater than 0", None),
        ),
        (
            "timeout: 5",
            "timeout: 301",
            ("SK105", 3, 42, "`cases.0.run.timeout` is the number `301`; it must be at most 300", None),
        ),
        ("timeout: 5", "timeout: .inf", ("SK104", 3, 42, "`cases.0.run.timeout` must be a number, not `.inf`", None)),
        (
            '{equals: "1"}',
            "{exit_code: true}",
            ("SK104", 3, 67, "`cases.0.expect.0.exit_code` must be a whole number, not the truth value `true`", None),
        ),
        (
            '{equals: "1"}',
            "{exit_code: -65}",
            ("SK105", 3, 67, "`cases.0.expect.0.exit_code` is the number `-65`; it must be at least -64", None),
        ),
        (
            '{equals: "1"}',
            '{equals: "1", stream: stdut}',
            (
                "SK105",
                3,
                77,
                "`cases.0.expect.0.stream` is `stdut`; it must be one of `stdout`, `stderr`",
                "did you mean `stdout`?",
            ),
        ),
    ],
)
def test_the_same_in_a_suite(old: str, new: str, expected: tuple[str, int, int, str, str | None]) -> None:
    assert old in SUITE
    read, findings = suite.read("evals/adder", SUITE.replace(old, new, 1).encode())
    assert read is None
    assert expected in [one([finding]) for finding in findings]


def test_a_near_miss_below_a_name_of_the_authors_own() -> None:
    found = policy.read(b"environments:\n  prod:\n    mattermost: {webhok: A}\n    stor: supabase\n")[1]
    assert [(finding.line, finding.column, finding.hint) for finding in found] == [
        (3, 18, "did you mean `webhook`?"),
        (4, 5, "did you mean `store`?"),
    ]


def test_a_key_of_the_authors_own_is_left_alone() -> None:
    assert of_skill(GOOD + "x-notes: {anything: [1]}\n") == []


def test_every_problem_is_listed_up_to_a_bound() -> None:
    findings = of_skill("".join(f"key{number}: 1\n" for number in range(5000)))
    assert len(findings) == MOST + 1
    assert findings[-1].message == f"{5000 + 4 - MOST:,} more problems of this file are not listed"


def test_nearest() -> None:
    assert nearest("finance-scc", ["odoo-developer", "finance-ssc"]) == "finance-ssc"
    assert nearest("x", ["odoo-developer"]) is None


VALUES = [
    "",
    "5",
    "1.5",
    "true",
    "2026-11-22",
    "text",
    "''",
    "[]",
    "[1]",
    "[text]",
    "{}",
    "{a: 1}",
    "{a: [1]}",
    ".nan",
    ".inf",
    "-1",
    "0x" + "f" * 6000,
    "1" * 6000,
    "1" + ":00" * 300 + ".0",
    "|\n    block\n",
    "'" + "x" * 2000 + "'",
]
KEYS = {
    "skill": (
        "name",
        "version",
        "status",
        "owners",
        "tags",
        "tools",
        "routing",
        "requires",
        "inputs",
        "outputs",
        "description",
        "instructions",
        "unknown",
    ),
    "policy": ("people", "groups", "gates", "recorders", "auto_promote", "environments", "unknown"),
    "suite": ("skill", "cases", "unknown"),
}
NESTED = {
    "policy": [
        "gates: [{to: VALUE}]",
        "gates: [{to: approved, min_cases: VALUE}]",
        "gates: [{to: approved, evidence: VALUE}]",
        "gates: [{to: approved, pass_rate: VALUE}]",
        "people: {ana: VALUE}",
        "people: {ana: {emails: VALUE}}",
        "environments: {prod: VALUE}",
        "environments: {prod: {store: VALUE}}",
        "environments: {prod: {n8n: VALUE}}",
        "environments: {prod: {n8n: {secret: VALUE}}}",
    ],
    "suite": [
        "cases: [VALUE]",
        "cases: [{id: VALUE}]",
        "cases: [{id: a, run: VALUE}]",
        "cases: [{id: a, run: {timeout: VALUE}}]",
        "cases: [{id: a, run: {args: VALUE}}]",
        "cases: [{expect: VALUE}]",
        "cases: [{expect: [VALUE]}]",
        "cases: [{expect: [{exit_code: VALUE}]}]",
        "cases: [{expect: [{json_path: VALUE}]}]",
        "cases: [{expect: [{regex: VALUE}]}]",
        "cases: [{expect: [{stream: VALUE}]}]",
    ],
    "skill": [],
}


@pytest.mark.parametrize("kind", KEYS)
def test_no_sentence_is_the_librarys(kind: str) -> None:
    """Every key with every kind of wrong value: read or refused in our words, never raised."""
    texts = [f"{key}: {value}\n" for key in KEYS[kind] for value in VALUES]
    texts += [text.replace("VALUE", value) for text in NESTED[kind] for value in VALUES if "\n" not in value]
    for text in texts:
        raw = text.encode()
        findings = {
            "skill": lambda raw: of_skill(raw.decode()),
            "policy": lambda raw: policy.read(raw)[1],
            "suite": lambda raw: suite.read("evals/adder", raw)[1],
        }[kind](raw)
        for finding in findings:
            assert finding.message
            for jargon in ("Input should", "type=", "validation error", "Value error", "constrained", "Annotated"):
                assert jargon not in finding.message, (text[:80], finding.message)
            assert not finding.message.endswith(".") or "`" in finding.message
            assert len(finding.message) < 400, text[:80]
