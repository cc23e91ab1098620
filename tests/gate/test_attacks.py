"""No attack passes, and each is stopped by the rule that is meant to stop it."""

from pathlib import Path

import pytest

from tests.gate.attacks import ATTACKS, Attack
from tests.gate.company import Company, errors


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.title)
def test_it_is_stopped(attack: Attack, request: pytest.FixtureRequest) -> None:
    company: Company = request.getfixturevalue(attack.start)
    attack.does(company)
    answer = company.gate()
    assert answer.exit_code == 1, answer.out
    assert set(attack.stopped_by) <= set(errors(answer)), answer.out


def test_the_documentation_lists_them(project: Path) -> None:
    rows = [f"| {attack.title} | {', '.join(attack.stopped_by)} |" for attack in ATTACKS]
    page = (project / "docs/gate.md").read_text(encoding="utf-8")
    assert [line for line in page.splitlines() if line.startswith("| ")][1:] == rows
