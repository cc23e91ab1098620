"""The next version opens without touching what is served; a deprecated one keeps its notice."""

import yaml

from tests.shop import Shop


def serving(shop: Shop) -> dict[str, object]:
    said: dict[str, object] = yaml.safe_load((shop.root / "approvals/adder/serving.yaml").read_text())
    return said


def test_revise_opens_a_draft_and_keeps_what_is_served(shop: Shop) -> None:
    shop.approve()
    before = shop.git("ls-tree", "-r", "HEAD", "approvals")
    answer = shop.skillctl("revise", "adder")
    assert answer.data["version"] == "1.1.0"
    assert answer.data["serving"] == "1.0.0"
    assert shop.git("ls-tree", "-r", "HEAD", "approvals") == before
    assert 'version: "1.1.0"\nstatus: draft  # kept\n' in (shop.root / "skills/adder/skill.yaml").read_text()


def test_revise_twice_opens_one_version(shop: Shop) -> None:
    shop.approve()
    shop.skillctl("revise", "adder", "--part", "major")
    head = shop.head()
    answer = shop.skillctl("revise", "adder")
    assert (answer.exit_code, answer.data["version"], answer.data["commit"], shop.head()) == (0, "2.0.0", None, head)


def test_revise_refuses_a_version_that_is_not_greater(shop: Shop) -> None:
    shop.approve()
    for version in ("1.0.0", "0.1.0", "two"):
        answer = shop.skillctl("revise", "adder", "--version", version)
        assert answer.exit_code == 2
        assert version in answer.envelope["error"]["message"]


def test_the_next_version_is_served_once_it_is_approved(shop: Shop) -> None:
    shop.approve()
    shop.skillctl("revise", "adder")
    shop.approve()
    assert serving(shop) == {"serving": "1.1.0"}
    versions = shop.skillctl("history", "adder").data["versions"]
    assert [(row["version"], row["serving"]) for row in versions] == [("1.0.0", False), ("1.1.0", True)]


def test_deprecating_the_working_version_marks_both_places(shop: Shop) -> None:
    shop.approve()
    answer = shop.skillctl("deprecate", "adder", "--reason", "sums moved", "--sunset", "2027-03-31")
    assert answer.exit_code == 0
    assert shop.status() == "deprecated"
    assert serving(shop) == {
        "serving": "1.0.0",
        "deprecated": {"1.0.0": {"reason": "sums moved", "sunset": "2027-03-31"}},
    }
    assert shop.skillctl("validate").exit_code == 0


def test_deprecating_an_older_version_leaves_the_folder(shop: Shop) -> None:
    shop.approve()
    shop.skillctl("revise", "adder")
    shop.skillctl("deprecate", "adder", "--reason", "sums moved")
    assert shop.status() == "draft"
    assert "1.0.0" in serving(shop)["deprecated"]  # type: ignore[operator]


def test_deprecate_refuses_what_was_never_approved(shop: Shop) -> None:
    answer = shop.skillctl("deprecate", "adder", "--reason", "sums moved")
    assert answer.exit_code == 2
    assert "nothing of `adder` is served" in answer.envelope["error"]["message"]
    answer = shop.skillctl("deprecate", "adder", "--reason", "sums moved", "--version", "3.0.0")
    assert "adder@3.0.0 was never approved" in answer.envelope["error"]["message"]


def test_deprecate_twice_commits_once(shop: Shop) -> None:
    shop.approve()
    for commits in (True, False):
        answer = shop.skillctl("deprecate", "adder", "--reason", "sums moved")
        assert (answer.exit_code, answer.data["commit"] is not None) == (0, commits)


def test_a_date_that_is_none_is_said_so(shop: Shop) -> None:
    shop.approve()
    answer = shop.skillctl("deprecate", "adder", "--reason", "x", "--sunset", "soon")
    assert answer.exit_code == 2
    assert "--sunset" in answer.envelope["error"]["message"]


def test_nobody_loses_uncommitted_work(shop: Shop) -> None:
    shop.approve()
    definition = shop.root / "skills/adder/skill.yaml"
    mine = definition.read_text().replace("[sums]", "[sums, mine]")
    definition.write_text(mine)
    for words in (("revise", "adder"), ("deprecate", "adder", "--reason", "x")):
        answer = shop.skillctl(*words)
        assert (answer.exit_code, definition.read_text() == mine) == (2, True)
        assert "has changes that are not committed" in answer.envelope["error"]["message"]


def test_what_cannot_be_read_is_not_written_anew(shop: Shop) -> None:
    shop.approve()
    path = "approvals/adder/serving.yaml"
    shop.write(path, 'serving: "1.0.0"\nwithdrwan: {"0.9.0": {reason: "x"}}\n')
    shop.commit()
    for words in (("revise", "adder"), ("deprecate", "adder", "--reason", "x", "--version", "1.0.0")):
        answer = shop.skillctl(*words)
        assert answer.exit_code == 2
        assert f"{path}:2:1" in answer.envelope["error"]["message"]
    assert "withdrwan" in (shop.root / path).read_text()


def test_a_version_that_cannot_be_read_is_not_written(shop: Shop) -> None:
    shop.approve()
    assert shop.skillctl("revise", "adder", "--version", "1.1.0-" + "x" * 80).exit_code == 2
    assert shop.is_clean()
