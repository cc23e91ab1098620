"""Every rule on small trees: `examples/valid/<name>` has no finding, `examples/invalid/<CODE>…` what `expected` says.

Adding a test is adding a folder. A line of `expected` is `path:line:column CODE`.
"""

from pathlib import Path

import pytest

from skillctl.adapters.folder_tree import FolderTree
from skillctl.domain.rules import RULES, gating, releasing
from skillctl.domain.rules.rule import Rule
from skillctl.workflows.validate import validate
from tests.shop import run

EXAMPLES = Path(__file__).parent / "examples"
FOLDERS = sorted(path for kind in ("valid", "invalid") for path in (EXAMPLES / kind).iterdir())
#: What `validate` can find; the others come up when a commit is compared with production.
FOUND_BY_READING = [rule for rule in RULES if rule not in (*releasing.RULES, *gating.RULES)]


def code_of(folder: Path) -> str:
    return folder.name.partition("-")[0]


def holds(folder: Path, excerpt: str) -> bool:
    """Whether an excerpt stands in a file of the tree, or is the path of one of its entries."""
    files = [path for path in folder.rglob("*") if path.name != "expected"]
    if any(str(path.relative_to(folder)) == excerpt for path in files):
        return True
    return any(excerpt in path.read_bytes().decode("utf-8", "replace") for path in files if path.is_file())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_is_judged_as_it_says(folder: Path) -> None:
    found = validate(FolderTree(folder), today="2026-11-24").findings
    said = [f"{one.file}:{one.line}:{one.column} {one.code}" for one in found]
    expected = folder / "expected"
    assert said == (expected.read_text(encoding="utf-8").splitlines() if expected.exists() else [])
    if folder.parent.name == "invalid":
        assert code_of(folder) in {one.code for one in found}
    else:
        assert said == []


@pytest.mark.parametrize("rule", FOUND_BY_READING, ids=lambda rule: rule.code)
def test_what_a_rule_shows_is_what_is_judged(rule: Rule) -> None:
    bad = [folder for folder in (EXAMPLES / "invalid").iterdir() if code_of(folder) == rule.code]
    assert any(holds(folder, rule.bad) for folder in bad), "its `bad` stands in none of its examples"
    assert any(holds(folder, rule.good) for folder in (EXAMPLES / "valid").iterdir()), "its `good` stands in none"
    assert rule.bad != rule.good


def test_codes_are_unique_and_texts_are_whole() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    for rule in RULES:
        assert rule.title[0] in "`" + rule.title[0].lower(), rule.code
        assert not rule.title.endswith("."), rule.code
        assert rule.why.endswith("."), rule.code
        assert rule.bad, rule.code
        assert rule.good, rule.code
        assert rule.security == rule.code.startswith("SK5"), rule.code


def test_every_code_of_the_source_can_be_explained(project: Path) -> None:
    import re

    texts = [path.read_text(encoding="utf-8") for path in (project / "skillctl").rglob("*.py")]
    given = {code for text in texts for code in re.findall(r'"(SK\d{3})"', text)}
    assert given == {rule.code for rule in RULES}


def test_our_own_skills_have_no_finding(project: Path) -> None:
    assert validate(FolderTree(project)).findings == ()


def test_the_committed_page_is_current(project: Path) -> None:
    text = (project / "docs/rules.md").read_text(encoding="utf-8")
    assert text == run("explain", "--all").out, "run `skillctl explain --all > docs/rules.md`"


def test_a_code_is_explained() -> None:
    said = run("explain", "sk207")
    assert said.exit_code == 0
    assert said.out.startswith("SK207 (error): the files that the instructions point at are there\n")
    assert "bad:\n    Run `scripts/ad.sh`.\n" in said.out
    assert run("explain", "SK501", "--format", "json").data["security"] is True
    assert len(run("explain", "--all", "--format", "json").data["rules"]) == len(RULES)


def test_a_code_that_is_none() -> None:
    said = run("explain", "SK9207")
    assert said.exit_code == 2
    assert "there is no code `SK9207`" in said.err
    assert "did you mean `SK207`?" in said.err
    assert "skillctl explain --all" in run("explain", "potato").err
    for words in ([], ["SK207", "--all"]):
        assert run("explain", *words).exit_code == 2
