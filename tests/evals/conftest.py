"""A skill that is asked of a model, and what answers in its place."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.shop import Shop
from tests.standin.chat_server import ChatServer, Handler, chat_server, good

KEY = "sk-secret-hunter2"
CASES = 6


def obliges(handler: Handler) -> None:
    """Answers as a model that follows the skill it has loaded, and knows nothing without one."""
    system, *_, last = handler.asked.body["messages"]
    follows = "<skill" in system["content"]
    good(f"{last['content']}: {'42' if follows else 'no idea'}")(handler)


def suite(runner: str = "taped", trials: int = 1, cases: int = CASES, more: str = "") -> str:
    """A suite that asks so many questions."""
    asked = "".join(
        f'  - {{id: q{number}, ask: {{prompt: "question {number}"}}, expect: [{{contains: "42"}}]}}\n'
        for number in range(1, cases + 1)
    )
    return f"skill: adder\nrunner: {runner}\ntrials: {trials}\ncases:\n{asked}{more}"


def policy(url: str, more: str = "", gate: str = "", model: str = "vendor/m1") -> str:
    """A policy with a model, its recorded answers, and a fake."""
    return f"""\
gates:
  - {{to: candidate, min_cases: 1}}
  - {{to: approved, pass_rate: 1.0{gate}}}
runners:
  live: {{model: {{name: {model}, base_url: "{url}", key: TEST_API_KEY, attempts: 1, timeout: 5,
                  prices: {{input: 3, output: 15}}}}}}
  taped: {{replay: live}}
  fake: {{fake: {{answers: {{question: "it is 42"}}}}}}
{more}"""


class Lab:
    """A shop with a skill that is asked, and the server that answers."""

    def __init__(self, shop: Shop, server: ChatServer) -> None:
        self.shop, self.server = shop, server

    def eval(self, *words: str) -> Any:
        """`skillctl eval adder …`."""
        return self.shop.skillctl("eval", "adder", *words)

    def evidence(self, *words: str) -> dict[str, Any]:
        """What it measured; whatever it ended with."""
        answer = self.eval(*words)
        assert answer.data["evaluations"], answer.out
        found: dict[str, Any] = answer.data["evaluations"][0]["evidence"]
        return found

    def settle(self, text: str) -> None:
        """Have this policy, and have it in the base: only what is older than a change is trusted."""
        self.shop.write("skillctl.yaml", text)
        self.shop.commit("settle the policy")
        self.shop.commit("go on")

    @property
    def cassette(self) -> Path:
        return self.shop.root / "evals/adder/cassettes/live.jsonl"

    def entries(self) -> list[dict[str, Any]]:
        """The recorded answers."""
        return [json.loads(line) for line in self.cassette.read_text().splitlines()]


@pytest.fixture
def lab(draft_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A committed policy and suite; nothing is recorded yet."""
    monkeypatch.setenv("TEST_API_KEY", KEY)
    with chat_server(obliges) as server:
        shop = Shop.copied(draft_shop, tmp_path / "shop")
        shop.write("evals/adder/suite.yaml", suite())
        made = Lab(shop, server)
        made.settle(policy(server.url))
        yield made


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SSH keys of `ci` and of `mallory`."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ci", "mallory"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)]
        subprocess.run(command, check=True, capture_output=True)
    return folder
