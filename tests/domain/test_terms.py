"""What a word is found by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain.terms import Term, shortened, terms


def keys(text: str) -> list[str]:
    return [term.key for term in terms(text)]


@pytest.mark.parametrize(
    "words",
    [
        "deploy deploys deployed deploying deployment deployments",
        "migrate migrates migrated migrating migration migrator",
        "compute computes computing computed computation",
        "policy policies",
        "apply applies applied applying",
        "fail failed fails failing failure",
        "rent rental rentals",
        "pin pinned pinning pins",
        "bill bills billing",
        "quarter quarterly quarters",
        "run runs running",
        "supplier supplier's suppliers’",
        "1601-EQ 1601EQ 1601_eq",
        "CrashLoopBackOff crashloopbackoff CRASHLOOPBACKOFF",
        "Überweisung ÜBERWEISUNG überweisung",
        "２３０７ 2307",
        "ﬁle file files",
    ],
)
def test_words_that_find_each_other(words: str) -> None:
    assert len({next(terms(word)).key for word in words.split(" ")}) == 1


@pytest.mark.parametrize("words", ["status state", "class clash", "analysis analyst", "port post", "series service"])
def test_words_that_do_not(words: str) -> None:
    one, other = words.split(" ")
    assert keys(one) != keys(other)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("What's the x? Please, don't!", []),
        ("1601-EQ", ["1601eq", "1601", "eq"]),
        ("odoo_erp", ["odooerp", "odoo", "erp"]),
        ("WI010 and 2550Q", ["wi010", "wi", "010", "2550q", "2550"]),
        ("n8n-dev, 80k", ["n8ndev", "n8n", "dev", "80k"]),
        ("17.0.1.0.0", ["170100", "17"]),
        ("GitHub", ["github", "git", "hub"]),
        ("XMLExport", ["xmlexport", "xml", "export"]),
        ("up/down -- end.", ["updown", "end"]),
        ("`__manifest__.py`", ["manifest", "py"]),
        ("tax tax", ["tax", "tax"]),
        ("会計 ภาษี", ["会計", "ภาษ"]),
    ],
)
def test_terms_in_their_order(text: str, found: list[str]) -> None:
    assert keys(text) == found


def test_parts_know_that_they_are() -> None:
    assert list(terms("Self-Hosted runners")) == [
        Term("selfhost", "Self-Hosted"),
        Term("self", "Self", is_part=True),
        Term("host", "Hosted", is_part=True),
        Term("run", "runners"),
    ]


def test_long_words_as_people_shorten_them() -> None:
    words = ["Kubernetes", "localised", "localisation", "1234567890", "a" * 31]
    assert [shortened(Term(word, word)) for word in words] == ["k8s", None, "l10n", None, None]


@given(st.text(st.characters(), max_size=200))
def test_any_text_has_terms(text: str) -> None:
    for term in terms(text):
        assert len(term.key) > 1
        assert term.word


@pytest.mark.parametrize("unit", ["a", "a-", "aA", "a1", "e", "ing", "'", "\ud800", "ﷺ", "İ", "1,", "..--", "Aa1-"])
def test_a_hostile_text_is_only_long(unit: str) -> None:
    assert len(list(terms(unit * (4000 // len(unit))))) <= 4000 * 18
