"""`verify --approvals`: every approval asked again offline, and what each attack on one is found by."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from skillctl.domain import approval
from tests.approvals.conftest import GATE, Office, content_of

PATH = approval.path_of("adder", "1.0.0")
MARIA = approval.signature_path_of("adder", "1.0.0", "maria")


@pytest.fixture
def approved(waiting: Office) -> Office:
    """Approved by maria and merged."""
    assert waiting.approve("maria").exit_code == 0
    waiting.merge()
    return waiting


def test_a_good_approval_holds_and_says_by_whom(approved: Office) -> None:
    answer = approved.verify()
    assert (answer.exit_code, answer.codes) == (0, [])
    (row,) = answer.data["approvals"]
    assert (row["skill"], row["version"], row["signed_by"], row["ok"]) == ("adder", "1.0.0", ["maria"], True)
    assert (row["quorum"]["needed"], row["quorum"]["counted"]) == (1, ["maria"])
    assert approved.verify("adder").data == answer.data
    text = approved.shop.typed("verify", "--approvals").out
    assert "maria" in text
    assert "1 of 1" in text


def test_a_skill_is_named_for_its_approvals_only(approved: Office) -> None:
    answer = approved.shop.skillctl("verify", "adder")
    assert (answer.exit_code, answer.envelope["error"]["hint"]) == (2, "run `skillctl verify --approvals adder`")
    answer = approved.verify("addr")
    assert (answer.exit_code, answer.envelope["error"]["hint"]) == (2, "did you mean `adder`?")


def without_signatures(office: Office) -> str:
    (office.shop.root / MARIA).unlink()
    return "SK406"


def one_digit(office: Office) -> str:
    """Of a time, which nothing but the signature is over."""
    path = office.shop.root / PATH
    said = json.loads(path.read_text())
    started = said["predicate"]["evidence"]["started_at"]
    other = started[:-2] + ("1Z" if started[-2] != "1" else "2Z")
    path.write_text(path.read_text().replace(f'"started_at": "{started}"', f'"started_at": "{other}"'))
    return "SK406 SK415"


def hand_written(office: Office) -> str:
    """The same data in another form, which others could read otherwise."""
    path = office.shop.root / PATH
    path.write_text(json.dumps(json.loads(path.read_text())))
    return "SK405 SK415"


def copied_signature(office: Office) -> str:
    """Somebody else's signature under one's own name."""
    shutil.copy(office.shop.root / MARIA, office.shop.root / MARIA.replace("maria", "jun"))
    return "SK415"


def unknown_person(office: Office) -> str:
    shutil.copy(office.shop.root / MARIA, office.shop.root / MARIA.replace("maria", "mallory"))
    return "SK415"


def of_another_purpose(office: Office) -> str:
    """A signature that was made over the same bytes, but for a suite."""
    sheet = sign(office, "jun", (office.shop.root / PATH).read_bytes(), approval.SUITE_NAMESPACE)
    office.shop.write(MARIA.replace("maria", "jun"), sheet)
    return "SK415"


def linked_signature(office: Office) -> str:
    (office.shop.root / MARIA.replace("maria", "jun")).symlink_to("maria.sig")
    return "SK415"


def huge_signature(office: Office) -> str:
    office.shop.write(MARIA.replace("maria", "jun"), b"-" * 100_000)
    return "SK415"


def linked_approval(office: Office) -> str:
    path = office.shop.root / PATH
    path.rename(path.with_name("other.json"))
    path.symlink_to("other.json")
    return "SK402 SK415"


def another_skills_approval(office: Office) -> str:
    office.shop.add_skill("copy")
    shutil.copytree(office.shop.root / "approvals/adder", office.shop.root / "approvals/copy")
    return "SK402 SK415"


def renamed_approval(office: Office) -> str:
    """Another skill's statement with its name changed: nobody signed that."""
    office.shop.add_skill("copy")
    text = (office.shop.root / PATH).read_text().replace('"skill": "adder"', '"skill": "copy"')
    office.shop.write(PATH.replace("adder", "copy"), text)
    office.shop.write(MARIA.replace("adder", "copy"), (office.shop.root / MARIA).read_bytes())
    return "SK406 SK415"


def another_version(office: Office) -> str:
    """The signature of 1.0.0 on a statement of 2.0.0."""
    shop = office.shop
    shop.skillctl("revise", "adder", "--version", "2.0.0")
    office.ready()
    office.branch("two")
    office.state()
    shop.write(MARIA.replace("1.0.0", "2.0.0"), (shop.root / MARIA).read_bytes())
    return "SK406 SK415"


def approved_by_its_author(office: Office) -> str:
    sheet = sign(office, "ana", (office.shop.root / PATH).read_bytes())
    (office.shop.root / MARIA).unlink()
    office.shop.write(MARIA.replace("maria", "ana"), sheet)
    return "SK406"


def approved_by_a_bot(office: Office) -> str:
    sheet = sign(office, "robot", (office.shop.root / PATH).read_bytes())
    (office.shop.root / MARIA).unlink()
    office.shop.write(MARIA.replace("maria", "robot"), sheet)
    return "SK406"


def without_blobs(office: Office) -> str:
    """Files that are nowhere in this clone."""
    path = office.shop.root / PATH
    blob = json.loads(path.read_text())["subject"][0]["digest"]["gitBlob"]
    path.write_text(path.read_text().replace(blob, "0" * 40))
    return "SK404 SK415"


def sign(office: Office, person: str, raw: bytes, namespace: str = approval.NAMESPACE) -> bytes:
    command = ["ssh-keygen", "-Y", "sign", "-q", "-f", str(office.keys / person), "-n", namespace]
    return subprocess.run(command, input=raw, capture_output=True, check=True).stdout


ATTACKS = (
    without_signatures,
    one_digit,
    hand_written,
    copied_signature,
    unknown_person,
    of_another_purpose,
    linked_signature,
    huge_signature,
    linked_approval,
    another_skills_approval,
    renamed_approval,
    another_version,
    approved_by_its_author,
    approved_by_a_bot,
    without_blobs,
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_found(approved: Office, attack: Callable[[Office], str]) -> None:
    codes = attack(approved)
    approved.shop.commit("attack")
    answer = approved.verify()
    assert (answer.exit_code, " ".join(sorted(answer.codes))) == (1, codes), answer.out
    assert all(finding["hint"] for finding in answer.envelope["findings"])
    assert approved.shop.typed("verify", "--approvals").exit_code == 1


def test_why_a_signature_does_not_count(approved: Office) -> None:
    one_digit(approved)
    unknown_person(approved)
    approved.shop.write(
        MARIA.replace("maria", "jun"), sign(approved, "mallory", (approved.shop.root / PATH).read_bytes())
    )
    approved.shop.commit("attack")
    said = {one["file"].rpartition("/")[2]: one["message"] for one in approved.verify().envelope["findings"]}
    assert said["jun.sig"] == "the signature does not count: its key is none of `jun` in `people` of the base"
    assert said["mallory.sig"] == "the signature does not count: `mallory` is nobody in `people` of the base"
    assert said["maria.sig"] == (
        "the signature does not count: it does not verify over these bytes: the approval or the content changed after "
        "it was signed"
    )
    assert "approvals are missing: observed 0 approvals, required 1" in said["approval.json"]


def test_people_added_in_the_same_change_count_for_nothing(waiting: Office) -> None:
    waiting.shop.write("skillctl.yaml", waiting.policy(people=f"  mallory: {{keys: [{waiting.public('mallory')}]}}\n"))
    waiting.shop.write(
        MARIA.replace("maria", "mallory"), sign(waiting, "mallory", (waiting.shop.root / PATH).read_bytes())
    )
    waiting.shop.commit("let me approve")
    waiting.merge()
    assert sorted(waiting.verify().codes) == ["SK406", "SK415"]


def test_an_author_of_the_branch_under_a_second_mail_is_asked_for(office: Office) -> None:
    shop = office.shop
    shop.write("skills/adder/references/a.md", "a")
    shop.git("add", "--all")
    shop.git("commit", "--quiet", "-m", "x", "--author=M <second@mail.test>")
    shop.skillctl("eval", "adder")
    office.branch()
    office.state()
    office.approve("maria")
    office.merge()
    answer = office.verify()
    assert (answer.exit_code, answer.codes) == (1, ["SK406"])
    assert "M <second@mail.test>" in answer.envelope["findings"][0]["message"]


def test_a_key_that_retires_touches_nothing_that_was_approved_before(approved: Office) -> None:
    policy = (approved.shop.root / "skillctl.yaml").read_text()
    key = approved.public("maria")
    approved.shop.write(
        "skillctl.yaml", policy.replace(f"keys: [{key}]", f'keys: [{{key: {key}, retired: "2020-01-01"}}]')
    )
    approved.shop.commit("retire a key")
    assert approved.verify().exit_code == 0


def test_a_key_that_was_retired_when_the_signature_came_in_counts_no_more(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = f'{{key: {office.public("old")}, retired: "2030-01-01"}}'
    office.settle(people=f"  olga: {{keys: [{office.public('mallory')}, {old}]}}\n")
    office.branch()
    office.state()
    office.shop.write(MARIA.replace("maria", "olga"), sign(office, "old", (office.shop.root / PATH).read_bytes()))
    office.shop.commit("sign")
    office.shop.git("branch", "--quiet", "late")
    office.merge()
    assert office.verify().exit_code == 0, "it was hers on that day"
    office.shop.git("reset", "--quiet", "--hard", "HEAD^")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2030-01-01T00:00:00+0000")
    office.merge("late")
    answer = office.verify()
    assert sorted(answer.codes) == ["SK406", "SK415"]
    assert "its key retired on 2030-01-01" in answer.out


def test_a_tag_that_is_dropped_keeps_its_gate(office: Office) -> None:
    strict = "{to: approved, tags: [sums], approvals: 2}"
    office.settle(GATE, strict)
    office.shop.skillctl("eval", "adder")
    office.branch()
    office.state()
    for person in ("maria", "jun"):
        office.approve(person)
    office.merge()
    assert office.verify().exit_code == 0
    shop = office.shop
    shop.skillctl("revise", "adder")
    definition = shop.root / "skills/adder/skill.yaml"
    definition.write_text(definition.read_text().replace("tags: [sums]", "tags: [other]"))
    shop.commit("drop the tag")
    office.ready()
    office.branch("next")
    office.state()
    assert office.approve("maria").data["quorum"]["needed"] == 2
    office.merge("next")
    assert office.verify().codes == ["SK406"]


def test_a_version_made_up_in_between_hides_no_growth(approved: Office) -> None:
    """What is compared is what was approved before the change, not what the change says was."""
    shop = approved.shop
    shop.skillctl("revise", "adder", "--version", "1.2.0")
    shop.write("skills/adder/scripts/more.py", "print(42)\n")
    shop.commit("do more")
    approved.ready()
    approved.branch("next")
    approved.state()
    text = (shop.root / PATH.replace("1.0.0", "1.2.0")).read_text()
    shop.write(PATH.replace("1.0.0", "1.1.0"), text.replace('"version": "1.2.0"', '"version": "1.1.0"'))
    shop.commit("as if it had been approved before")
    answer = approved.approve("maria")
    assert answer.data["quorum"]["growth"] == ["script `scripts/more.py`"]
    approved.merge("next")
    (row,) = (one for one in approved.verify().data["approvals"] if one["version"] == "1.2.0")
    assert (row["ok"], row["quorum"]["needed"]) == (False, 2)


def test_a_shallow_clone_says_what_to_fetch(approved: Office, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    source = f"file://{approved.shop.root}"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", source, str(clone)], check=True, capture_output=True)
    answer = type(approved.shop)(clone).skillctl("verify", "--approvals")
    assert (answer.exit_code, "fetch --unshallow" in answer.envelope["error"]["hint"]) == (3, True)


def test_a_hundred_approvals_take_no_second(office: Office) -> None:
    shop = office.shop
    record = office.state().predicate.evidence
    for number in range(1, 101):
        definition = shop.root / "skills/adder/skill.yaml"
        definition.write_text(definition.read_text().replace(f'"1.0.{number - 1}"', f'"1.0.{number}"'))
        shop.git("add", "--all")
        content = content_of(shop, "skills/adder")
        proof = record.model_copy(update={"version": f"1.0.{number}", "skill_digest": content.digest})
        statement = approval.state(content, proof, ["Ana <ana@example.test>"])
        shop.write(PATH.replace("1.0.0", f"1.0.{number}"), statement.text())
        sheet = sign(office, "maria", statement.text().encode())
        shop.write(MARIA.replace("1.0.0", f"1.0.{number}"), sheet)
        shop.git("add", "--all")
        shop.git("commit", "--quiet", "-m", "one more")
    begun = time.monotonic()
    answer = office.verify()
    took = time.monotonic() - begun
    assert len(answer.data["approvals"]) == 101
    assert sum(row["ok"] for row in answer.data["approvals"]) == 100, answer.out
    # Three times what it may take alone: tests share the machine.
    assert took < 3, took
