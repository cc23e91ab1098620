"""Changes that must pass, beside those that must not."""

import pytest

from tests.gate.attacks import SKILL, SUITE, as_author, drops_the_tag, edit
from tests.gate.company import Company, errors


def opened(company: Company, *words: str) -> dict[str, object]:
    """The gate is open for what is checked out; what it says of the one skill that differs."""
    answer = company.gate(*words)
    assert (answer.exit_code, errors(answer)) == (0, []), answer.out
    (skill,) = answer.data["changes"][0]["skills"]
    said: dict[str, object] = skill
    return said


def test_a_promotion_that_somebody_signed(promoting: Company) -> None:
    said = opened(promoting)
    assert said["step"] == "1.0.0 candidate -> 1.0.0 approved"
    assert said["approvals"] == {"needed": 1, "counted": ["maria"]}


def test_a_squash_merge_of_a_promotion(promoting: Company) -> None:
    promoting.git("checkout", "--quiet", "main")
    promoting.git("merge", "--quiet", "--squash", "promotion")
    promoting.commit("squashed")
    assert opened(promoting, "--base", "HEAD~1")["approvals"] == {"needed": 1, "counted": ["maria"]}
    assert opened(promoting, "--from", "HEAD~1")["step"] == "1.0.0 candidate -> 1.0.0 approved"


def test_a_merge_commit_of_a_promotion(serving: Company) -> None:
    assert opened(serving, "--from", "HEAD~1")["step"] == "1.0.0 candidate -> 1.0.0 approved"


def test_another_change_was_merged_meanwhile(promoting: Company) -> None:
    """What is judged is what the merge would give, so `main` may have gone on."""
    promoting.git("checkout", "--quiet", "main")
    edit(promoting, "skills/taker/SKILL.md", "Adds.", "Takes.")
    promoting.commit("of another skill")
    promoting.git("checkout", "--quiet", "promotion")
    assert opened(promoting)["skill"] == "adder"


def test_a_tax_rate_changes_and_its_case_with_it(offering: Company) -> None:
    offering.on("change")
    edit(offering, "skills/adder/scripts/add.py", "42", "43")
    edit(offering, SUITE, '"42"', '"43"')
    offering.commit("another rate")
    assert errors(offering.gate()) == ["SK706"]
    offering.sign_suite("maria")
    offering.commit("approve the suite")
    assert opened(offering)["step"] == "1.0.0 candidate"


@pytest.mark.parametrize("signer", ["ci", "ana"])
def test_but_not_approved_by_a_bot_or_who_wrote_it(offering: Company, signer: str) -> None:
    edit(offering, "skillctl.yaml", "ana@home.test]", f'ana@home.test], keys: ["{offering.key("mallory")}"]')
    offering.commit("ana has a key")
    (offering.keys / "ana").write_bytes((offering.keys / "mallory").read_bytes())
    (offering.keys / "ana").chmod(0o600)
    offering.on("change")
    edit(offering, SUITE, '"42"', '"43"')
    offering.sign_suite(signer)
    as_author(offering, "Ana", "ana@example.test")
    assert errors(offering.gate()) == ["SK706"]


def test_a_suite_gets_stricter(offering: Company) -> None:
    offering.on("change")
    extra = '\n  - {id: adds-more, run: {script: scripts/add.py}, expect: [{contains: "4"}]}\n'
    offering.write(SUITE, (offering.root / SUITE).read_text().rstrip() + extra)
    offering.commit("one case more")
    assert [one["kind"] for one in opened(offering)["differences"]] == ["stricter"]  # type: ignore[attr-defined]


def test_a_policy_edit_of_other_skills(promoting: Company) -> None:
    """An edit that does not meet the skill spoils neither its evidence nor its approval."""
    promoting.git("checkout", "--quiet", "main")
    edit(promoting, "skillctl.yaml", "tags: [finance], approvals: 2", "tags: [finance], approvals: 1, min_cases: 9")
    promoting.commit("of finance")
    promoting.git("checkout", "--quiet", "promotion")
    assert opened(promoting)["skill"] == "adder"


def test_a_draft_a_candidate_and_back(offering: Company) -> None:
    offering.on("change")
    offering.add_skill("newcomer")
    offering.commit("a draft")
    assert opened(offering)["step"] == "nothing -> 1.0.0 draft"
    assert offering.skillctl("promote", "newcomer").exit_code == 0
    assert opened(offering)["step"] == "nothing -> 1.0.0 candidate"
    assert offering.skillctl("promote", "adder", "--to", "draft").exit_code == 0
    assert opened(offering, "--base", "HEAD~1")["step"] == "1.0.0 candidate -> 1.0.0 draft"


def test_the_life_of_a_version(serving: Company) -> None:
    """Deprecated, reinstated, revised, withdrawn, rolled back: each step passes the gate by itself."""
    for words in (
        ("deprecate", "adder", "--reason", "old"),
        ("promote", "adder", "--to", "approved", "--reason", "the new one is late"),
        ("revise", "adder"),
    ):
        answer = serving.skillctl(*words)
        assert answer.exit_code == 0, answer.out
        opened(serving, "--base", "HEAD~1")
    assert serving.skillctl("promote", "adder").exit_code == 0
    assert serving.skillctl("eval", "adder").exit_code == 0
    serving.on("second")
    assert serving.skillctl("promote", "adder").exit_code == 0
    version = serving.git("show", f"HEAD:{SKILL}").split('version: "')[1].split('"')[0]
    serving.sign("jun", version=version)
    serving.commit("sign")
    opened(serving)
    for words in (
        ("rollback", "adder", "--to", "1.0.0"),
        ("withdraw", "adder", "--version", version, "--reason", "wrong"),
    ):
        answer = serving.skillctl(*words)
        assert answer.exit_code == 0, answer.out
        opened(serving, "--base", "HEAD~1")


def test_a_key_that_is_retired_later(promoting: Company) -> None:
    """What was approved with it before stays approved; it signs nothing new."""
    promoting.git("checkout", "--quiet", "main")
    key = promoting.key("maria")
    edit(
        promoting, "skillctl.yaml", f'"{key}"', f'{{key: "{key}", retired: "2000-01-01"}}, "{promoting.key("mallory")}"'
    )
    promoting.commit("maria's key is retired")
    promoting.git("checkout", "--quiet", "promotion")
    answer = promoting.gate()
    assert "SK705" in errors(answer)
    promoting.sign("maria", key="mallory")
    promoting.commit("with the new key")
    opened(promoting)


def test_a_tag_is_dropped_with_as_many_approvals_as_it_asked_for(offering: Company) -> None:
    """What the gate lets in, `verify` and `sync` believe: all judge by the tags of the version before as well."""
    drops_the_tag(offering)
    version = offering.git("show", f"HEAD:{SKILL}").split('version: "')[1].split('"')[0]
    offering.sign("jun", version=version)
    offering.commit("the second signature")
    assert opened(offering)["approvals"] == {"needed": 2, "counted": ["jun", "maria"]}
    offering.git("checkout", "--quiet", "main")
    offering.git("merge", "--quiet", "--no-ff", "--no-edit", "promotion")
    answer = offering.skillctl("verify", "--approvals")
    assert (answer.exit_code, answer.codes) == (0, []), answer.out
