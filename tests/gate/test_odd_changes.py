"""What a hostile reviewer tried after the table of attacks was written."""

import shutil
import subprocess
from collections.abc import Callable

import pytest

from tests.gate.attacks import SKILL, SUITE, drops_the_tag, edit, stated
from tests.gate.company import Company, errors
from tests.shop import run


@pytest.mark.parametrize("path", ["skills/README.md", "evals/README.md", "approvals/README.md"])
def test_a_file_beside_the_skills(offering: Company, path: str) -> None:
    offering.on("change")
    offering.write(path, "read me\n")
    edit(offering, "skills/adder/SKILL.md", "Adds.", "Adds numbers.")
    offering.commit("a file that belongs to no skill")
    answer = offering.gate()
    assert answer.exit_code in (0, 1), answer.out
    assert "adder" in [one["skill"] for one in answer.data["changes"][0]["skills"]]


def test_a_submodule_that_git_is_told_to_overlook(serving: Company) -> None:
    serving.on("change")
    serving.write(".gitmodules", '[submodule "x"]\n\tpath = skills/adder/assets\n\turl = ./x\n\tignore = all\n')
    serving.git("add", "--all")
    serving.git("update-index", "--add", "--cacheinfo", f"160000,{serving.head()},skills/adder/assets")
    serving.git("commit", "--quiet", "-m", "submodule")
    answer = serving.gate()
    assert answer.exit_code == 1, answer.out
    assert "SK009" in errors(answer)


def test_a_tag_that_is_called_like_the_base(offering: Company) -> None:
    """Tags come before branches of the origin, and are fetched without a word."""
    offering.git("update-ref", "refs/remotes/origin/main", "main")
    offering.on("change")
    edit(offering, SKILL, "status: candidate", "status: approved")
    offering.commit("by hand")
    offering.git("tag", "origin/main", "change")
    answer = offering.gate("--base", "origin/main")
    assert answer.exit_code == 2, answer.out
    assert "more than one" in answer.envelope["error"]["message"]


@pytest.mark.parametrize("seconds", ["99999999999999", "1e30"])
def test_a_commit_from_a_day_that_no_calendar_has(serving: Company, seconds: str) -> None:
    raw = serving.git("cat-file", "commit", "HEAD")
    text = "\n".join(
        f"{line.rsplit(' ', 2)[0]} {seconds} +0000" if line.startswith("committer ") else line
        for line in raw.split("\n")
    )
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        cwd=serving.root,
        input=text.encode() + b"\n",
        capture_output=True,
        check=True,
    )
    serving.git("reset", "--hard", made.stdout.decode().strip())
    assert serving.gate("--from", "HEAD~1").exit_code in (0, 1)
    assert serving.skillctl("verify", "--approvals").exit_code in (0, 1)


def test_git_is_told_to_show_signatures(serving: Company) -> None:
    """A line of another program among those of Git would be taken for a commit."""
    serving.git("config", "log.showSignature", "true")
    serving.git("config", "gpg.format", "ssh")
    serving.git("config", "user.signingkey", str(serving.keys / "maria"))
    serving.git("commit", "--quiet", "--amend", "--no-edit", "-S")
    assert serving.gate("--from", "HEAD~1").exit_code == 0
    assert serving.skillctl("verify", "--approvals").exit_code == 0


def test_git_is_told_of_a_replacement(offering: Company) -> None:
    before = offering.head()
    offering.on("change")
    edit(offering, SKILL, "status: candidate", "status: approved")
    after = offering.commit("by hand")
    offering.git("checkout", "--quiet", "main")
    offering.git("checkout", "--quiet", "--detach")
    offering.git("replace", after, before)
    assert "SK208" in errors(offering.gate("--base", before, "--head", after))


@pytest.mark.parametrize("folder", ["skills/\udcff", "skills/adder/\udcff", "skills/a b", "skills/Ädder", "skills/*"])
def test_a_name_that_is_none(offering: Company, folder: str) -> None:
    offering.on("change")
    offering.write(f"{folder}/skill.yaml", (offering.root / SKILL).read_bytes())
    offering.commit("a name")
    for form in ("json", "text", "github", "sarif", "markdown"):
        answer = run("-C", offering.root, "gate", "--base", "main", "--format", form)
        assert answer.exit_code == 1, (form, answer.out, answer.err)


def test_evidence_of_cases_that_are_not_those_of_the_suite(promoting: Company) -> None:
    """Every digest is right; the cases have other names, so that measuring again finds nothing to compare."""
    stated(promoting, lambda said: said["predicate"]["evidence"]["cases"][0].update(id="other"))  # type: ignore[index]
    assert "SK704" in errors(promoting.gate())
    assert {"SK704", "SK710"} <= set(errors(promoting.gate("--base", "main", "--rerun")))


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("approvals/adder/1.1.0/maria.sig", "SK415"),
        ("approvals/adder/1.0.0/mallory.sig", "SK415"),
        ("approvals/adder/suites/" + "0" * 64 + "/maria.sig", "SK415"),
        ("approvals/adder/1.1.0", "SK709"),
        ("approvals/adder/suites", "SK709"),
    ],
)
def test_what_is_no_record_is_not_put_on_record(serving: Company, path: str, code: str) -> None:
    """What is on record stays there, so that maria could not sign at that path any more."""
    serving.on("change")
    serving.write(path, "no signature\n")
    serving.commit("put it there")
    assert errors(serving.gate()) == [code]


def test_a_link_in_the_place_of_an_approval(offering: Company) -> None:
    offering.on("change")
    for path in ("approvals/adder/1.0.0/approval.json", "approvals/adder/serving.yaml"):
        offering.write(path, "")
        (offering.root / path).unlink()
        (offering.root / path).symlink_to("../../../skillctl.yaml")
    offering.commit("links")
    assert errors(offering.gate()) == ["SK709"]


def test_a_signature_of_somebody_else_under_a_name_that_counts(promoting: Company) -> None:
    """It would not count, and stand there for good."""
    (promoting.root / "approvals/adder/1.0.0/jun.sig").write_bytes(
        (promoting.root / "approvals/adder/1.0.0/maria.sig").read_bytes()
    )
    promoting.commit("as jun")
    assert errors(promoting.gate()) == ["SK415"]


def test_what_was_withdrawn_is_not_reinstated(serving: Company) -> None:
    assert serving.skillctl("withdraw", "adder", "--reason", "wrong").exit_code == 0
    serving.on("change")
    serving.write("approvals/adder/serving.yaml", 'serving: "1.0.0"\nreinstated: {"1.0.0": {reason: "fine again"}}\n')
    serving.commit("bring it back")
    assert errors(serving.gate()) == ["SK408"]


@pytest.mark.parametrize("target", ["{}", "nothing.yaml"])
def test_a_policy_that_is_a_link(offering: Company, target: str) -> None:
    """Where it points to is text too, which could be a policy."""
    offering.on("change")
    (offering.root / "skillctl.yaml").unlink()
    (offering.root / "skillctl.yaml").symlink_to(target)
    offering.commit("link")
    assert errors(offering.gate()) == ["SK001"]


def _breaks(company: Company) -> None:
    edit(company, SKILL, "name: adder", "name: [")


def _removes(company: Company) -> None:
    shutil.rmtree(company.root / "skills/adder")


@pytest.mark.parametrize("harm", [_breaks, _removes])
def test_what_was_broken_is_mended(serving: Company, harm: Callable[[Company], None]) -> None:
    """The very bytes that were approved last may come back, and no others."""
    harm(serving)
    serving.commit("somebody pushed it")
    serving.on("change")
    serving.git("revert", "--no-edit", "HEAD")
    assert errors(serving.gate()) == []
    edit(serving, "skills/adder/SKILL.md", "Adds.", "Adds!")
    serving.commit("and more")
    assert errors(serving.gate()) == ["SK412"]


def test_a_deprecated_version_is_not_revived_by_way_of_no_folder(serving: Company) -> None:
    assert serving.skillctl("deprecate", "adder", "--reason", "old").exit_code == 0
    serving.git("rm", "-r", "--quiet", "skills/adder")
    serving.commit("somebody pushed it")
    serving.on("change")
    serving.git("checkout", "HEAD~1", "--", "skills/adder")
    edit(serving, SKILL, "status: deprecated", "status: approved")
    serving.commit("as approved")
    assert "SK702" in errors(serving.gate())


def test_a_version_that_lost_a_tag_is_proved_under_the_gates_it_met(offering: Company) -> None:
    """What opened the gate, with the approvals that the lost tag asks for, is believed afterwards too."""
    drops_the_tag(offering)
    version = offering.git("show", f"HEAD:{SKILL}").split('version: "')[1].split('"')[0]
    offering.sign("jun", version=version)
    offering.commit("sign")
    assert errors(offering.gate()) == []
    offering.git("checkout", "--quiet", "main")
    offering.git("merge", "--quiet", "--no-ff", "--no-edit", "promotion")
    answer = offering.skillctl("verify", "--approvals")
    assert errors(answer) == []


def test_a_retired_key_in_a_commit_that_is_dated_back(serving: Company) -> None:
    """Whoever pushes to the branch itself dates commits as they like, but not before those they build on."""
    key = serving.key("maria")
    serving.git("reset", "--quiet", "--hard", "HEAD~1")
    edit(serving, "skillctl.yaml", f'"{key}"', f'{{key: "{key}", retired: "2021-01-01"}}, "{serving.key("mallory")}"')
    serving.commit("maria's key is retired")
    back = "GIT_COMMITTER_DATE=2020-01-01T00:00:00Z"
    serving.git("-c", f"alias.back=!env {back} git commit --allow-empty --quiet -m first", "back")
    serving.git("merge", "--quiet", "--no-ff", "--no-edit", "promotion")
    serving.git("-c", f"alias.back=!env {back} git commit --amend --no-edit --quiet", "back")
    answer = serving.skillctl("verify", "--approvals")
    assert {"SK406", "SK415"} <= set(errors(answer))


def test_an_approval_that_was_swapped_later_is_of_the_day_it_was_swapped(serving: Company) -> None:
    """A key that is retired, and lost, signs nothing in the place of what it signed before."""
    key = serving.key("maria")
    edit(serving, "skillctl.yaml", f'"{key}"', f'{{key: "{key}", retired: "2021-01-01"}}, "{serving.key("mallory")}"')
    serving.commit("maria's key is retired")
    assert errors(serving.skillctl("verify", "--approvals")) == []
    stated(serving, lambda said: said["predicate"].update(authors=["Ana <ana@example.test>"]))  # type: ignore[attr-defined]
    assert {"SK406", "SK415"} <= set(errors(serving.skillctl("verify", "--approvals")))


def test_a_squash_merge_names_who_signed_as_an_author_too(promoting: Company) -> None:
    """So does the usual forge; who brings in what its base holds has written none of it."""
    promoting.git("checkout", "--quiet", "main")
    promoting.git("merge", "--quiet", "--squash", "promotion")
    both = "Co-authored-by: Maria <maria@example.test>\nCo-authored-by: X <x@forge.test>"
    promoting.commit(f"promote adder (#7)\n\n{both}")
    assert errors(promoting.gate("--from", "HEAD~1")) == []
    assert errors(promoting.skillctl("verify", "--approvals")) == []


def test_who_starts_a_promotion_may_approve_it(promoting: Company) -> None:
    promoting.git("reset", "--quiet", "--hard", "HEAD~1")
    promoting.git("commit", "--quiet", "--amend", "--no-edit", "--author", "Jun <jun@example.test>")
    answer = promoting.skillctl("approve", "adder", "--sign", str(promoting.keys / "jun"))
    assert answer.exit_code == 0, answer.out
    assert errors(promoting.gate()) == []


def test_a_suite_that_was_approved_once_is_not_brought_back(offering: Company) -> None:
    """An approval of a weaker suite is of one change; by then the base may ask for more."""
    offering.on("change")
    strict = (offering.root / SUITE).read_text()
    edit(offering, SUITE, 'equals: "42"', 'contains: "4"')
    offering.sign_suite("maria")
    offering.commit("weaker for now")
    assert errors(offering.gate()) == []
    weak = (offering.root / SUITE).read_text()
    offering.git("checkout", "--quiet", "main")
    offering.git("merge", "--quiet", "--no-ff", "--no-edit", "change")
    offering.write(SUITE, strict)
    offering.commit("strict again")
    offering.on("change")
    offering.write(SUITE, weak)
    offering.commit("weaker again")
    answer = offering.gate()
    assert errors(answer) == ["SK706"]
    assert "other bytes" in answer.out
    offering.write(SUITE, weak + "# once more\n")
    offering.sign_suite("maria")
    offering.commit("weaker once more")
    assert errors(offering.gate()) == []


def test_a_suite_is_not_made_weaker_by_way_of_no_suite(serving: Company) -> None:
    """A withdrawn skill may be removed; what comes back under its name is compared with what was approved last."""
    assert serving.skillctl("withdraw", "adder", "--reason", "wrong").exit_code == 0
    serving.on("change")
    serving.git("rm", "-r", "--quiet", "skills/adder", "evals/adder")
    serving.commit("remove it")
    assert errors(serving.gate()) == []
    serving.git("checkout", "--quiet", "main")
    serving.git("merge", "--quiet", "--no-ff", "--no-edit", "change")
    serving.on("change")
    serving.add_skill(version="1.1.0")
    edit(serving, SUITE, 'equals: "42"', 'contains: "4"')
    serving.commit("a new one")
    assert errors(serving.gate()) == ["SK706"]
