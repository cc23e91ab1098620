"""What people look at: the board, and the history of one skill."""

import subprocess
from pathlib import Path

import pytest

from skillctl.adapters.folder_tree import FolderTree
from skillctl.workflows.narrow import Narrow
from tests.shop import Shop

TEXTS = {
    "taxes": "Looks up what is due to the state.",
    "rates": "Converts money of any country.",
    "drafts": "Writes letters to customers.",
}


@pytest.fixture
def approved(approved_shop: Path, tmp_path: Path) -> Shop:
    """A repository whose `adder` 1.0.0 is approved and served."""
    return Shop.copied(approved_shop, tmp_path / "approved")


@pytest.fixture
def many(approved: Shop) -> Shop:
    """With it a candidate that was not measured, one that failed, and a draft."""
    for name, text in TEXTS.items():
        approved.add_skill(name)
        sheet = approved.root / f"skills/{name}/SKILL.md"
        sheet.write_text(sheet.read_text().replace("Adds. Use it to add.", text))
    approved.write("skills/rates/scripts/add.py", "print(0)\n")
    approved.commit()
    approved.skillctl("promote", "taxes")
    approved.skillctl("promote", "rates")
    approved.skillctl("eval", "rates")
    return approved


def board(shop: Shop) -> dict[str, tuple[object, ...]]:
    answer = shop.skillctl("status")
    assert answer.exit_code == 0, answer.out
    keys = ("version", "status", "serving", "blocked", "next")
    return {row["skill"]: tuple(row[key] for key in keys) for row in answer.data["skills"]}


def test_the_board_says_what_blocks_each_skill(many: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    expected: dict[str, tuple[object, ...]] = {
        "adder": ("1.0.0", "approved", "1.0.0", None, None),
        "drafts": ("1.0.0", "draft", None, None, "skillctl promote drafts"),
        "rates": ("1.0.0", "candidate", None, "too few cases passed", "skillctl eval rates"),
        "taxes": ("1.0.0", "candidate", None, "no evaluation is on record", "skillctl eval taxes"),
    }
    head = many.head()
    for _ in ("read anew", "remembered"):
        assert board(many) == expected
    with monkeypatch.context() as patch:
        patch.setenv("CI", "true")
        assert board(many) == expected, "nothing is remembered in CI"
    answer = many.skillctl("status")
    assert (answer.data["statuses"], answer.data["blocked"]) == ({"approved": 1, "candidate": 2, "draft": 1}, 2)
    assert (many.head(), many.is_clean()) == (head, True)
    # Each change shows, one file at a time.
    many.write("evals/rates/suite.yaml", (many.root / "evals/rates/suite.yaml").read_text() + "# more\n")
    assert board(many)["rates"][3] == "too few cases passed", "what is committed is judged, as `promote` does"
    many.commit()
    assert board(many)["rates"][3] == "evidence is stale: the suite changed after it was measured"
    many.write("skills/rates/scripts/add.py", "print(42)\n")
    assert board(many)["rates"][3] == "`skills/rates` has changes that are not committed"
    many.commit()
    many.skillctl("eval", "rates")
    assert board(many)["rates"][3:] == (None, "skillctl promote rates")
    many.write("skills/taxes/SKILL.md", "no frontmatter")
    many.write(
        "skills/drafts/SKILL.md", (many.root / "skills/drafts/SKILL.md").read_text() + "Run `scripts/gone.py`.\n"
    )
    now = board(many)
    assert now["taxes"] == (None, None, None, "it cannot be read", "skillctl validate taxes")
    assert now["drafts"][3:] == ("the skill has validation errors", "skillctl validate drafts")
    many.skillctl("withdraw", "adder", "--reason", "x")
    assert board(many)["adder"] == ("1.0.0", "approved", None, None, None)


def test_a_prompt_is_selected_from_the_whole_catalogue(many: Shop) -> None:
    suite = (many.root / "evals/rates/suite.yaml").read_text()
    case = '  - {id: fires, trigger: {prompt: "convert this money to that of another country", fires: true}}\n'
    other = '  - {id: rests, trigger: {prompt: "write a letter to a customer", fires: false}}\n'
    many.write("evals/rates/suite.yaml", suite + case + other)
    many.write("skills/rates/scripts/add.py", "print(42)\n")
    many.commit()
    assert many.skillctl("eval", "rates").exit_code == 0
    assert board(many)["rates"][3] is None
    many.add_skill("late")
    many.commit()
    assert board(many)["rates"][3] == "evidence is stale: the catalogue changed after it was measured"


def test_a_candidate_that_cannot_be_judged_does_not_hide_the_others(many: Shop) -> None:
    many.write("skillctl.yaml", (many.root / "skillctl.yaml").read_text() + "runners: {}\n")
    suite = "skill: rates\nrunner: none\ncases: [{id: a, ask: {prompt: x}, expect: [{contains: y}]}]\n"
    many.write("evals/rates/suite.yaml", suite)
    many.commit()
    rows = board(many)
    assert "there is no runner `none`" in str(rows["rates"][3])
    assert rows["taxes"][3] == "no evaluation is on record"


def test_a_candidate_that_is_not_committed(many: Shop) -> None:
    many.git("rm", "-r", "--quiet", "--cached", "skills/rates", "evals/rates")
    many.git("commit", "--quiet", "-m", "lost")
    assert board(many)["rates"][3:] == (
        "`skills/rates` is not committed", "commit it: `git add skills/rates && git commit`"
    )  # fmt: skip


def test_a_candidate_before_the_first_commit(many: Shop) -> None:
    many.git("checkout", "--quiet", "--orphan", "empty")
    assert "has no commits yet" in str(board(many)["rates"][3])
    assert board(many)["taxes"][3] == "no evaluation is on record"


def test_the_board_is_readable_at_80_columns(many: Shop) -> None:
    shown = many.typed("status").out
    assert shown.splitlines() == [
        "skill    version   status      serving",
        "adder    1.0.0     approved    1.0.0",
        "drafts   1.0.0     draft       -",
        "    next: skillctl promote drafts",
        "rates    1.0.0     candidate   -",
        "    blocked by: too few cases passed",
        "    next: skillctl eval rates",
        "taxes    1.0.0     candidate   -",
        "    blocked by: no evaluation is on record",
        "    next: skillctl eval taxes",
        "4 skills: 1 approved, 2 candidate, 1 draft",
    ]


def test_an_empty_board(tmp_path: Path) -> None:
    shop = Shop.opened(tmp_path / "shop")
    assert shop.typed("status").out == "there are no skills in `skills/`\n"


def test_what_an_attacker_writes_moves_no_cursor(many: Shop) -> None:
    many.write(
        "skills/drafts/skill.yaml", 'name: drafts\nversion: "1.0.0"\nstatus: draft\nowners: [a]\ntags: ["\\e[2J"]\n'
    )
    assert "\x1b" not in many.typed("status").out


def test_only_some_skills_are_looked_at(many: Shop) -> None:
    tree = Narrow(FolderTree(many.root), ["taxes"])
    assert tree.names("skills") == ["taxes"]
    assert "skillctl.yaml" in [file.path for file in tree.files("skills", "skillctl.yaml")]
    assert {file.path.split("/")[1] for file in tree.files("skills", "evals")} == {"taxes"}
    assert tree.unreadable == {}


def test_the_history_says_when_who_and_why(approved: Shop) -> None:
    approved.write("approvals/adder/1.0.0/maria.sig", "-----BEGIN SSH SIGNATURE-----\n")
    approved.commit()
    approved.skillctl("deprecate", "adder", "--reason", "sums moved", "--sunset", "2027-03-31")
    approved.skillctl("revise", "adder")
    approved.approve()
    approved.skillctl("promote", "adder", "--version", "1.0.0", "--to", "approved", "--reason", "still needed")
    approved.skillctl("withdraw", "adder", "--reason", "it is wrong")
    old, new = approved.skillctl("history", "adder").data["versions"]
    assert (old["version"], old["state"], old["approvers"], old["notice"]) == ("1.0.0", "approved", ["maria"], None)
    assert old["reinstated"] == {"reason": "still needed"}
    assert (new["state"], new["serving"], new["notice"]) == ("withdrawn", False, {"reason": "it is wrong"})
    assert old["authors"] == ["Ana Author <ana@example.test>"]
    dates = approved.git("log", "--diff-filter=A", "--format=%cI", "--", "approvals/adder/1.1.0/approval.json")
    assert new["promoted_at"] == dates
    shown = approved.typed("history", "adder").out
    for said in ("signed by maria", "1.1.0 withdrawn: it is wrong", "1.0.0 reinstated: still needed", dates[:10]):
        assert said in shown


def test_a_history_without_its_folder_and_without_its_commit(approved: Shop) -> None:
    approved.git("rm", "-r", "--quiet", "skills/adder")
    assert approved.skillctl("history", "adder").data["versions"][0]["promoted_at"] is not None
    approved.git("checkout", "--quiet", "--orphan", "empty")
    assert approved.skillctl("history", "adder").data["versions"][0]["promoted_at"] is None
    for name in ("../adder", "ader", "adder/1.0.0"):
        answer = approved.skillctl("history", name)
        assert (answer.exit_code, answer.envelope["error"]["message"]) == (2, f"there is no skill `{name}`")


def test_a_shallow_clone_does_not_know_when(approved: Shop, tmp_path: Path) -> None:
    approved.commit("later")
    clone = ["git", "clone", "--quiet", "--depth", "1", f"file://{approved.root}", str(tmp_path / "c")]
    subprocess.run(clone, check=True, capture_output=True)
    row = Shop(tmp_path / "c").skillctl("history", "adder").data["versions"][0]
    assert (row["version"], row["promoted_at"]) == ("1.0.0", None)


def test_an_approval_that_cannot_be_read_is_told(approved: Shop) -> None:
    approved.write("approvals/adder/1.0.0/approval.json", "{}")
    answer = approved.skillctl("history", "adder")
    assert (answer.exit_code, answer.codes, answer.data["versions"]) == (0, ["SK402"], [])


def test_a_history_says_what_of_it_cannot_be_read(approved_shop: Path, tmp_path: Path) -> None:
    shop = Shop.copied(approved_shop, tmp_path / "shop")
    shop.write("approvals/adder/serving.yaml", "serving: [\n")
    told = shop.typed("history", "adder")
    assert told.exit_code == 0
    assert "approvals/adder/serving.yaml:2" in told.out
