"""`approve`: who may sign, what is signed, and what is refused before anything is committed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from skillctl.domain import approval
from tests.approvals.conftest import GATE, Office

PATH = approval.path_of("adder", "1.0.0")


def test_a_signature_is_committed_alone_and_says_how_far_it_is(waiting: Office) -> None:
    shop = waiting.shop
    shop.write("staged.txt", "staged")
    shop.git("add", "staged.txt")
    answer = waiting.approve("maria")
    assert answer.exit_code == 0, answer.out
    assert (answer.data["person"], answer.data["commit"]) == ("maria", shop.head())
    assert answer.data["quorum"]["reached"] is True
    assert shop.git("show", "--name-only", "--format=", "HEAD") == "approvals/adder/1.0.0/maria.sig"
    assert shop.git("diff", "--cached", "--name-only") == "staged.txt"
    assert "Approved-by: maria" in shop.git("log", "-1", "--format=%(trailers)")


def test_people_read_who_approved_and_what_is_missing(office: Office) -> None:
    office.settle(GATE.replace("approvals: 1", "approvals: 2"))
    office.shop.skillctl("eval", "adder")
    office.branch()
    office.state()
    said = office.shop.typed("approve", "adder", "--sign", str(office.keys / "maria"))
    assert "adder@1.0.0 is approved by `maria` (commit " in said.out
    assert "1 of 2 approvals" in said.out
    assert "run `skillctl approve adder` as one of: jun" in said.out
    again = office.shop.typed("approve", "adder", "--sign", str(office.keys / "maria"))
    assert (again.exit_code, "`maria` has approved adder@1.0.0 already" in again.out) == (0, True)


def test_a_second_signature_of_the_same_person_commits_nothing(waiting: Office) -> None:
    waiting.approve("maria")
    head = waiting.shop.head()
    answer = waiting.approve("maria")
    assert (answer.exit_code, answer.data["commit"], waiting.shop.head()) == (0, None, head)


@pytest.mark.parametrize(
    ("person", "code", "message"),
    [
        ("ana", "not-counted", "`ana` cannot approve it: an author of the content"),
        ("robot", "not-counted", "`robot` cannot approve it: a bot"),
        ("mallory", "unknown-key", "the key is nobody's in `people` of the base"),
    ],
)
def test_who_may_not_is_told_before_anything_is_committed(
    waiting: Office, person: str, code: str, message: str
) -> None:
    head = waiting.shop.head()
    answer = waiting.approve(person)
    assert (answer.exit_code, answer.codes) == (1, [code])
    assert answer.data["reasons"][0]["message"] == message
    assert (waiting.shop.head(), waiting.shop.is_clean()) == (head, True)
    assert (
        "refused: adder@1.0.0 is not approved"
        in waiting.shop.typed("approve", "adder", "--sign", str(waiting.keys / person)).out
    )


def test_only_the_approvers_of_the_gate_count(office: Office) -> None:
    office.settle(GATE.replace("}", ", approvers: [jun]}"))
    office.shop.skillctl("eval", "adder")
    office.branch()
    office.state()
    answer = office.approve("maria")
    assert answer.data["reasons"][0]["message"] == "`maria` cannot approve it: not among the approvers"
    assert answer.data["reasons"][0]["required"] == "one of: jun"
    assert office.approve("jun").data["quorum"]["reached"] is True


def test_a_retired_key_signs_no_more(office: Office) -> None:
    old = f"{{key: {office.public('old')}, retired: 2020-01-01}}".replace("2020-01-01", '"2020-01-01"')
    office.settle(people=f"  olga: {{keys: [{office.public('mallory')}, {old}]}}\n")
    office.branch()
    office.state()
    answer = office.approve("old")
    assert (answer.exit_code, answer.codes) == (1, ["retired-key"])
    assert answer.data["reasons"][0]["observed"] == "retired on 2020-01-01"
    assert office.approve("mallory").data["person"] == "olga"


def test_who_one_says_one_is_must_have_the_key(waiting: Office) -> None:
    answer = waiting.approve("maria", "--as", "jun")
    assert answer.data["reasons"][0]["message"] == "the key is not one of `jun` in `people` of the base"
    answer = waiting.approve("maria", "--as", "marai")
    assert (answer.exit_code, answer.envelope["error"]["hint"]) == (2, "did you mean `maria`?")
    assert waiting.approve("maria", "--as", "maria").data["person"] == "maria"


def test_the_mail_of_git_is_no_identity(waiting: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "maria@example.test")
    assert waiting.approve("mallory").codes == ["unknown-key"]


def test_gits_own_key_signs_and_an_agents_is_named_by_its_public_part(waiting: Office) -> None:
    answer = waiting.shop.skillctl("approve", "adder")
    assert (answer.exit_code, answer.envelope["error"]["message"]) == (2, "there is no SSH key to sign with")
    waiting.shop.git("config", "user.signingkey", str(waiting.keys / "maria.pub"))
    assert waiting.shop.skillctl("approve", "adder").data["person"] == "maria"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda root: (root / "SKILL.md").write_text((root / "SKILL.md").read_text() + "More."), "`SKILL.md` changed"),
        (lambda root: (root / "a.md").write_text("x"), "`a.md` was added"),
        (lambda root: (root / "scripts/add.py").unlink(), "`scripts/add.py` was removed"),
        (lambda root: (root / "scripts/add.py").chmod(0o755), "`scripts/add.py` changed"),
    ],
)
def test_a_change_of_the_content_makes_the_approval_stale(
    waiting: Office, change: Callable[[Path], object], words: str
) -> None:
    change(waiting.shop.root / "skills/adder")
    waiting.shop.commit("change it")
    answer = waiting.approve("maria")
    assert (answer.exit_code, answer.codes) == (1, ["stale-approval"])
    assert answer.data["reasons"][0]["message"] == f"the approval is stale: {words} after it was stated"


def test_a_statement_made_by_hand_is_not_signed(waiting: Office) -> None:
    path = waiting.shop.root / PATH
    text = path.read_text()
    digest = waiting.shop.skillctl("history", "adder").data["versions"][0]["digest"]
    sums = {line.strip().split('"')[3] for line in text.splitlines() if '"sha256": ' in line}
    for old, new, words in (
        (f'"digest": "{digest}"', f'"digest": "sha256:{"0" * 64}"', "do not give the digest stated"),
        (sorted(sums)[0], "0" * 64, "does not hash to the `sha256`"),
    ):
        path.write_text(text.replace(old, new))
        waiting.shop.commit("by hand")
        answer = waiting.approve("maria")
        assert (answer.exit_code, answer.codes) == (1, ["stale-approval"]), answer.out
        assert words in answer.data["reasons"][0]["message"]
    path.write_text("{}")
    waiting.shop.commit("by hand")
    answer = waiting.approve("maria")
    assert (answer.exit_code, "the approval cannot be read" in answer.envelope["error"]["message"]) == (2, True)


def test_what_there_is_not_is_not_signed(office: Office) -> None:
    for words in (("adder",), ("adder", "--version", "3.0.0")):
        answer = office.shop.skillctl("approve", *words)
        assert answer.exit_code == 2
        assert "in HEAD to sign" in answer.envelope["error"]["message"]
    answer = office.shop.skillctl("approve", "addr")
    assert (answer.exit_code, answer.envelope["error"]["hint"]) == (2, "did you mean `adder`?")
    assert office.shop.skillctl("approve", "adder", "--suite", "--version", "1.0.0").exit_code == 2


def test_where_nothing_is_asked_nothing_is_signed(office: Office) -> None:
    office.settle(GATE.replace("approvals: 1", "approvals: 0"))
    office.shop.skillctl("eval", "adder")
    office.branch()
    office.state()
    assert office.approve("maria").codes == ["not-asked"]


def test_an_older_version_is_signed_by_its_name(waiting: Office) -> None:
    waiting.shop.skillctl("revise", "adder")
    answer = waiting.approve("maria", "--version", "1.0.0")
    assert (answer.exit_code, answer.data["version"]) == (0, "1.0.0")


def test_more_power_takes_one_approval_more_and_says_why(waiting: Office) -> None:
    waiting.approve("maria")
    waiting.merge()
    shop = waiting.shop
    shop.skillctl("revise", "adder")
    definition = shop.root / "skills/adder/skill.yaml"
    definition.write_text(definition.read_text() + "tools: {ledger: [post]}\nsecrets: [LEDGER_TOKEN]\n")
    shop.commit("ask for more")
    waiting.ready()
    waiting.branch("next")
    waiting.state()
    reached = waiting.approve("maria").data["quorum"]
    assert (reached["needed"], reached["counted"], reached["reached"]) == (2, ["maria"], False)
    assert reached["growth"] == ["secret `LEDGER_TOKEN`", "tool `ledger.post`"]
    assert waiting.approve("jun").data["quorum"]["reached"] is True
    waiting.merge("next")
    assert waiting.verify().exit_code == 0


def test_authors_are_those_since_the_last_approval(waiting: Office) -> None:
    waiting.approve("jun")
    waiting.merge()
    shop = waiting.shop
    shop.skillctl("revise", "adder")
    shop.write("skills/adder/references/a.md", "a")
    shop.git("add", "--all")
    trailer = "Co-authored-by: Jun <JUN@HOME.test>"
    shop.git("commit", "--quiet", "-m", f"x\n\n{trailer}", "--author=Maria <maria@home.test>")
    waiting.ready()
    waiting.branch("next")
    waiting.state(authors=())
    for person in ("maria", "jun", "ana"):
        answer = waiting.approve(person)
        assert answer.data["reasons"][0]["message"] == f"`{person}` cannot approve it: an author of the content"
    assert answer.data["reasons"][0]["required"] == "one of: nobody else, as the policy is"


def test_an_unknown_author_is_said(office: Office) -> None:
    office.branch()
    office.state(authors=("Ana Author <ana@example.test>", "A. Author <second@mail.test>"))
    answer = office.approve("maria")
    assert (answer.exit_code, answer.data["quorum"]["reached"]) == (0, False)
    assert answer.data["quorum"]["unknown_authors"] == ["A. Author <second@mail.test>"]
    said = office.shop.typed("approve", "adder", "--sign", str(office.keys / "jun"))
    assert "unknown-author" in said.out


def test_a_change_makes_nobody_an_approver(waiting: Office) -> None:
    """People, keys and approvers are those of the base."""
    shop = waiting.shop
    policy = waiting.policy(people=f"  mallory: {{keys: [{waiting.public('mallory')}]}}\n")
    shop.write("skillctl.yaml", policy)
    shop.commit("let me approve")
    assert waiting.approve("mallory").codes == ["unknown-key"]
    shop.write("skillctl.yaml", policy.replace("approvals: 1", "approvals: 0"))
    shop.commit("nobody needs to")
    assert waiting.approve("maria").data["quorum"]["needed"] == 1


def test_on_the_release_branch_what_was_before_it_came_in_judges(office: Office) -> None:
    office.state()
    office.shop.write("skillctl.yaml", office.policy(GATE.replace("approvals: 1", "approvals: 2")))
    office.shop.commit("stricter")
    office.shop.commit("go on")
    answer = office.approve("maria")
    assert (answer.exit_code, answer.data["quorum"]["needed"]) == (0, 1)


def test_a_repository_that_begins_with_it_is_judged_by_itself(waiting: Office) -> None:
    shop = waiting.shop
    shop.git("checkout", "--quiet", "--orphan", "new")
    shop.commit("all at once")
    shop.git("branch", "--quiet", "-D", "main", "promotion")
    shop.git("branch", "--quiet", "-m", "main")
    assert waiting.approve("maria").exit_code == 0
    shop.git("branch", "--quiet", "-m", "elsewhere")
    answer = waiting.approve("jun")
    assert (answer.exit_code, "knows no branch `main`" in answer.envelope["error"]["message"]) == (2, True)


def test_a_policy_of_the_base_that_cannot_be_read_says_so(office: Office) -> None:
    office.branch()
    office.state()
    office.shop.git("switch", "--quiet", "main")
    office.shop.write("skillctl.yaml", "people: [")
    office.shop.commit("break it")
    office.shop.git("switch", "--quiet", "promotion")
    assert office.approve("maria").exit_code == 0, "where the branch left main it was whole"
    office.shop.git("merge", "--quiet", "-m", "take it in", "-s", "ours", "main")
    answer = office.approve("jun")
    assert (answer.exit_code, answer.envelope["error"]["message"].startswith("skillctl.yaml:1:")) == (2, True)


def test_a_suite_is_approved_by_its_digest(office: Office) -> None:
    office.branch("weaker")
    office.shop.add_skill(status="candidate", answer=42)
    office.shop.write(
        "evals/adder/suite.yaml",
        'skill: adder\ncases:\n  - {id: other, run: {script: scripts/add.py}, expect: [{contains: "4"}]}\n',
    )
    office.shop.commit("loosen it")
    assert office.approve("ana", "--suite").data["reasons"][0]["message"].endswith("an author of the content")
    answer = office.approve("maria", "--suite")
    assert answer.exit_code == 0, answer.out
    digest = answer.data["suite"]
    path = approval.suite_signature_path_of("adder", digest, "maria")
    assert office.shop.git("show", "--name-only", "--format=", "HEAD") == path
    assert answer.data["quorum"]["reached"] is True
    assert office.approve("maria", "--suite").data["commit"] is None
    assert (
        "the suite of adder is approved by `jun`"
        in office.shop.typed("approve", "adder", "--suite", "--sign", str(office.keys / "jun")).out
    )
    office.merge("weaker")
    assert office.verify().exit_code == 0
    office.shop.write(path.replace("maria", "ana"), (office.shop.root / path).read_bytes())
    office.shop.commit("copy it")
    answer = office.verify()
    assert (answer.exit_code, answer.codes) == (1, ["SK415"])


def test_one_person_under_two_names_counts_once(office: Office) -> None:
    twin = f"  marie: {{emails: [marie@example.test], keys: [{office.public('maria')}]}}\n"
    office.settle(GATE.replace("approvals: 1", "approvals: 2"), people=twin)
    office.shop.skillctl("eval", "adder")
    office.branch()
    office.state()
    assert office.approve("maria", "--as", "maria").exit_code == 0
    answer = office.approve("maria", "--as", "marie")
    assert answer.data["reasons"][0]["message"] == "`marie` cannot approve it: the same person as `maria`"
