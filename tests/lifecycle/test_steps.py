"""The steps beside the usual way: rework, reinstatement, withdrawal, rollback, and where a change is committed."""

from pathlib import Path

import pytest
import yaml

from tests.shop import Shop

QUORUM = "people: {ana: {keys: [k]}}\ngates:\n  - {to: approved, approvals: 1}\n"
WHY = ("--to", "approved", "--reason", "the other one was worse")


@pytest.fixture
def approved(approved_shop: Path, tmp_path: Path) -> Shop:
    """A repository whose `adder` 1.0.0 is approved and served."""
    return Shop.copied(approved_shop, tmp_path / "approved")


@pytest.fixture
def two(approved: Shop) -> Shop:
    """The same with 1.1.0, which is served."""
    approved.skillctl("revise", "adder")
    approved.approve()
    return approved


def serving(shop: Shop) -> dict[str, object]:
    said: dict[str, object] = yaml.safe_load(shop.git("show", "HEAD:approvals/adder/serving.yaml"))
    return said


def test_a_candidate_goes_back_for_rework(shop: Shop) -> None:
    shop.skillctl("promote", "adder")
    assert shop.skillctl("promote", "adder", "--to", "draft").exit_code == 0
    assert shop.status() == "draft"
    assert shop.git("log", "-1", "--format=%s") == "return adder 1.0.0 to draft"
    again = shop.skillctl("promote", "adder", "--to", "draft")
    assert (again.exit_code, again.data["commit"]) == (0, None)


def test_even_a_broken_candidate_goes_back(shop: Shop) -> None:
    shop.skillctl("promote", "adder")
    shop.write(
        "skills/adder/SKILL.md", "---\nname: adder\ndescription: Adds. Use it to add.\n---\n\nRun `scripts/gone.py`.\n"
    )
    shop.commit()
    assert shop.skillctl("promote", "adder", "--to", "draft").exit_code == 0


def test_what_is_approved_does_not_go_back(approved: Shop) -> None:
    answer = approved.skillctl("promote", "adder", "--to", "draft")
    assert (answer.exit_code, answer.codes) == (1, ["illegal-step"])
    assert "skillctl revise adder" in answer.data["reasons"][0]["hint"]


def test_a_deprecated_version_is_reinstated_with_a_reason(approved: Shop) -> None:
    approved.skillctl("deprecate", "adder", "--reason", "old")
    refused = approved.skillctl("promote", "adder", "--to", "approved")
    assert (refused.exit_code, refused.codes) == (1, ["no-reason"])
    assert "--reason" in refused.data["reasons"][0]["hint"]
    answer = approved.skillctl("promote", "adder", *WHY)
    assert (answer.exit_code, answer.data["from"], answer.data["to"]) == (0, "deprecated", "approved")
    assert approved.status() == "approved"
    assert serving(approved) == {"serving": "1.0.0", "reinstated": {"1.0.0": {"reason": WHY[-1]}}}
    assert approved.skillctl("validate").exit_code == 0
    assert approved.skillctl("history", "adder").data["versions"][0]["state"] == "approved"
    again = approved.skillctl("promote", "adder", *WHY)
    assert (again.exit_code, again.data["commit"]) == (0, None)


def test_an_older_version_is_reinstated_and_the_folder_left_alone(two: Shop) -> None:
    two.skillctl("deprecate", "adder", "--version", "1.0.0", "--reason", "old")
    two.write("skills/adder/references/mine.md", "not committed")
    assert two.skillctl("promote", "adder", "--version", "1.0.0", *WHY).exit_code == 0
    assert serving(two) == {"serving": "1.1.0", "reinstated": {"1.0.0": {"reason": WHY[-1]}}}
    assert two.git("show", "--name-only", "--format=") == "approvals/adder/serving.yaml"
    assert two.skillctl("deprecate", "adder", "--version", "1.0.0", "--reason", "old").exit_code == 0
    assert serving(two) == {"serving": "1.1.0", "deprecated": {"1.0.0": {"reason": "old"}}}


def test_a_deprecated_version_with_other_content_is_not_reinstated(approved: Shop) -> None:
    approved.skillctl("deprecate", "adder", "--reason", "old")
    approved.write("skills/adder/scripts/add.py", "print(43)\n")
    assert "uncommitted" in approved.skillctl("promote", "adder", *WHY).codes
    approved.commit()
    assert approved.skillctl("promote", "adder", *WHY).codes == ["version-taken"]


@pytest.mark.parametrize("state", ["withdrawn", "revoked"])
def test_what_is_harder_than_deprecated_stays(approved: Shop, state: str) -> None:
    approved.skillctl("deprecate", "adder", "--reason", "old")
    approved.write(
        "approvals/adder/serving.yaml",
        f'deprecated: {{"1.0.0": {{reason: "x"}}}}\n{state}: {{"1.0.0": {{reason: "x"}}}}\n',
    )
    approved.commit()
    answer = approved.skillctl("promote", "adder", *WHY)
    assert (answer.exit_code, answer.codes) == (1, [state])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("promote", "adder", "--reason", "x"), "and adder@1.0.0 is approved"),
        (("promote", "adder", "--reason", " "), "`--reason` is empty"),
        (("promote", "adder", "--reason", "x" * 1001), "is longer than 1000"),
        (("promote", "adder", "--to", "draft", "--reason", "x"), "is for reinstating"),
        (("promote", "adder", "--version", "1.0.0"), "there is no `--reason`"),
        (("promote", "adder", "--version", "0.9.0", "--reason", "x"), "adder@0.9.0 was never approved"),
        (("promote",), "missing argument NAME"),
        (("promote", "adder", "--auto"), "`--auto` takes its skills from `auto_promote`"),
        (("promote", "adder", "--to", "deprecated"), "is not where a promotion leads"),
        (("revise", "adder", "--branch", "x", "--no-commit"), "`--no-commit` makes none"),
        (("revise", "adder", "--branch", "a..b"), "cannot be the name of a branch"),
        (("revise", "adder", "--branch", "@{-1}"), "cannot be the name of a branch"),
        (("revise", "adder", "--branch", "main"), "branch `main` is checked out"),
        (("rollback", "adder", "--to", "9.0.0"), "adder@9.0.0 was never approved"),
        (("rollback", "ader", "--to", "9.0.0"), "there is no skill `ader`"),
        (("withdraw", "adder", "--version", "9.0.0", "--reason", "x"), "adder@9.0.0 was never approved"),
        (("withdraw", "adder", "--reason", ""), "`--reason` is empty"),
        (("withdraw", "ader", "--reason", "x"), "there is no skill `ader`"),
    ],
)
def test_what_cannot_be_meant(approved: Shop, words: tuple[str, ...], said: str) -> None:
    head = approved.head()
    answer = approved.skillctl(*words)
    assert answer.exit_code == 2
    assert said in answer.envelope["error"]["message"]
    assert answer.envelope["error"]["hint"]
    assert (approved.head(), approved.is_clean()) == (head, True)


def test_a_withdrawn_version_is_served_no_more_and_keeps_its_approval(approved: Shop) -> None:
    answer = approved.skillctl("withdraw", "adder", "--reason", "it is wrong")
    assert (answer.exit_code, answer.data["was_serving"], answer.data["serving"]) == (0, "1.0.0", None)
    assert serving(approved) == {"serving": None, "withdrawn": {"1.0.0": {"reason": "it is wrong"}}}
    assert (approved.root / "approvals/adder/1.0.0/approval.json").exists()
    assert approved.skillctl("validate").exit_code == 0
    for words in ((), ("--version", "1.0.0")):
        again = approved.skillctl("withdraw", "adder", "--reason", "it is wrong", *words)
        assert (again.exit_code, again.data["commit"], again.data["version"]) == (0, None, "1.0.0")


def test_another_version_than_the_served_one_is_withdrawn(two: Shop) -> None:
    two.skillctl("withdraw", "adder", "--version", "1.0.0", "--reason", "x")
    assert serving(two)["serving"] == "1.1.0"
    answer = two.skillctl("rollback", "adder", "--to", "1.0.0")
    assert answer.exit_code == 2
    assert "is withdrawn, so it cannot be served" in answer.envelope["error"]["message"]
    assert "1.1.0" in answer.envelope["error"]["hint"]


def test_a_skill_whose_folder_is_gone_can_be_withdrawn(approved: Shop) -> None:
    approved.git("rm", "-r", "--quiet", "skills/adder")
    approved.commit()
    assert approved.skillctl("withdraw", "adder", "--reason", "gone").exit_code == 0


def test_what_is_revoked_is_not_withdrawn(approved: Shop) -> None:
    approved.write("approvals/adder/serving.yaml", 'revoked: {"1.0.0": {reason: "x"}}\n')
    approved.commit()
    answer = approved.skillctl("withdraw", "adder", "--version", "1.0.0", "--reason", "x")
    assert "is revoked already" in answer.envelope["error"]["message"]


def test_rollback_changes_what_is_served_and_nothing_else(two: Shop) -> None:
    answer = two.skillctl("rollback", "adder", "--to", "1.0.0", "--reason", "1.1.0 is slow")
    assert (answer.exit_code, answer.data["was_serving"], answer.data["serving"]) == (0, "1.1.0", "1.0.0")
    assert two.git("show", "--name-only", "--format=") == "approvals/adder/serving.yaml"
    assert "1.1.0 is slow" in two.git("log", "-1", "--format=%B")
    assert (serving(two), two.status()) == ({"serving": "1.0.0"}, "approved")
    again = two.typed("rollback", "adder", "--to", "1.0.0")
    assert (again.exit_code, again.out) == (0, "adder@1.0.0 is served already\n")
    assert "before it was 1.0.0" in two.typed("rollback", "adder", "--to", "1.1.0").out


def test_files_that_are_only_written_are_committed_by_their_owner(approved: Shop) -> None:
    head = approved.head()
    answer = approved.skillctl("withdraw", "adder", "--reason", "x", "--no-commit")
    assert (answer.exit_code, answer.data["commit"]) == (0, None)
    assert answer.data["written"] == ["approvals/adder/serving.yaml"]
    assert (approved.head(), approved.git("diff", "--cached", "--name-only")) == (head, "")
    assert (
        "not committed: approvals/adder/serving.yaml"
        in approved.typed("withdraw", "adder", "--reason", "x", "--no-commit").out
    )
    approved.commit()
    assert approved.skillctl("withdraw", "adder", "--reason", "x", "--no-commit").data["written"] == []


def test_a_promotion_that_is_only_written_is_the_same(shop: Shop) -> None:
    answer = shop.skillctl("promote", "adder", "--no-commit")
    assert (answer.exit_code, answer.data["written"], shop.status()) == (0, ["skills/adder/skill.yaml"], "draft")
    shop.commit()
    assert shop.status() == "candidate"


def test_work_of_others_is_not_written_over(approved: Shop) -> None:
    mine = "# my work\n"
    approved.write("approvals/adder/serving.yaml", mine)
    answer = approved.skillctl("withdraw", "adder", "--reason", "x", "--no-commit")
    assert answer.exit_code == 2
    assert (approved.root / "approvals/adder/serving.yaml").read_text() == mine


def test_a_commit_on_a_branch_leaves_everything_here_alone(approved: Shop) -> None:
    approved.write("staged.txt", "staged")
    approved.git("add", "staged.txt")
    approved.write("skillctl.yaml", (approved.root / "skillctl.yaml").read_text() + "# dirty\n")
    before = (approved.head(), approved.git("status", "--porcelain"), approved.git("ls-files", "--stage"))
    words = ("revise", "adder", "--branch", "next/größe")
    answer = approved.skillctl(*words)
    assert answer.data["branch"] == "next/größe"
    assert approved.git("rev-parse", "next/größe") == answer.data["commit"]
    assert approved.git("rev-parse", "next/größe~1") == before[0]
    assert approved.git("diff", "--name-only", "main", "next/größe") == "skills/adder/skill.yaml"
    assert (approved.head(), approved.git("status", "--porcelain"), approved.git("ls-files", "--stage")) == before
    again = approved.skillctl(*words)
    assert (again.exit_code, again.data["commit"]) == (0, None)
    # Others add to the branch, as approvers do.
    approved.git("stash", "--quiet")
    approved.git("switch", "--quiet", "next/größe")
    approved.write("more.txt", "more")
    approved.commit()
    approved.git("switch", "--quiet", "main")
    assert approved.skillctl(*words).data["commit"] is None


def test_a_branch_with_something_else_is_refused(approved: Shop) -> None:
    approved.git("branch", "next")
    assert approved.skillctl("revise", "adder", "--branch", "next").exit_code == 0, "it begins at HEAD"
    tip = approved.git("rev-parse", "next")
    answer = approved.skillctl("withdraw", "adder", "--reason", "x", "--branch", "next")
    assert answer.exit_code == 2
    assert "with something else on it" in answer.envelope["error"]["message"]
    assert "git branch -D next" in answer.envelope["error"]["hint"]
    assert approved.git("rev-parse", "next") == tip
    approved.commit("meanwhile")
    assert approved.skillctl("revise", "adder", "--branch", "next").exit_code == 2, "it begins at an older HEAD"


def test_a_name_that_git_cannot_make_changes_nothing(approved: Shop) -> None:
    approved.git("branch", "next")
    answer = approved.skillctl("revise", "adder", "--branch", "next/one")
    assert answer.exit_code == 3
    assert "nothing was changed" in answer.envelope["error"]["hint"]


def test_approvals_are_given_on_a_branch(shop: Shop) -> None:
    shop.write("skillctl.yaml", QUORUM)
    shop.commit()
    shop.skillctl("promote", "adder")
    shop.skillctl("eval", "adder")
    refused = shop.skillctl("promote", "adder")
    assert (refused.exit_code, refused.codes) == (1, ["unapproved"])
    assert refused.data["reasons"][0]["hint"] == (
        "run `skillctl promote adder --to approved --branch promote-adder-1.0.0`, then `skillctl approve adder` there"
    )
    assert shop.skillctl("promote", "adder", "--to", "approved", "--branch", "promote-adder-1.0.0").exit_code == 0
    changed = shop.git("diff", "--name-only", "main", "promote-adder-1.0.0").split()
    assert changed == [
        "approvals/adder/1.0.0/approval.json",
        "approvals/adder/serving.yaml",
        "skills/adder/skill.yaml",
    ]
    shop.git("switch", "--quiet", "--create", "mine")
    assert shop.skillctl("promote", "adder").exit_code == 0


@pytest.fixture
def auto(shop: Shop) -> Shop:
    """`adder` is measured, `taxes` is not, `rates` fails, `drafts` is a draft; all are on `auto_promote`."""
    for name, text in (
        ("taxes", "Looks up what is due to the state."),
        ("rates", "Converts money of any country."),
        ("drafts", "Writes letters to customers."),
    ):
        shop.add_skill(name)
        sheet = shop.root / f"skills/{name}/SKILL.md"
        sheet.write_text(sheet.read_text().replace("Adds. Use it to add.", text))
    policy = (shop.root / "skillctl.yaml").read_text()
    shop.write("skillctl.yaml", policy + "auto_promote: [adder, taxes, rates, drafts]\n")
    shop.write("skills/rates/scripts/add.py", "print(0)\n")
    shop.commit()
    for name in ("adder", "taxes", "rates"):
        shop.skillctl("promote", name)
    shop.skillctl("eval", "adder", "rates")
    return shop


def test_auto_takes_those_that_may_and_says_why_not_of_the_others(auto: Shop) -> None:
    answer = auto.skillctl("promote", "--auto")
    assert answer.exit_code == 1
    assert [one["skill"] for one in answer.data["promoted"]] == ["adder"]
    assert [(one["skill"], one["reasons"][0]["code"]) for one in answer.data["waiting"]] == [("taxes", "no-evidence")]
    assert [(one["skill"], one["reasons"][0]["code"]) for one in answer.data["refused"]] == [("rates", "pass-rate")]
    assert (auto.status(), auto.status("taxes"), auto.is_clean()) == ("approved", "candidate", True)
    assert auto.git("log", "-1", "--format=%s") == "promote adder 1.0.0 to approved"
    shown = auto.typed("promote", "--auto")
    assert "waiting: taxes@1.0.0" in shown.out
    assert "refused: rates@1.0.0 cannot become approved" in shown.out


def test_auto_is_green_where_nothing_is_refused(auto: Shop) -> None:
    auto.skillctl("promote", "rates", "--to", "draft")
    auto.skillctl("eval", "taxes")
    answer = auto.skillctl("promote", "--auto", "--branch", "ready")
    assert (answer.exit_code, len(answer.data["promoted"]), auto.status()) == (0, 2, "candidate")
    assert auto.git("log", "-1", "--format=%s", "ready") == "promote 2 skills to approved"
    trailers = auto.git("log", "-1", "--format=%(trailers:key=Skill,valueonly)", "ready").split()
    assert trailers == ["adder@1.0.0", "taxes@1.0.0"]
    assert "it was there already" in auto.typed("promote", "--auto", "--branch", "ready").out
    auto.skillctl("promote", "--auto")
    shown = auto.typed("promote", "--auto")
    assert (shown.exit_code, shown.out) == (0, "no skill of `auto_promote` is a candidate\n")


def test_auto_names_what_cannot_be_judged(auto: Shop) -> None:
    policy = (auto.root / "skillctl.yaml").read_text()
    auto.write("skillctl.yaml", policy.replace("[adder, taxes", "[adder, gone, taxes"))
    auto.write(
        "evals/rates/suite.yaml",
        "skill: rates\nrunner: none\ncases: [{id: a, ask: {prompt: x}, expect: [{contains: y}]}]\n",
    )
    auto.write("skills/drafts/skill.yaml", "name: [\n")
    auto.commit()
    answer = auto.skillctl("promote", "--auto")
    refused = {one["skill"]: one["reasons"][0]["code"] for one in answer.data["refused"]}
    assert (answer.exit_code, refused) == (1, {"drafts": "invalid", "gone": "unknown", "rates": "unjudged"})
    assert auto.status() == "approved"


def test_why_says_each_check_and_the_one_next_command(shop: Shop) -> None:
    def asked(*words: str) -> tuple[int, list[str], str]:
        answer = shop.skillctl("why", "adder", *words)
        failed = [one["check"] for one in answer.data["checks"] if not one["ok"]]
        return answer.exit_code, failed, answer.data["next"]

    assert asked() == (0, [], "run `skillctl promote adder`")
    assert asked("--to", "approved") == (
        1, ["step", "evidence"], "run `skillctl promote adder --to candidate` first"
    )  # fmt: skip
    shop.skillctl("promote", "adder")
    head = shop.head()
    assert asked() == (1, ["evidence"], "run `skillctl eval adder`")
    assert shop.typed("why", "adder").out.splitlines() == [
        "adder@1.0.0: candidate -> approved",
        *[line for line in shop.typed("why", "adder").out.splitlines() if line.startswith("  ✓ ")],
        "  ✗ evidence: no evaluation is on record (no-evidence)",
        shop.typed("why", "adder").out.splitlines()[-2],
        "next: run `skillctl eval adder`",
    ]
    shop.skillctl("eval", "adder")
    assert asked() == (0, [], "run `skillctl promote adder`")
    assert asked("--to", "approved")[2] == "run `skillctl promote adder --to approved`"
    assert asked("--to", "candidate") == (0, [], "run `skillctl promote adder`")
    assert (shop.head(), shop.is_clean()) == (head, True)
    shop.skillctl("promote", "adder")
    assert asked() == (0, [], "run `skillctl revise adder`")
    assert shop.typed("why", "adder").out == (
        "adder@1.0.0 is approved already\n1.0.0 is served\nnext: run `skillctl revise adder`\n"
    )
    shop.write("skills/adder/skill.yaml", "name: [\n")
    shop.commit()
    assert asked() == (1, ["reading"], "run `skillctl validate adder`")


def test_why_and_promote_give_the_same_reasons(auto: Shop) -> None:
    for name in ("adder", "taxes", "rates", "drafts"):
        for words in ((), ("--to", "candidate"), ("--to", "approved"), ("--to", "draft")):
            explained = auto.skillctl("why", name, *words)
            reasons = [reason for check in explained.data["checks"] for reason in check["reasons"]]
            if reasons:
                assert auto.skillctl("promote", name, *words).data["reasons"] == reasons, (name, words)
