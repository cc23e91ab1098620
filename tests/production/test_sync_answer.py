"""The JSON and the exit codes of `sync` are a contract: n8n decides by them (`n8n/skill-sync-ssh.json`)."""

import re
from pathlib import Path

import pytest

from tests.production.conftest import Database
from tests.shop import Answer, Shop

GOLDEN = Path(__file__).parents[1] / "cli" / "golden"
#: What is another one in every run, and what stands for it.
OTHERS = {
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}": "UUID",
    r"\b[0-9a-f]{64}\b": "SHA256",
    r"\b[0-9a-f]{40}\b": "COMMIT",
    r"\bcommit [0-9a-f]{12}\b": "commit COMMIT",
}


def shaped(answer: Answer) -> str:
    text = answer.out
    for pattern, name in OTHERS.items():
        text = re.sub(pattern, name, text)
    return text


@pytest.mark.parametrize("outcome", ["released", "blocked", "unconfigured"])
def test_the_answer_of_sync(shop: Shop, direct: Database, monkeypatch: pytest.MonkeyPatch, outcome: str) -> None:
    if outcome == "blocked":
        shop.skillctl("sync")
        shop.write("skills/adder/skill.yaml", 'name: adder\nversion: "1.1.0"\nstatus: approved\nowners: [sums]\n')
        shop.commit()
    if outcome == "unconfigured":
        monkeypatch.delenv("SKILLCTL_DATABASE_URL")
    answer = shop.skillctl("sync")
    assert answer.exit_code == {"released": 0, "blocked": 1, "unconfigured": 2}[outcome]
    assert shaped(answer) == (GOLDEN / f"sync.{outcome}.json").read_text(encoding="utf-8")
