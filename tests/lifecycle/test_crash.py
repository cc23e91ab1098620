"""A promotion that is killed at any point is finished by running it again: nothing is lost or doubled."""

from pathlib import Path

import pytest

from tests.crash import dies_at
from tests.shop import Shop


@pytest.mark.parametrize(
    "words",
    [
        ("promote", "adder"),
        ("revise", "adder"),
        ("deprecate", "adder", "--reason", "x"),
        ("withdraw", "adder", "--reason", "x"),
    ],
)
def test_killed_anywhere_and_run_again(shop: Shop, tmp_path: Path, words: tuple[str, ...]) -> None:
    shop.skillctl("promote", "adder")
    shop.skillctl("eval", "adder")
    if words[0] != "promote":
        shop.skillctl("promote", "adder")
    commits = int(shop.git("rev-list", "--count", "HEAD"))
    kept = shop.root
    effect, killed = 0, True
    while killed:
        effect += 1
        shop = Shop.copied(kept, tmp_path / f"dies-{effect}")
        killed = dies_at(effect, "-C", shop.root, *words)
        answer = shop.skillctl(*words)
        assert answer.exit_code == 0, f"after dying at effect {effect}: {answer.out}"
        assert int(shop.git("rev-list", "--count", "HEAD")) == commits + 1, f"after dying at effect {effect}"
        assert shop.is_clean(), f"after dying at effect {effect}: {shop.git('status', '--porcelain')}"
    assert effect >= 10, "the points at which it can die were found"
