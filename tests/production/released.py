"""What the tests ask of a production that the command line releases to."""

from tests.shop import Shop


def actions(shop: Shop, command: str = "plan") -> dict[str, str]:
    """What the plan does, by skill."""
    answer = shop.skillctl(command)
    assert answer.envelope["error"] is None, answer.out
    return {entry["skill"]: entry["action"] for entry in answer.data["entries"]}


def served(shop: Shop) -> dict[str, str]:
    return {skill["name"]: skill["version"] for skill in shop.skillctl("list", "--env", "prod").data["skills"]}
