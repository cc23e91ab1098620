"""What a new user does wrong: one clear message, the next command, the right exit code, nothing half-written."""

from pathlib import Path

import pytest

from tests.shop import Answer, Shop, run


def said(answer: Answer, exit_code: int, *words: str) -> None:
    """The error stream holds these words and no trace, and nothing is on standard output."""
    assert answer.exit_code == exit_code, answer
    assert answer.out == ""
    for word in words:
        assert word in answer.err, answer.err
    assert "Traceback" not in answer.err


@pytest.fixture
def root(draft_shop: Path, tmp_path: Path) -> Path:
    """A repository with one committed draft, `adder`."""
    return Shop.copied(draft_shop, tmp_path / "root").root


def test_no_folder(tmp_path: Path) -> None:
    said(run("-C", tmp_path / "nowhere", "list"), 2, "there is no folder", "-C")


def test_no_repository(tmp_path: Path) -> None:
    for command in ("list", "validate", "load", "plan", "history x", "show x", "eval x", "promote x"):
        said(run("-C", tmp_path, *command.split()), 2, "is not in a Git repository", "`git init`")


def test_no_commits(tmp_path: Path) -> None:
    shop = Shop.opened(tmp_path / "shop")
    shop.add_skill()
    for command in ("eval adder", "promote adder", "revise adder", "deprecate adder --reason x"):
        said(shop.typed(*command.split()), 2, "has no commits yet", "git commit")
    assert shop.typed("validate").exit_code == 0, "what needs no commit does not ask for one"


def test_an_unknown_skill_with_the_nearest_name(root: Path) -> None:
    commands = ("eval ader", "promote ader", "show ader", "history ader", "validate ader", "revise ader")
    for command in commands:
        said(run("-C", root, *command.split()), 2, "there is no skill `ader`", "did you mean `adder`?")
    said(run("-C", root, "show", "zzz"), 2, "known skills: `adder`")


def test_an_unknown_environment(root: Path) -> None:
    said(run("-C", root, "plan", "--env", "pro"), 2, "there is no environment `pro`", "did you mean `prod`?")


def test_an_environment_that_is_configured_nowhere(root: Path) -> None:
    said(run("-C", root, "plan"), 2, "SUPABASE_URL", "SKILLCTL_DATABASE_URL")
    said(run("-C", root, "plan", "--env", "dev"), 2, "no production store")


def test_an_unknown_revision(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    said(run("-C", root, "plan", "no-such-branch"), 2, "`no-such-branch` is not a commit", "git fetch")


def test_an_unknown_command_and_option() -> None:
    said(run("promot", "adder"), 2, "promot", "Did you mean 'promote'?")
    said(run("promote", "adder", "--tu", "approved"), 2, "--tu", "skillctl promote --help")
    said(run("promote"), 2, "NAME")
    said(run("promote", "adder", "--to", "aproved"), 2, "aproved")


def test_promotions_lead_to_three_statuses(root: Path) -> None:
    said(run("-C", root, "promote", "adder", "--to", "deprecated"), 2, "--to deprecated", "`skillctl deprecate")
    said(run("-C", root, "promote", "adder", "--to", "aproved"), 2, "did you mean `--to approved`?")
    said(run("-C", root, "promote", "adder", "--to", "zzz"), 2, "give `candidate` or `approved`")
    assert "[candidate|approved|draft]" in run("promote", "--help").out


@pytest.mark.parametrize(
    ("words", "wrong", "hint"),
    [
        (["--reason", " \t"], "`--reason` is empty", "say why"),
        (["--reason", "x" * 1001], "`--reason`: `reason` is longer than 1000", "--help"),
        (["--reason", "x", "--sunset", "2027-99-99"], "`--sunset 2027-99-99` is not a day", "`2027-03-31`"),
        (["--reason", "x", "--sunset", "20270331"], "`--sunset 20270331` is not a day", "`2027-03-31`"),
        (["--reason", "x", "--replaced-by", "no such skill!!"], "is not the name of a skill", "NAME@1.4.0"),
        (["--reason", "x", "--replaced-by", "ader"], "there is no skill `ader`", "did you mean `adder`?"),
        (["--reason", "x", "--replaced-by", "zzz"], "there is no skill `zzz`", "skillctl list"),
        (["--reason", "x", "--replaced-by", "adder@two"], "`two` is not a version", "adder@1.4.0"),
    ],
)
def test_a_deprecation_that_cannot_be_meant(
    approved_shop: Path, tmp_path: Path, words: list[str], wrong: str, hint: str
) -> None:
    shop = Shop.copied(approved_shop, tmp_path / "shop")
    head = shop.head()
    said(shop.typed("deprecate", "adder", *words), 2, wrong, hint)
    assert shop.head() == head


def test_a_replacement_is_a_skill_or_one_version_of_it(approved_shop: Path, tmp_path: Path) -> None:
    shop = Shop.copied(approved_shop, tmp_path / "shop")
    answer = shop.skillctl("deprecate", "adder", "--reason", "x", "--replaced-by", "adder@2.0.0-rc.1+b")
    assert (answer.exit_code, answer.data["replaced_by"]) == (0, "adder@2.0.0-rc.1+b")


@pytest.mark.parametrize("version", ["two", "1.1", "9.0.0-" + "x" * 60])
def test_a_version_that_nobody_could_read_again_is_not_opened(
    approved_shop: Path, tmp_path: Path, version: str
) -> None:
    shop = Shop.copied(approved_shop, tmp_path / "shop")
    head = shop.head()
    assert shop.typed("revise", "adder", "--version", version).exit_code == 2
    assert shop.head() == head


def test_a_version_is_asked_of_an_environment(root: Path) -> None:
    said(run("-C", root, "show", "adder", "--version", "1.0.0"), 2, "`--version`", "--env prod --version 1.0.0")


def test_a_policy_that_cannot_be_read(tmp_path: Path) -> None:
    shop = Shop.opened(tmp_path / "shop")
    shop.add_skill()
    shop.write("skillctl.yaml", "gates:\n  - {to: aproved}\n")
    shop.commit()
    said(shop.typed("plan"), 2, "skillctl.yaml:2:10", "`aproved`")
    assert "SK105" in shop.skillctl("validate").codes
    assert shop.skillctl("promote", "adder").exit_code == 1, "an unreadable policy lets nothing through"


def test_a_broken_skill_hides_no_other(tmp_path: Path) -> None:
    shop = Shop.opened(tmp_path / "shop")
    for name in ("good", "broken", "typo", "bytes"):
        shop.add_skill(name)
    shop.write("skills/broken/skill.yaml", "name: broken\nversion: [\n")
    definition = shop.root / "skills/typo/skill.yaml"
    definition.write_text(definition.read_text().replace("version", "versoin"))
    shop.write("skills/bytes/SKILL.md", b"---\nname: bytes\ndescription: caf\xe9\n---\n")
    shop.commit()
    answer = shop.skillctl("validate")
    assert answer.exit_code == 1
    found = {(one["skill"], one["code"], one["line"], one["column"]) for one in answer.envelope["findings"]}
    assert ("broken", "SK002", 3, 1) in found
    assert ("typo", "SK103", 2, 1) in found
    assert ("typo", "SK102", 1, 1) in found
    assert ("bytes", "SK001", 3, 17) in found
    assert answer.data["skills"] == ["broken", "bytes", "good", "typo"]
    loaded = shop.skillctl("load")
    assert (loaded.exit_code, loaded.data["statuses"]) == (1, {"draft": 1})
    said(shop.typed("show", "broken"), 2, "cannot be read", "skillctl validate broken")
    said(shop.typed("eval", "broken"), 2, "cannot be evaluated", "skills/broken/skill.yaml:3:1")
    assert shop.skillctl("promote", "broken").codes == ["invalid"]


def test_a_skill_without_a_suite_is_not_evaluated(draft_shop: Path, tmp_path: Path) -> None:
    shop = Shop.copied(draft_shop, tmp_path / "shop")
    (shop.root / "evals/adder/suite.yaml").unlink()
    said(shop.typed("eval", "adder"), 2, "cannot be evaluated", "evals/adder/suite.yaml")


def test_a_link_in_a_skill_is_refused(draft_shop: Path, tmp_path: Path) -> None:
    shop = Shop.copied(draft_shop, tmp_path / "shop")
    (shop.root / "skills/adder/scripts/passwd").symlink_to("/etc/passwd")
    said(shop.typed("eval", "adder"), 2, "symbolic link")
    assert shop.skillctl("load").codes == ["SK009"]


def test_a_bug_of_ours_is_logged_and_not_thrown_at_people(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_words: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("skillctl.cli.list.read", fails)
    answer = run("-C", root, "list")
    assert answer.exit_code == 4
    assert "this is a bug in `skillctl`: RuntimeError: boom" in answer.err
    log = Path(answer.err.rsplit("`", 2)[1])
    assert "Traceback" in log.read_text()
    log.unlink()


def test_inside_a_hook_of_another_repository_it_works_on_its_own(
    draft_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, other = Shop.copied(draft_shop, tmp_path / "shop"), Shop.copied(draft_shop, tmp_path / "other")
    heads = shop.head(), other.head()
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.root / ".git/index"))
    assert shop.skillctl("promote", "adder").exit_code == 0
    assert (shop.head() != heads[0], other.head() == heads[1]) == (True, True)
