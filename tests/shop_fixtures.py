"""Shops that are made once a run and copied for each test."""

from pathlib import Path

import pytest

from tests.shop import Shop


@pytest.fixture(scope="session")
def draft_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one committed draft, `adder`; never changed, only copied."""
    shop = Shop.opened(tmp_path_factory.mktemp("draft") / "shop")
    shop.add_skill()
    shop.commit("add a draft")
    return shop.root


@pytest.fixture(scope="session")
def approved_shop(draft_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, approved; never changed, only copied."""
    shop = Shop.copied(draft_shop, tmp_path_factory.mktemp("approved") / "shop")
    shop.approve()
    return shop.root
