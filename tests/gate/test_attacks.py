"""No attack passes, and each is stopped by the rule that is meant to stop it."""

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
