"""The terms of a version, as a store keeps them, and how a database stands to the migrations."""

import hashlib

from skillctl.domain.migrated import State
from skillctl.domain.selection import Indexed


def test_terms_have_one_digest_in_whatever_order() -> None:
    wanted = hashlib.sha256(b"add 2\nsum 1").hexdigest()
    assert Indexed("adder", "1.0.0", {"sum": 1, "add": 2}).digest == wanted
    assert Indexed("adder", "1.0.0", {"add": 2, "sum": 1}).digest == wanted
    assert Indexed("adder", "1.0.0", {}).digest == ""


def test_where_nothing_says_what_is_exposed_nothing_is_claimed() -> None:
    assert State("18.6", ["a"], [], [], None).exposed is None
