"""What came in wrongly stays out of production until it is mended, however many commits come after."""

import pytest

from tests.production.conftest import Database
from tests.production.released import served
from tests.shop import Shop


@pytest.fixture
def squashed(shop: Shop, direct: Database) -> Shop:
    """A skill whose two promotions came in as one commit, so that nobody could look at its candidate."""
    assert shop.skillctl("sync").exit_code == 0
    shop.add_skill("other")
    before = shop.commit("a draft")
    shop.approve("other")
    shop.git("reset", "--quiet", "--soft", before)
    shop.commit("both promotions at once")
    return shop


def judged(database: Database) -> str | None:
    found: str | None = database.value("select judged from mcp.deployed")
    return found


def test_an_error_does_not_grow_old(squashed: Shop, direct: Database) -> None:
    since = direct.value("select commit from mcp.deployed")
    for message in ("later", "later still", "much later"):
        commit = squashed.commit(message)
        answer = squashed.skillctl("sync")
        assert (answer.exit_code, served(squashed)) == (1, {"adder": "1.0.0"}), answer.out
        assert any("(in commit" in finding["message"] for finding in answer.envelope["findings"])
        assert (direct.value("select commit from mcp.deployed"), judged(direct)) == (commit, since)


def test_the_others_are_released_beside_it(squashed: Shop, direct: Database) -> None:
    squashed.skillctl("revise", "adder")
    squashed.approve()
    assert squashed.skillctl("sync").exit_code == 1
    assert served(squashed) == {"adder": "1.1.0"}


def test_an_error_is_mended_by_taking_it_back(squashed: Shop, direct: Database) -> None:
    assert squashed.skillctl("sync").exit_code == 1
    squashed.git("revert", "--no-edit", "HEAD")
    done = squashed.skillctl("sync")
    assert (done.exit_code, judged(direct)) == (0, None), done.out
    squashed.approve("other")
    assert squashed.skillctl("sync").exit_code == 0
    assert served(squashed) == {"adder": "1.0.0", "other": "1.0.0"}


def test_a_policy_that_could_not_be_read_for_a_while_judges_nothing(shop: Shop, direct: Database) -> None:
    shop.skillctl("sync")
    policy = (shop.root / "skillctl.yaml").read_bytes()
    shop.write("skillctl.yaml", "gates: [")
    shop.commit("a slip")
    shop.write("skillctl.yaml", policy)
    shop.commit("mended")
    shop.skillctl("revise", "adder")
    shop.approve()
    done = shop.skillctl("sync")
    assert (done.exit_code, served(shop)) == (0, {"adder": "1.1.0"}), done.out


def test_a_line_that_was_left_is_judged_as_one_change(shop: Shop, direct: Database) -> None:
    """A branch that took production's commit in as its second parent."""
    shop.skillctl("sync")
    first = shop.git("rev-list", "--max-parents=0", "HEAD")
    shop.git("checkout", "--quiet", "-b", "side", first)
    shop.commit("beside it")
    shop.git("merge", "--quiet", "--no-edit", "main")
    shop.git("checkout", "--quiet", "main")
    shop.git("merge", "--quiet", "--ff-only", "side")
    assert shop.skillctl("sync").exit_code == 0
