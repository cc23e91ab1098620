"""A shop for each test."""

from pathlib import Path

import pytest

from tests.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A repository with one committed draft, `adder`."""
    made = Shop(tmp_path / "shop")
    made.add_skill()
    made.commit("add a draft")
    return made
