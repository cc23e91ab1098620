"""Which skill fits a prompt: the same answer whatever the order, and with or without the skills that do not matter."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain import canonical
from skillctl.domain.selection import (
    EDITION,
    Candidate,
    Candidates,
    Catalogue,
    Offer,
    asked,
    filed,
    indexed,
    rank,
    selected,
    weights,
)

TAXES = Offer("taxes", "Computes the tax to withhold. Not for payroll. Files returns in odoo_erp.", ("finance",))
PAY = Offer("pay", "Runs payroll and pays salaries; does not file tax returns", ("hr", "finance"))
VOCABULARY = ["tax", "taxes", "payroll", "odoo_erp", "erp", "1601-EQ", "1601", "deploy", "deployment", "Not", ".", "é"]
texts = st.lists(st.sampled_from(VOCABULARY), max_size=6).map(" ".join)
offers = st.builds(
    Offer, st.sampled_from(["a", "b-tax", "c", "erp-d", "e"]), texts, st.lists(texts, max_size=2).map(tuple)
)
catalogues = st.lists(offers, max_size=5, unique_by=lambda offer: offer.name)


def vote(skills: int, mentions: int) -> float:
    """The formula of the module, as it stands there."""
    return math.log(1 + 1000 / skills) * mentions / (mentions + 2)


def test_the_score_is_the_formula() -> None:
    first, second = rank("Finance: which tax in our ERP, odoo-erp?", [TAXES, PAY])
    assert first.name == "taxes"
    assert first.words == ("Finance", "tax", "ERP", "odoo-erp", "odoo")
    # `taxes` is the name, `tax` is said: two mentions; the tag is worth two as well.
    said = [vote(2, 2), vote(1, 2), vote(1, 1), vote(1, 1), vote(1, 1) / 2]
    assert first.score == pytest.approx(sum(said))
    assert (second.name, second.words) == ("pay", ("Finance",))
    assert second.score == pytest.approx(vote(2, 2))


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("payroll", "pay"),
        ("file the return", "taxes"),
        ("withheld", None),
        ("salary", "pay"),
        ("", None),
        ("what can you do for me?", None),
    ],
)
def test_what_a_skill_is_not_for_does_not_attract(prompt: str, name: str | None) -> None:
    assert selected(prompt, [TAXES, PAY]) == name


@pytest.mark.parametrize(
    "opening", ["Not for", "not to be used for", "Do not use for", "Don't ask about", "*Never* for"]
)
def test_sentences_that_exclude(opening: str) -> None:
    said = Offer("a", f"Bakes bread. {opening} cakes! Cooks soup")
    assert [selected(prompt, [said]) for prompt in ("bread", "cake", "soup")] == ["a", None, "a"]


def test_names_decide_between_equals() -> None:
    alike = [Offer(name, "Bakes bread") for name in ("c", "a", "b")]
    assert [ranked.name for ranked in rank("bread", alike)] == ["a", "b", "c"]
    assert selected("bread", alike) == "a"


def test_a_whole_counts_more_than_the_part_of_another_word() -> None:
    assert not asked("odoo_erp, I mean odoo")["odoo"].is_part
    assert not asked("odoo, I mean odoo_erp")["odoo"].is_part
    assert asked("odoo_erp, odoo_erp")["odoo"].is_part


def test_no_skill_fits_where_there_is_none() -> None:
    assert rank("tax", []) == []
    assert selected("tax", []) is None


@given(catalogues.flatmap(lambda made: st.tuples(st.just(made), st.permutations(made))), texts)
def test_the_order_of_the_offers_does_not_matter(made: tuple[list[Offer], list[Offer]], prompt: str) -> None:
    assert rank(prompt, made[0]) == rank(prompt, made[1])


@given(catalogues, texts)
def test_the_first_is_the_selected_one(made: list[Offer], prompt: str) -> None:
    catalogue = Catalogue(made)
    ranked = catalogue.rank(prompt)
    assert catalogue.selected(prompt) == (ranked[0].name if ranked else None)
    assert [(-one.score, one.name) for one in ranked] == sorted((-one.score, one.name) for one in ranked)
    assert all(one.score > 0 and one.words and set(one.words) <= _said(prompt) for one in ranked)


@given(catalogues, texts)
def test_candidates_with_a_word_in_common_are_enough(made: list[Offer], prompt: str) -> None:
    candidates = [offer for offer in made if offer.mentions.keys() & asked(prompt).keys()]
    assert rank(prompt, candidates) == rank(prompt, made)
    assert {one.name for one in rank(prompt, made)} == {offer.name for offer in candidates}


@given(st.text(st.characters(), max_size=300), st.text(st.characters(), max_size=300))
def test_any_text_can_be_asked_and_offered(prompt: str, text: str) -> None:
    made = [Offer(text, text, (text,)), TAXES]
    assert rank(prompt, made) == rank(prompt, made[::-1])
    assert len(rank(text, made)) <= 2


def _said(prompt: str) -> set[str]:
    return {term.word for term in asked(prompt).values()}


def store(known: list[Offer], unread: list[Offer], prompt: str) -> Candidates:
    """What a store finds that has the terms of some skills, and of the others only their cards."""
    rows = [indexed("1.0.0", offer) for offer in known]
    keys = weights(prompt)
    spread = {key: sum(key in row.terms for row in rows) for key in keys}
    found = [Candidate(row.name, {key: row.terms[key] for key in keys if key in row.terms}) for row in rows]
    return Candidates([one for one in found if one.mentions], {key: n for key, n in spread.items() if n}, unread)


@given(catalogues, texts, st.integers(0, 5))
def test_what_a_store_finds_ranks_as_the_whole_catalogue(everything: list[Offer], prompt: str, known: int) -> None:
    assert store(everything[:known], everything[known:], prompt).rank(prompt) == rank(prompt, everything)


def test_a_key_is_filed_at_a_length_that_can_be_indexed() -> None:
    assert [filed("tax"), filed("x" * 64)] == ["tax", "x" * 64]
    assert filed("x" * 65).startswith("sha256:")
    assert len({filed("x" * 65), filed("x" * 66)}) == 2
    assert list(weights("the odoo_erp " + "开" * 100)) == ["odooerp", "odoo", "erp", filed("开" * 100)]
    assert weights("odoo_erp") == {"odooerp": 1.0, "odoo": 0.5, "erp": 0.5}


def test_other_terms_are_another_edition() -> None:
    """Stores keep terms: if this fails, raise `EDITION`, and say the new digest here."""
    corpus = [
        Offer("k8s-genius", "Deploys to Kubernetes; scales deployments. Not for Docker. Ça va: naïve CrashLoopBackOff"),
        Offer(
            "finance-ssc",
            "Files BIR 1601-EQ and 2307, computing withheld taxes at 2.5% for odoo_erp.",
            ("bir", "e-tax"),
        ),
        Offer(
            "writer",
            "Summarises policies, studies and stopped running; agreed, controlled, translations, ﬁne ligatures",
        ),
    ]
    mentions = [sorted(indexed("1", offer).terms.items()) for offer in corpus]
    assert (EDITION, canonical.sha256(mentions)) == (
        1,
        "4050e04b6bbc2de8bbf9d54281891f2830eff050a7815c375545503091190751",
    )
