"""`diff`: what is served, what is in work and what was approved, compared two at a time."""

import json
from pathlib import Path

import pytest

from tests.shop import Shop


@pytest.fixture
def served(approved_shop: Path, tmp_path: Path) -> Shop:
    """A repository whose `adder` 1.0.0 is approved and served."""
    return Shop.copied(approved_shop, tmp_path / "served")


def test_what_is_served_is_compared_with_the_working_folder(served: Shop) -> None:
    served.skillctl("revise", "adder")
    served.write("skills/adder/scripts/add.py", "print(43)\n")
    head = served.head()
    data = served.skillctl("diff", "adder").data
    assert (data["before"], data["after"], data["same"]) == ("adder@1.0.0", "adder@1.1.0 in the working folder", False)
    assert data["fields"] == [
        {"field": "version", "before": "1.0.0", "after": "1.1.0"},
        {"field": "status", "before": "approved", "after": "draft"},
    ]
    files = {file["path"]: file["lines"] for file in data["files"]}
    assert files == {"scripts/add.py": ["@@ -1 +1 @@", "-print(42)", "+print(43)"], "skill.yaml": []}
    assert (data["suite"], data["instructions"], data["tools"]) == (None, [], {"added": [], "removed": []})
    assert (served.head(), served.git("diff", "--cached", "--name-only")) == (head, "")


def test_the_same_is_no_difference(served: Shop) -> None:
    answer = served.typed("diff", "adder")
    assert (answer.exit_code, answer.out) == (0, "adder@1.0.0 -> adder@1.0.0 in the working folder\nno difference\n")
    assert served.skillctl("diff", "adder", "adder@1.0.0", "1.0.0").data["same"] is True


def test_two_approved_versions(served: Shop) -> None:
    served.skillctl("revise", "adder")
    served.write("skills/adder/references/why.md", "Because.\n")
    served.commit()
    served.approve()
    data = served.skillctl("diff", "adder", "1.0.0", "1.1.0").data
    assert [(file["path"], file["change"]) for file in data["files"]] == [
        ("references/why.md", "added"),
        ("skill.yaml", "changed"),
    ]
    assert data["fields"] == [{"field": "version", "before": "1.0.0", "after": "1.1.0"}]


def test_a_suite_is_compared_where_both_are_in_work(shop: Shop) -> None:
    suite = (shop.root / "evals/adder/suite.yaml").read_text()
    shop.write("evals/adder/suite.yaml", suite.replace('equals: "42"', 'contains: "4"'))
    data = shop.skillctl("diff", "adder", "HEAD", "working").data
    assert [(one["kind"], one["what"], one["before"], one["after"]) for one in data["suite"]] == [
        ("weakened", "case `adds`: check `equals`", "42", "nothing"),
        ("stricter", "case `adds`: check `contains`", "nothing", "4"),
    ]
    assert shop.skillctl("diff", "adder", "working", "working").data["same"] is True
    shop.write("evals/adder/suite.yaml", "cases: [")
    data = shop.skillctl("diff", "adder", "HEAD", "working").data
    assert (data["suite"], data["same"]) == (None, True)


def test_on_a_terminal(served: Shop) -> None:
    served.skillctl("revise", "adder")
    definition = (served.root / "skills/adder/skill.yaml").read_text()
    served.write("skills/adder/skill.yaml", definition + "tools: {odoo: [read]}\n")
    sheet = (served.root / "skills/adder/SKILL.md").read_text()
    served.write("skills/adder/SKILL.md", sheet.replace("Run `", "Always run `"))
    served.write("skills/adder/scripts/add.py", "print(42)  # \x1b[2J [red]\n")
    (served.root / "skills/adder/scripts/add.py").chmod(0o755)
    served.write("skills/adder/\x1b[31m.txt", "new\n")
    out = served.typed("diff", "adder").out
    assert out == (
        "adder@1.0.0 -> adder@1.1.0 in the working folder\n"
        "\n"
        "version: 1.0.0 -> 1.1.0\n"
        "status:  approved -> draft\n"
        "\n"
        "tools asked for\n"
        "+ odoo: read\n"
        "\n"
        "instructions\n"
        "@@ -1,2 +1,2 @@\n"
        " \n"
        "-Run `scripts/add.py`.\n"
        "+Always run `scripts/add.py`.\n"
        "\n"
        "files\n"
        "+ \\x1b[31m.txt\n"
        "    @@ -0,0 +1 @@\n"
        "    +new\n"
        "~ SKILL.md\n"
        "~ scripts/add.py (100644 -> 100755)\n"
        "    @@ -1 +1 @@\n"
        "    -print(42)\n"
        "    +print(42)  # \\x1b[2J [red]\n"
        "~ skill.yaml\n"
    )


def test_a_weakened_suite_on_a_terminal(shop: Shop) -> None:
    shop.write("evals/adder/suite.yaml", "skill: adder\ncases: [{id: other, trigger: {prompt: add, fires: true}}]\n")
    out = shop.typed("diff", "adder", "HEAD").out
    assert out == (
        "adder@1.0.0 in HEAD -> adder@1.0.0 in the working folder\n"
        "\n"
        "suite\n"
        "weakened: case `adds`\n"
        "    `run` with 1 check -> nothing\n"
        "stricter: case `other`\n"
        "    nothing -> `trigger` with 0 checks\n"
    )


def test_fields_of_several_values_on_a_terminal(shop: Shop) -> None:
    definition = (shop.root / "skills/adder/skill.yaml").read_text()
    shop.write("skills/adder/skill.yaml", definition.replace("tags: [sums]", "routing: {target: odoo_erp}"))
    out = shop.typed("diff", "adder", "HEAD").out
    assert 'tags:    ["sums"] -> nothing\nrouting: nothing -> {"target": "odoo_erp"}\n' in out


KNOWN = "known are `1.0.0`, `HEAD`, `working`"


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["ader"], "there is no skill `ader`", "did you mean `adder`?"),
        (["adder", "2.0.0"], "`2.0.0` is no approved version of `adder`", KNOWN),
        (["adder", "1.0.0", "--", "-x"], "`-x` is no approved version of `adder`", KNOWN),
    ],
)  # fmt: skip
def test_what_is_not_known(served: Shop, words: list[str], message: str, hint: str) -> None:
    served.skillctl("revise", "adder")
    answer = served.typed("diff", *words)
    assert (answer.exit_code, answer.err) == (2, f"error: {message}\n\nhint: {hint}\n")


def test_nothing_is_served_yet(shop: Shop) -> None:
    answer = shop.skillctl("diff", "adder")
    assert answer.exit_code == 2
    assert answer.envelope["error"]["message"] == "nothing of `adder` is served yet"
    assert answer.envelope["error"]["hint"] == "name what to compare with: `skillctl diff adder HEAD`"


def test_a_folder_that_is_gone_or_cannot_be_read(served: Shop) -> None:
    served.write("skills/adder/skill.yaml", "name: [")
    answer = served.skillctl("diff", "adder")
    assert answer.envelope["error"]["message"] == "`adder` cannot be read in the working folder"
    served.git("rm", "-rfq", "skills/adder")
    answer = served.skillctl("diff", "adder")
    assert answer.envelope["error"]["message"] == "there is no skill `adder` in the working folder"
    assert served.skillctl("diff", "adder", "1.0.0", "HEAD").data["same"] is True


def forged(shop: Shop, **changed: object) -> None:
    path = shop.root / "approvals/adder/1.0.0/approval.json"
    statement = json.loads(path.read_text())
    subject = next(one for one in statement["subject"] if one["name"] == "scripts/add.py")
    for key, value in changed.items():
        (subject if key == "name" else subject["digest"])[key] = value
    path.write_text(json.dumps(statement))


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"name": "scripts/sub.py"}, "the files listed do not give the digest approved"),
        ({"name": "a\nb"}, "`skills/adder` holds a file with a line break in its name"),
    ],
)
def test_a_forged_approval_is_compared_with_nothing(served: Shop, changed: dict[str, str], problem: str) -> None:
    forged(served, **changed)
    answer = served.skillctl("diff", "adder", "1.0.0")
    said = f"the approval of adder@1.0.0 is not of what it lists: {problem}"
    assert (answer.exit_code, answer.envelope["error"]["message"]) == (2, said)


def test_bytes_that_are_not_in_this_clone(served: Shop) -> None:
    forged(served, gitBlob="0" * 40)
    answer = served.skillctl("diff", "adder", "1.0.0")
    said = "the bytes of `scripts/add.py` of adder@1.0.0 are not in this clone"
    assert (answer.exit_code, answer.envelope["error"]["message"]) == (3, said)
