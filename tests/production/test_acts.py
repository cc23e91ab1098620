"""What a person does in production at once: it holds against every later sync until Git agrees, or he ends it."""

from pathlib import Path

import pytest

from tests.production.conftest import Database
from tests.production.released import actions, served
from tests.shop import Answer, Shop

SERVING = "approvals/adder/serving.yaml"


@pytest.fixture
def two(shop: Shop, prod: Database) -> Shop:
    """Production holds 1.0.0 since one release, and serves 1.1.0 since another."""
    assert shop.skillctl("sync").exit_code == 0
    shop.skillctl("revise", "adder")
    shop.approve()
    assert shop.skillctl("sync").exit_code == 0
    assert served(shop) == {"adder": "1.1.0"}
    return shop


def last_release(database: Database) -> str:
    return str(database.value("select id from mcp.releases order by seq desc limit 1"))


def kinds(database: Database) -> list[str]:
    return [kind for (kind,) in database.run("select kind from mcp.releases order by seq")]


def error(answer: Answer) -> str:
    said = answer.envelope["error"]
    return str(said["kind"]) if said else ""


def test_a_release_is_rolled_back_at_once_and_no_sync_brings_it_back(two: Shop, prod: Database) -> None:
    brought = last_release(prod)
    done = two.skillctl("rollback", "--release", brought[:8], "--reason", "wrong sums")
    assert done.exit_code == 0, done.out
    assert (done.data["rolled_back"], done.data["jobs"]) == (brought, ["mattermost", "n8n"])
    assert [(one["version"], one["serving"]) for one in done.data["skills"]] == [("1.1.0", "1.0.0")]
    assert served(two) == {"adder": "1.0.0"}
    # The folder has the edit, HEAD has not: every sync of what was said before leaves it so.
    assert done.data["written"] == [SERVING]
    two.git("stash", "--quiet")
    for revision in (two.head(), two.commit("something else")):
        answer = two.skillctl("sync", revision)
        assert (answer.exit_code, answer.data["entries"][0]["action"]) == (0, "hold")
        assert answer.data["entries"][0]["hold"]["reason"] == "wrong sums"
        assert served(two) == {"adder": "1.0.0"}
    # Git agrees: the hold ends with the next sync, and nothing else changes.
    two.git("stash", "pop", "--quiet")
    two.commit("as it is in production")
    assert actions(two, "sync") == {"adder": "unhold"}
    assert prod.value("select count(*) from mcp.holds") == 0
    assert two.skillctl("sync").data["release"] is None
    assert served(two) == {"adder": "1.0.0"}
    assert two.skillctl("verify").exit_code == 0
    assert kinds(prod)[-2:] == ["rollback", "sync"]


def test_a_newer_version_ends_a_rollback(two: Shop, direct: Database) -> None:
    two.skillctl("rollback", "--release", last_release(direct), "--reason", "wrong sums")
    two.git("checkout", "--quiet", "--", ".")
    two.skillctl("revise", "adder")
    two.approve()
    assert actions(two, "sync") == {"adder": "publish"}
    assert (served(two), direct.value("select count(*) from mcp.holds")) == ({"adder": "1.2.0"}, 0)


def test_a_first_release_is_rolled_back_to_nothing(shop: Shop, direct: Database) -> None:
    shop.skillctl("sync")
    done = shop.skillctl("rollback", "--release", last_release(direct), "--reason", "too early", "--branch", "undo")
    assert (done.exit_code, done.data["branch"], served(shop)) == (0, "undo", {})
    assert 'withdrawn:\n  "1.0.0":\n    reason: "too early"' in shop.git("show", f"undo:{SERVING}")
    shop.git("merge", "--quiet", "--ff-only", "undo")
    assert actions(shop, "sync") == {"adder": "withdraw"}
    assert direct.value("select count(*) from mcp.holds") == 0
    assert shop.skillctl("verify").exit_code == 0


def test_what_is_served_by_another_release_since_is_left(two: Shop, direct: Database) -> None:
    first = direct.value("select id::text from mcp.releases order by seq offset 0 limit 1")
    answer = two.skillctl("rollback", "--release", first, "--reason", "which was it")
    assert (answer.exit_code, error(answer)) == (1, "nothing-to-roll-back")
    assert "1.1.0 is served by now" in answer.envelope["error"]["message"]


def test_which_releases_cannot_be_rolled_back(two: Shop, direct: Database) -> None:
    unknown = two.skillctl("rollback", "--release", "ffffffff", "--reason", "x")
    assert (unknown.exit_code, last_release(direct)[:8] in unknown.envelope["error"]["hint"]) == (2, True)
    two.skillctl("rollback", "--release", last_release(direct), "--reason", "x")
    again = two.skillctl("rollback", "--release", last_release(direct), "--reason", "x")
    assert (again.exit_code, "hold release" in again.envelope["error"]["hint"]) == (2, True)
    assert two.skillctl("rollback", "--release", last_release(direct)).exit_code == 2
    assert two.skillctl("rollback", "adder", "--release", "abcd", "--reason", "x").exit_code == 2
    assert two.skillctl("rollback", "adder").exit_code == 2


def test_a_revoked_version_is_gone_at_once_for_ever(two: Shop, prod: Database) -> None:
    done = two.skillctl("revoke", "adder@1.1.0", "--reason", "it leaks", "--serve", "1.0.0")
    assert (done.exit_code, done.data["serving"], done.data["written"]) == (0, "1.0.0", [SERVING])
    assert served(two) == {"adder": "1.0.0"}
    assert two.skillctl("show", "adder", "--env", "prod", "--version", "1.1.0").exit_code == 2
    written = (two.root / SERVING).read_bytes()
    two.git("checkout", "--quiet", "--", ".")
    stopped = two.skillctl("sync")
    assert (stopped.exit_code, stopped.codes, served(two)) == (1, ["SK408"], {"adder": "1.0.0"})
    assert "it leaks" in stopped.envelope["findings"][0]["message"]
    again = two.skillctl("revoke", "adder@1.1.0", "--reason", "it leaks", "--serve", "1.0.0")
    assert (again.exit_code, again.data["release"], (two.root / SERVING).read_bytes()) == (0, None, written)
    two.commit("as it is in production")
    assert actions(two, "sync") == {"adder": "unchanged"}
    assert two.skillctl("verify").exit_code == 0
    assert prod.value("select count(*) from mcp.promotions where action = 'revoke'") == 1


def test_without_another_version_a_revoked_skill_serves_nothing(two: Shop, direct: Database) -> None:
    assert two.skillctl("revoke", "adder@1.1.0", "--reason", "it leaks").data["serving"] is None
    assert served(two) == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("adder@9.9.9", "--reason", "x"), "it holds 1.0.0, 1.1.0"),
        (("addr@1.0.0", "--reason", "x"), "did you mean `adder`?"),
        (("adder", "--reason", "x"), "finance-ssc@1.0.0"),
        (("adder@1.1.0", "--reason", " "), ""),
        (("adder@1.1.0", "--reason", "x", "--serve", "3.0.0"), "versions that can be served: 1.0.0"),
        (("adder@1.1.0", "--reason", "x", "--serve", "1.1.0"), "versions that can be served: 1.0.0"),
    ],
)
def test_what_cannot_be_revoked(two: Shop, direct: Database, words: tuple[str, ...], said: str) -> None:
    answer = two.skillctl("revoke", *words)
    assert (answer.exit_code, said in (answer.envelope["error"]["hint"] or "")) == (2, True), answer.out
    assert kinds(direct) == ["sync", "sync"]


def test_an_edit_that_cannot_be_written_undoes_nothing(two: Shop, direct: Database) -> None:
    two.write(SERVING, (two.root / SERVING).read_bytes() + b"# somebody works here\n")
    done = two.skillctl("revoke", "adder@1.1.0", "--reason", "it leaks")
    assert (done.exit_code, done.data["written"]) == (0, [])
    assert done.data["edit_problem"]
    assert served(two) == {}


def test_nothing_of_a_held_skill_changes_until_somebody_says_so(two: Shop, prod: Database) -> None:
    held = two.skillctl("hold", "set", "adder", "--reason", "month end")
    assert (held.exit_code, held.data["jobs"]) == (0, ["mattermost"])
    assert [one["reason"] for one in two.skillctl("hold", "list").data["holds"]] == ["month end"]
    two.skillctl("revise", "adder")
    two.approve()
    for command in ("plan", "sync"):
        answer = two.skillctl(command)
        assert (answer.exit_code, answer.data["entries"][0]["action"]) == (0, "hold")
    assert "hold by" in two.typed("plan").out
    assert served(two) == {"adder": "1.1.0"}
    assert two.skillctl("verify").exit_code == 0, "what a person stopped is no drift"
    assert two.skillctl("hold", "release", "adder", "--reason", " ").exit_code == 2
    assert two.skillctl("hold", "release", "adder", "--reason", "books are closed").exit_code == 0
    assert actions(two, "sync") == {"adder": "publish"}
    assert served(two) == {"adder": "1.2.0"}
    assert two.skillctl("hold", "release", "adder", "--reason", "twice").exit_code == 2
    assert kinds(prod)[-3:] == ["hold", "unhold", "sync"]


def test_a_skill_may_be_held_before_it_is_there(shop: Shop, direct: Database) -> None:
    assert shop.skillctl("hold", "set", "adder", "--reason", "not yet").exit_code == 0
    assert (actions(shop, "sync"), served(shop)) == ({"adder": "hold"}, {})
    assert shop.skillctl("hold", "set", "addr", "--reason", "x").exit_code == 2


def test_a_hold_outlives_a_rollback_of_what_it_holds(two: Shop, direct: Database) -> None:
    brought = last_release(direct)
    two.skillctl("hold", "set", "adder", "--reason", "month end")
    two.skillctl("rollback", "--release", brought, "--reason", "wrong sums")
    assert served(two) == {"adder": "1.0.0"}
    (hold,) = two.skillctl("hold", "list").data["holds"]
    assert (hold["kind"], len(hold["digests"])) == ("hold", 1)
    two.commit("git agrees, the hold stays")
    assert actions(two, "sync") == {"adder": "hold"}


def test_acts_on_an_empty_production_are_refused(new: Shop, direct: Database) -> None:
    for words in (
        ("revoke", "adder@1.0.0", "--reason", "x"),
        ("hold", "set", "adder", "--reason", "x"),
        ("rollback", "--release", "abcd", "--reason", "x"),
        ("verify",),
        ("sync",),
    ):
        answer = new.skillctl(*words)
        assert (answer.exit_code, error(answer)) == (1, "production-empty"), words
        assert "sync --rebuild" in answer.envelope["error"]["hint"]


def test_a_saved_plan_is_applied_as_it_was_looked_at_or_not_at_all(two: Shop, direct: Database, tmp_path: Path) -> None:
    file = str(tmp_path / "plan.json")
    two.skillctl("revise", "adder")
    two.approve()
    assert two.skillctl("plan", "--out", file).exit_code == 0
    two.commit("later than the plan")
    two.skillctl("hold", "set", "adder", "--reason", "month end")
    answer = two.skillctl("sync", "--plan", file)
    assert (answer.exit_code, error(answer)) == (1, "plan-outdated")
    two.skillctl("hold", "release", "adder", "--reason", "over")
    assert error(two.skillctl("sync", "--plan", file)) == "plan-outdated", "production moved, there and back"
    planned = two.skillctl("plan", "HEAD~1", "--out", file)
    done = two.skillctl("sync", "--plan", file)
    assert (done.exit_code, done.data["commit"], served(two)) == (0, planned.data["commit"], {"adder": "1.2.0"})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 2}', "\0", "[" * 100_000])
def test_what_is_no_saved_plan(two: Shop, direct: Database, tmp_path: Path, text: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text)
    assert two.skillctl("sync", "--plan", str(file)).exit_code == 2
    assert two.skillctl("sync", "--plan", str(tmp_path / "none")).exit_code == 2
    assert two.skillctl("sync", "HEAD", "--plan", str(file)).exit_code == 2
