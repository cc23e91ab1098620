"""What is read in part: the rest of it is looked at, and nothing relies on it."""

from collections.abc import Mapping

import pytest

from skillctl.domain import document as documents
from skillctl.domain import likeness, naming, registry, rules, skill, suite
from skillctl.domain.environment import Environment
from skillctl.domain.finding import Finding
from skillctl.domain.policy import Policy
from skillctl.domain.rules import texts_are_text
from skillctl.domain.rules.subject import Subject
from skillctl.domain.tree import MAX_BYTES, folders_for, folders_of, is_data, name_in
from skillctl.errors import UsageError

HEAD = b'name: adder\nversion: "1.0.0"\nstatus: draft\nowners: [sums]\n'
SHEET = b'---\nname: adder\ndescription: "Adds up bills. Use it to add."\n---\nAdd.\n'


def codes(findings: list[Finding]) -> list[tuple[str, str, int, int]]:
    return [(one.code, one.file, one.line, one.column) for one in findings]


def read(texts: Mapping[str, bytes], folder: str = "skills/adder") -> tuple[skill.Skill, list[Finding]]:
    return skill.read(folder, texts, frozenset(texts))


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (b'{"name": "adder",}', "SK002", (1, 17)),
        (b'{"name":\r\n\t"\xf0\x9f\x98\x80", x}', "SK002", (2, 7)),
        (b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}", "SK006", (1, 106)),
        (b'{"a": 1, "a": 2}', "SK003", (1, 10)),
        (b'{"a": "\\u0000"}', "SK001", (1, 7)),
        (b"[]", "SK005", (1, 1)),
        (b"{'a': 1}", "SK002", (1, 2)),
        (b"", "SK002", (1, 1)),
    ],
)
def test_json_is_read_as_json(text: bytes, code: str, place: tuple[int, int]) -> None:
    _, (finding,) = documents.parse(text, "skills/adder/skill.json")
    assert (finding.code, (finding.line, finding.column)) == (code, place)


def test_yaml_counts_lines_that_editors_do_not() -> None:
    document, findings = documents.parse_text("a: 1 # x\u2028b: 2\nc: [d]\n", "f")
    assert document is not None, findings
    assert (document.place(("c", 0)).line, document.place(("c", 0)).column) == (2, 5)
    assert (document.place(("b",)).line, document.place(("b",)).column) == (1, 13)


def test_what_the_scanner_itself_gives_up_on_is_too_deep() -> None:
    _, (finding,) = documents.parse(b"a: " + b"[" * 5000, "f")
    assert (finding.code, finding.line) == ("SK006", 1)


def test_a_tag_on_each_level_is_no_way_round_the_bound() -> None:
    _, (finding,) = documents.parse(b"a: " + b"!!seq [" * 150 + b"]" * 150, "f")
    assert finding.code == "SK006"


def test_what_is_broken_hides_nothing_of_the_rest() -> None:
    found, findings = read(
        {"skill.yaml": HEAD.replace(b"draft", b"drft") + b"requires: {x: '^1'}\n", "SKILL.md": SHEET}
    )
    assert codes(findings) == [("SK105", "skills/adder/skill.yaml", 3, 9)]
    assert (found.definition.status.value, found.definition.requires) == ("draft", {"x": "^1"})
    found, findings = read({"skill.yaml": b"a: [", "SKILL.md": SHEET.replace(b"adder", b"Adder")})
    assert [one.code for one in findings] == ["SK002", "SK105"]
    assert (found.definition.name, found.description) == ("adder", "Adds up bills. Use it to add.")
    found, findings = read({"SKILL.md": SHEET}, "skills/No_Name")
    assert found.definition.name == "unnamed"


def test_a_link_is_not_missing() -> None:
    files = frozenset({"skill.yaml", "SKILL.md"})
    for there, gone in (("skill.yaml", "SKILL.md"), ("SKILL.md", "skill.yaml")):
        texts = {"skill.yaml": HEAD, "SKILL.md": SHEET}
        _, (finding,) = skill.read("skills/adder", {there: texts[there]}, files)
        assert codes([finding]) == [("SK101", f"skills/adder/{gone}", 1, 1)]
        assert finding.message == f"`{gone}` is no plain file, and what it leads to is not read"


def test_a_plain_folder() -> None:
    found, findings = skill.read_plain("pdf", {"SKILL.md": SHEET}, frozenset({"SKILL.md"}))
    assert (findings, found.folder, found.instructions) == ([], "pdf", "Add.\n")
    found, findings = skill.read_plain("pdf", {}, frozenset({"skill.md"}))
    assert codes(findings) == [("SK101", "pdf/SKILL.md", 1, 1)]
    assert "git mv pdf/skill.md pdf/SKILL.md" in str(findings[0].hint)
    assert rules.judge(Subject(found, None, None, {}, told=frozenset()), plain=True)[0].code == "SK213"


def test_a_definition_alone() -> None:
    assert skill.read_definition("skills/adder", {})[1][0].code == "SK101"
    assert skill.read_definition("skills/adder", {"skill.yaml": b"a: ["})[1][0].code == "SK002"
    assert skill.read_definition("skills/adder", {"skill.yaml": b"name: adder\n"})[0] is None
    found, findings = skill.read_definition("skills/adder", {"skill.yaml": HEAD})
    assert found is not None, findings
    assert found.definition.version == "1.0.0"


SUITE = "skill: adder\ncases:\n"
GOOD = "  - {id: a, run: {script: a.py}, expect: [{exit_code: 0}]}\n"


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("  - {id: b}\n", "a case is exactly one of `run`, `ask`, `trigger`, `tool`"),
        ("  - {id: b, run: {script: a.py}}\n", "a case needs `expect`, with a check at least"),
        (
            "  - {id: b, trigger: {prompt: x, fires: true}, expect: [{exit_code: 0}]}\n",
            "a `trigger` case expects what `fires` says; it has no `expect`",
        ),
    ],
)
def test_a_broken_case_hides_no_other(case: str, message: str) -> None:
    found, (finding,) = suite.read("evals/adder", (SUITE + case + GOOD).encode())
    assert (finding.code, finding.line, finding.column) == ("SK105", 3, 5)
    assert message in finding.message
    assert found is not None
    assert [(path, one.id) for path, one in found.cases] == [(("cases", 1), "a")]
    assert suite.read("evals/adder", (SUITE + case).encode())[0] is None
    assert suite.read("evals/adder", b"skill: adder\ncases: 7\n")[0] is None


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('{"mcpServers": {"a": {}}, "groups": {"g": ["a"]}}', []),
        ("{}", [("SK008", 1, 1)]),
        ('{"mcpServers": []}', [("SK008", 1, 16)]),
        ('{"mcpServers": {}, "groups": []}', [("SK008", 1, 30)]),
        ('{"mcpServers": {}, "groups": {"g": "abc", "h": [1]}}', [("SK008", 1, 36), ("SK008", 1, 48)]),
        ("{", [("SK002", 1, 2)]),
    ],
)
def test_the_registry(text: str, places: list[tuple[str, int, int]]) -> None:
    found, findings = registry.read(text.encode())
    assert [(one.code, one.line, one.column) for one in findings] == places
    assert (found.servers == frozenset({"a"})) is (not places)


def test_names_that_were_meant() -> None:
    assert naming.known_skill("adder", ["adder"]) == "adder"
    for name, hint in (("ader", "did you mean `adder`?"), ("zzz", "known skills: `adder`")):
        with pytest.raises(UsageError) as caught:
            naming.known_skill(name, ["adder"])
        assert caught.value.hint == hint
    with pytest.raises(UsageError) as caught:
        naming.known_skill("zzz", [])
    assert caught.value.hint == "known skills: none"


def test_where_things_lie() -> None:
    assert folders_of("a") == ("skills/a", "evals/a", "approvals/a")
    assert [name_in(path) for path in ("skills/a/b", "evals/a", "skills", "docs/a/b")] == ["a", "a", "", ""]
    assert [is_data(path) for path in ("a.PNG", "b.md", "c.tar.gz", "png")] == [True, False, True, False]


def test_of_many_skills_the_common_folders_are_listed() -> None:
    few = [f"s{number}" for number in range(100)]
    assert folders_for(few, "evals") == tuple(f"evals/{name}" for name in few)
    assert folders_for(["a"], "skills", "evals") == ("skills/a", "evals/a")
    assert folders_for([*few, "a"], "skills", "evals") == ("skills", "evals")
    assert folders_for([], "skills") == ()


def test_the_branch_that_production_is_released_from() -> None:
    assert Policy().release_branch == "main"
    environments = {"dev": Environment(), "prod": Environment(store="supabase", release_branch="live")}
    assert Policy(environments=environments).release_branch == "live"


def test_a_text_that_is_too_large_to_be_looked_at() -> None:
    found, _ = read({"skill.yaml": HEAD, "SKILL.md": SHEET})
    texts = {"skills/adder/a.md": "x" * MAX_BYTES, "skills/adder/b.bin": "x" * MAX_BYTES, "skills/adder/c.md": "é"}
    (finding,) = texts_are_text.check(Subject(found, None, None, {}, texts=texts))
    assert (finding.code, finding.file) == ("SK227", "skills/adder/a.md")


def test_a_placeholder_in_a_trigger_case() -> None:
    cases = (
        SUITE + "  - {id: a, trigger: {prompt: TODO, fires: true}}\n  - {id: b, trigger: {prompt: x, fires: false}}\n"
    )
    found, _ = read({"skill.yaml": HEAD, "SKILL.md": SHEET})
    read_suite, findings = suite.read("evals/adder", cases.encode())
    assert findings == []
    said = rules.judge(Subject(found, read_suite, None, {}))
    assert [(one.code, one.line, one.column) for one in said if one.code == "SK306"] == [("SK306", 3, 31)]


def test_words_that_only_seem_alike_are_compared_and_left() -> None:
    # Anagrams have the same letters, and are no edit apart.
    assert likeness.near_names({"abcdef", "fedcba"}) == {}
    assert likeness.near_names({"abc", "abcd", "bcda"}) == {"abc": ["abcd"], "abcd": ["abc"]}
