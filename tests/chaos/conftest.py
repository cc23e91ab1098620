"""One production for all chaos, `SKILLCTL_TEST_CHAOS` twentieths of it, by chance from `SKILLCTL_TEST_CHAOS_SEED`."""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random, SystemRandom

import pytest

from tests.chaos.host import Host, hosted
from tests.chaos.story import Calm, told
from tests.production.conftest import Database
from tests.shop import Shop

_TWENTIETHS = int(os.environ.get("SKILLCTL_TEST_CHAOS") or 1)
_SEED = os.environ.get("SKILLCTL_TEST_CHAOS_SEED") or str(SystemRandom().randrange(10**6))


def some(all_of_them: int) -> range:
    """As many runs as are wanted of so many."""
    return range(max(1, all_of_them * _TWENTIETHS // 20))


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> Random:
    """What is random in a test; shown where it fails, and repeated with the seed."""
    sys.stdout.write(f"SKILLCTL_TEST_CHAOS_SEED={_SEED}\n")
    return Random(f"{_SEED} {request.node.originalname}")


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosted(tmp_path_factory.mktemp("host") / "production") as running:
        yield running


@pytest.fixture(scope="session")
def database(host: Host) -> Database:
    return host.database


@pytest.fixture(scope="session")
def history(approved_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, list[str]]:
    """A repository with several releases, and their commits."""
    shop = Shop.copied(approved_shop, tmp_path_factory.mktemp("history") / "shop")
    return shop, told(shop)


@pytest.fixture(scope="session")
def calm(host: Host, history: tuple[Shop, list[str]]) -> Calm:
    """What undisturbed syncs make, on a database of their own beside the other one."""
    host.do("beside")
    of = host.database
    superuser, owner = (url.removesuffix("/postgres") + "/calm" for url in (of.superuser_url, of.owner_url))
    return Calm(history[0], replace(of, superuser_url=superuser, owner_url=owner, authenticator_url=""))
