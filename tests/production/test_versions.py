"""Versions are ordered by the database as semver.org orders them."""

import itertools

import pytest
from semver import Version

from tests.production.conftest import Database

ORDERED = [
    "0.0.0", "0.0.9", "0.1.0", "0.10.0", "1.0.0-0", "1.0.0-2", "1.0.0-10", "1.0.0-9999999999999999999999",
    "1.0.0--", "1.0.0-A", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.2", "1.0.0-alpha.10", "1.0.0-alpha.beta",
    "1.0.0-alpha-", "1.0.0-alpha-1", "1.0.0-alpha0", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
    "1.0.0", "1.0.1-0", "1.0.1", "1.2.0", "1.10.0", "2.0.0", "10.0.0", "99999999999999999999.0.0",
]  # fmt: skip


def test_the_list_itself_is_in_order() -> None:
    for one, other in itertools.pairwise(ORDERED):
        assert Version.parse(one) < Version.parse(other)


def test_keys_compare_as_versions(shared_database: Database) -> None:
    found = shared_database.value(
        "select array_agg(v order by mcp.semver_key(v)) from unnest(%s::text[]) v", list(reversed(ORDERED))
    )
    assert found == ORDERED


def test_the_build_does_not_count(shared_database: Database) -> None:
    assert shared_database.value("select mcp.semver_key('1.0.0-a+b.1') = mcp.semver_key('1.0.0-a+-c')")
    assert shared_database.value("select mcp.semver_key('1.0.0+a-b') = mcp.semver_key('1.0.0')")


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0-a..b", "1.0.0+", "v1.0.0", "1.0.0\n", "１.0.0"],
)
def test_what_is_no_version_has_no_key(shared_database: Database, text: str) -> None:
    assert shared_database.value("select mcp.semver_key(%s)", text) is None
