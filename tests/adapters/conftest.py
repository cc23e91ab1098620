"""A real repository for each test of an adapter."""

from pathlib import Path

import pytest

from tests.shop import Shop


@pytest.fixture
def repo(draft_shop: Path, tmp_path: Path) -> Shop:
    """A repository with one committed draft, `adder`."""
    return Shop.copied(draft_shop, tmp_path / "shop")
