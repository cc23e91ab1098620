"""What is other in one version than in another."""

from collections.abc import Mapping

from skillctl.domain import skill as skills
from skillctl.domain import suite as suites
from skillctl.domain.difference import MOST_LINES, File, FileChange, Version, between

DEFINITION = "name: adder\nversion: 1.0.0\nstatus: draft\nowners: [sums]\n"
SHEET = "---\nname: adder\ndescription: Adds.\n---\n\nRun it.\n"
TOOLS = "tools: {odoo: [read, write]}\n"


def version(changed: Mapping[str, str | bytes | None] = {}, modes: Mapping[str, str] = {}) -> Version:
    """A version with some files other, or left out where they are None."""
    texts: dict[str, str | bytes | None] = {
        "skill.yaml": DEFINITION,
        "SKILL.md": SHEET,
        "a.py": "print(1)\n",
        **changed,
    }
    raw = {path: text.encode() if isinstance(text, str) else text for path, text in texts.items() if text is not None}
    found, findings = skills.read("skills/adder", raw, frozenset(raw))
    assert findings == []
    return Version("v", found, {path: File(modes.get(path, "100644"), one) for path, one in raw.items()})


def suite(answer: str) -> suites.Suite:
    text = f"skill: adder\ncases: [{{id: x, run: {{script: a.py}}, expect: [{{equals: '{answer}'}}]}}]\n"
    found, _ = suites.read("evals/adder", text.encode())
    assert found is not None
    return found.suite


def test_the_same_is_none() -> None:
    found = between(version(), version())
    assert found.is_none
    assert found.suite is None


def test_fields_and_tools() -> None:
    other = DEFINITION.replace("1.0.0", "1.1.0") + TOOLS + "x-team: [a]\nsecrets: [ODOO_KEY]\n"
    sheet = SHEET.replace("Adds.", "Adds more.\nlicense: MIT\nallowed-tools: Read")
    found = between(version(), version({"skill.yaml": other, "SKILL.md": sheet}))
    assert [(one.field, one.before, one.after) for one in found.fields] == [
        ("version", "1.0.0", "1.1.0"),
        ("secrets", None, ["ODOO_KEY"]),
        ("description", "Adds.", "Adds more."),
        ("license", None, "MIT"),
        ("allowed-tools", None, "Read"),
        ("x-team", None, ["a"]),
    ]
    assert (found.tools_added, found.tools_removed) == (("odoo: read", "odoo: write"), ())
    assert found.files == (FileChange("SKILL.md", "changed"), FileChange("skill.yaml", "changed"))
    back = between(version({"skill.yaml": other}), version())
    assert back.tools_removed == ("odoo: read", "odoo: write")


def test_what_only_moves_into_the_definition_has_the_same_fields() -> None:
    inline = DEFINITION + 'description: Adds.\ninstructions: "\\nRun it.\\n"\n'
    found = between(version(), version({"skill.yaml": inline, "SKILL.md": None}))
    assert (found.fields, found.instructions) == ((), ())
    assert [(one.path, one.change) for one in found.files] == [("SKILL.md", "removed"), ("skill.yaml", "changed")]


def test_instructions() -> None:
    found = between(version(), version({"SKILL.md": SHEET.replace("Run it.\n", "Run it twice.")}))
    assert found.instructions == (
        "@@ -1,2 +1,3 @@",
        " ",
        "-Run it.",
        "+Run it twice.",
        "+\\ no line break at the end",
    )
    assert not found.is_none


def test_spelling_alone_is_told() -> None:
    found = between(version(), version({"skill.yaml": DEFINITION + "# why\n"}))
    assert [(one.path, one.lines[-1]) for one in found.files] == [("skill.yaml", "+# why")]


def test_files() -> None:
    before = version({"b.py": "x\n", "icon.png": "a", "raw.txt": b"\xff", "nul.txt": b"\0"})
    after = version(
        {"a.py": "print(2)\n", "c.py": "y\n", "icon.png": "b", "raw.txt": b"\xfe", "nul.txt": b"\0\0"},
        {"c.py": "100755", "a.py": "100755"},
    )
    assert between(before, after).files == (
        FileChange("a.py", "changed", ("@@ -1 +1 @@", "-print(1)", "+print(2)"), ("100644", "100755")),
        FileChange("b.py", "removed", ("@@ -1 +0,0 @@", "-x")),
        FileChange("c.py", "added", ("@@ -0,0 +1 @@", "+y")),
        FileChange("icon.png", "changed"),
        FileChange("nul.txt", "changed"),
        FileChange("raw.txt", "changed"),
    )


def test_a_long_text_is_only_named_and_no_secret_is_told() -> None:
    long = "x\n" * (MOST_LINES + 1)
    assert between(version(), version({"a.py": long})).files == (FileChange("a.py", "changed"),)
    key = "ghp_" + "Zx8Qk2Lw9Rt4Yp7Vn3Bm6Hc1Jd5Fg0SaTuEi"
    found = between(version(), version({"a.py": f"key = '{key}'\n"}))
    assert key not in repr(found)


def test_suites_where_both_are_seen() -> None:
    one, other = version(), version()
    sides = [Version(v.label, v.skill, v.files, suite(answer), True) for v, answer in ((one, "1"), (other, "2"))]
    found = between(*sides).suite
    assert found is not None
    assert [(change.kind, change.what) for change in found] == [("weakened", "case `x`: check `equals`")]
    assert between(one, sides[1]).suite is None
    assert between(sides[0], Version("v", one.skill, one.files, None, True)).is_none is False
