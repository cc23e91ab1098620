"""A second opinion on `SKILL.md`: the reference library of the Agent Skills standard, and where it and we disagree.

What the standard says is at https://agentskills.io/specification. Whoever brings in a new release of `skills-ref` sees
here what it has changed its mind on: each row is asked of both.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from skills_ref import validate as second_opinion  # type: ignore[import-untyped]

from skillctl.adapters.folder_tree import FolderTree
from skillctl.workflows.validate import validate

ROOT = Path(__file__).parents[1]
SHEETS = sorted([*ROOT.glob("skills/*/SKILL.md"), *ROOT.glob("tests/examples/valid/*/skills/*/SKILL.md")])
#: Valid sheets that it refuses, by the name of the example, and why it should not.
REFUSED_WRONGLY = {
    "all-fields": "it refuses the flow mapping of `metadata`, which is YAML as any other",
    "dashes-within-a-value": "it ends the frontmatter at the first `---`, which stands within a value here",
}

Verdict = Literal["accepts", "rejects", "crashes"]


@dataclass(frozen=True)
class Row:
    """A sheet on which the two differ: our code (None: no finding), its verdict, and why ours follows the standard."""

    what: str
    sheet: str | bytes
    ours: str | None
    theirs: Verdict
    why: str
    folder: str = "adder"
    file: str = "SKILL.md"


def sheet(more: str = "", name: str = "adder", body: str = "Run `scripts/add.sh`.\n") -> str:
    """A good sheet with something more in its frontmatter."""
    return f'---\nname: {name}\ndescription: "Adds up the bills of a month. Use it to add."\n{more}---\n{body}'


ASCII_NAMES = "the standard names `a-z`, digits and hyphens; other letters look alike, and fold in many ways"
STRINGS = "the field is text, and YAML reads this as something else; its own reader takes every scalar as text"
FLOW = "the frontmatter is YAML, which has this form; the standard rules out none of it"
FENCE = "the frontmatter lies between two lines `---`; this is none, and readers that look for lines see another head"
JSON_HEAD = '---\n{"name": "adder", "description": "Adds up all the bills of a month."}\n---\nAdd.\n'
NUMBER_HEAD = "---\nname: adder\ndescription: 42\n---\nAdd.\n"
ENCODING = "the file is UTF-8 text, as all of them; what is not is a fault to be told with its place"

TOO_LAX = (
    Row("a name in Unicode", sheet(name="café"), "SK105", "accepts", ASCII_NAMES, "café"),
    Row("a name in foreign digits", sheet(name='"٤٢"'), "SK105", "accepts", ASCII_NAMES, "٤٢"),
    Row("a name that only folds to its folder's", sheet(name="ａdder"), "SK105", "accepts", ASCII_NAMES),
    Row("a name within blanks", sheet(name='" adder "'), "SK105", "accepts", "a blank is no character of a name"),
    Row("a name that is a number", sheet(name="123"), "SK104", "accepts", STRINGS, "123"),
    Row("a name that is a truth value", sheet(name="on"), "SK104", "accepts", STRINGS, "on"),
    Row(
        "a sheet in lower case",
        sheet(),
        "SK101",
        "accepts",
        "the file is `SKILL.md`; where names are case-sensitive the other one is read by nobody",
        file="skill.md",
    ),
    Row("empty compatibility", sheet('compatibility: ""\n'), "SK105", "accepts", "it has 1 to 500 characters"),
    Row("metadata that is text", sheet("metadata: sums\n"), "SK104", "accepts", "it is a mapping of text to text"),
    Row(
        "metadata that is a list", sheet("metadata:\n  - sums\n"), "SK104", "accepts", "it is a mapping of text to text"
    ),
    Row(
        "nested metadata",
        sheet("metadata:\n  a:\n    b: c\n"),
        "SK104",
        "accepts",
        "its values are text; the other one makes the text `{'b': 'c'}` of a mapping",
    ),
    Row("metadata with a number", sheet("metadata:\n  version: 1.10\n"), "SK104", "accepts", STRINGS),
    Row("metadata with a truth value", sheet("metadata:\n  tested: yes\n"), "SK104", "accepts", STRINGS),
    Row(
        "allowed tools as a list",
        sheet("allowed-tools:\n  - Read\n"),
        "SK104",
        "accepts",
        "it is one text with spaces between the tools",
    ),
    Row("a license that is a list", sheet("license:\n  - MIT\n"), "SK104", "accepts", "it is a text"),
    Row("a license that is a number", sheet("license: 2.0\n"), "SK104", "accepts", STRINGS),
    Row("a license that is a date", sheet("license: 2026-01-01\n"), "SK203", "accepts", STRINGS),
    Row("a license without a value", sheet("license:\n"), "SK203", "accepts", STRINGS),
    Row("a description that is a number", NUMBER_HEAD, "SK104", "accepts", STRINGS),
    Row(
        "no instructions",
        sheet(body=""),
        "SK214",
        "accepts",
        "the standard asks for them below the frontmatter, in any form; an empty text is none",
    ),
    Row("an opening line with text", sheet().replace("---\n", "---", 1), "SK007", "accepts", FENCE),
    Row("an indented closing line", sheet().replace("\n---\n", "\n  ---\n"), "SK007", "accepts", FENCE),
    Row(
        "a field behind `---` in a value",
        sheet('license: a---\nversion: "2"\n'),
        "SK103",
        "accepts",
        "there are six fields; the other one ends the frontmatter within the value, and never sees the seventh",
    ),
)
TOO_STRICT = (
    Row("`---` in a value", sheet('license: "MIT --- or later"\n'), None, "rejects", "a value is no line `---`"),
    Row("metadata as a flow mapping", sheet('metadata: {version: "1.0.0"}\n'), None, "rejects", FLOW),
    Row("empty metadata", sheet("metadata: {}\n"), None, "rejects", FLOW),
    Row("a head in the form of JSON", JSON_HEAD, None, "rejects", FLOW),
)
NO_ANSWER = (
    Row("a head that is not UTF-8", sheet('license: "©"\n').encode("latin-1"), "SK001", "crashes", ENCODING),
    Row("a body that is not UTF-8", sheet(body="Add é.\n").encode("latin-1"), "SK001", "crashes", ENCODING),
)


def told(folder: Path) -> Verdict:
    """What the reference library says of a skill's folder."""
    try:
        return "rejects" if second_opinion(folder) else "accepts"
    except UnicodeDecodeError:
        return "crashes"


def example_of(file: Path) -> str:
    """The example that a sheet belongs to, or the skill where it is one of this repository."""
    return file.parents[2].name if "examples" in file.parts else file.parent.name


@pytest.mark.parametrize("file", SHEETS, ids=lambda file: str(file.relative_to(ROOT).parent))
def test_what_we_accept_is_accepted(file: Path) -> None:
    if example_of(file) in REFUSED_WRONGLY:
        assert told(file.parent) == "rejects", "the exception is no longer needed"
    else:
        assert second_opinion(file.parent) == []


def test_each_exception_is_of_an_example() -> None:
    assert REFUSED_WRONGLY.keys() <= {example_of(file) for file in SHEETS}


def written(root: Path, row: Row) -> Path:
    """The skill of a row, whole but for its sheet; its folder."""
    skill, suite = root / "skills" / row.folder, root / "evals" / row.folder
    (skill / "scripts").mkdir(parents=True)
    suite.mkdir(parents=True)
    (skill / row.file).write_bytes(row.sheet if isinstance(row.sheet, bytes) else row.sheet.encode())
    (skill / "scripts" / "add.sh").write_text("echo 42\n", encoding="utf-8")
    head = f'name: "{row.folder}"\nversion: "1.0.0"\nstatus: draft\nowners: [sums]\n'
    (skill / "skill.yaml").write_text(head, encoding="utf-8")
    case = '{id: adds, run: {script: scripts/add.sh}, expect: [{equals: "42"}]}'
    (suite / "suite.yaml").write_text(f'skill: "{row.folder}"\ncases:\n  - {case}\n', encoding="utf-8")
    return skill


@pytest.mark.parametrize("row", [*TOO_LAX, *TOO_STRICT, *NO_ANSWER], ids=lambda row: row.what)
def test_where_the_two_differ(tmp_path: Path, row: Row) -> None:
    folder = written(tmp_path, row)
    assert {one.code for one in validate(FolderTree(tmp_path)).findings} == ({row.ours} if row.ours else set())
    assert told(folder) == row.theirs, f"skills-ref has changed its mind; so far: {row.why}"


def test_both_accept_the_sheet_that_the_rows_change(tmp_path: Path) -> None:
    folder = written(tmp_path, Row("nothing", sheet(), None, "accepts", ""))
    assert validate(FolderTree(tmp_path)).findings == ()
    assert second_opinion(folder) == []
