"""What production is known to hold follows each release of one's own, and only where nothing else came between."""

from pathlib import Path
from typing import Any

import pytest

from skillctl.adapters.production_catalogue import ProductionCatalogue
from skillctl.adapters.production_memory import ProductionMemory
from tests.production.conftest import Transport
from tests.production.world import Version, following, upload


class Asking:
    """A transport that keeps the arguments of each call to `current_release`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.asked: list[dict[str, Any]] = []

    def call(self, function: str, /, **arguments: Any) -> Any:
        if function == "current_release":
            self.asked.append(arguments)
        return self._transport.call(function, **arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


@pytest.fixture
def asking(transport: Transport) -> Asking:
    return Asking(transport)


def opened(asking: Asking, folder: Path) -> ProductionCatalogue:
    return ProductionCatalogue(asking, ProductionMemory(folder, "here"))


def released(production: ProductionCatalogue, transport: Transport, *versions: Version) -> None:
    upload(transport, {digest: raw for version in versions for digest, raw in version.blobs.items()})
    production.apply(following(transport, [version.change() for version in versions]))


def known(asking: Asking, folder: Path) -> bool:
    """Whether nothing but the head had to be asked for; what is said is in any case what production holds."""
    asking.asked.clear()
    said = opened(asking, folder).current()
    is_known = asking.asked == [{"known": said.head}]
    assert said == ProductionCatalogue(asking).current()
    return is_known


def test_a_release_that_is_read_back_is_known(asking: Asking, transport: Transport, tmp_path: Path) -> None:
    for version in (Version("finance-ssc"), Version("odoo-developer"), Version("finance-ssc", "1.1.0")):
        production = opened(asking, tmp_path)
        production.current()
        released(production, transport, version)
        production.current(only=[version.name])
        assert known(asking, tmp_path)


def test_what_somebody_else_released_is_asked_for(asking: Asking, transport: Transport, tmp_path: Path) -> None:
    mine, theirs = Version("finance-ssc"), Version("odoo-developer")
    before, between, after = (opened(asking, tmp_path) for _ in range(3))
    # Theirs came after production was looked at, before it was read back, and after both.
    before.current()
    released(ProductionCatalogue(transport), transport, theirs)
    released(before, transport, mine)
    before.current(only=[mine.name])
    assert not known(asking, tmp_path)

    between.current()
    released(between, transport, Version(mine.name, "1.1.0"))
    released(ProductionCatalogue(transport), transport, Version(theirs.name, "1.1.0"))
    between.current(only=[mine.name])
    assert not known(asking, tmp_path)

    after.current()
    released(after, transport, Version(mine.name, "1.2.0"))
    after.current(only=[mine.name])
    released(ProductionCatalogue(transport), transport, Version(theirs.name, "1.2.0"))
    asking.asked.clear()
    assert opened(asking, tmp_path).current().skills[theirs.name].serving == "1.2.0"


def test_a_release_is_known_only_with_all_that_it_changed(asking: Asking, transport: Transport, tmp_path: Path) -> None:
    both = Version("finance-ssc"), Version("odoo-developer")
    production = opened(asking, tmp_path)
    production.current()
    released(production, transport, *both)
    production.current(only=[both[0].name])
    assert not known(asking, tmp_path)
