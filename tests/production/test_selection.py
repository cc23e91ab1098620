"""Which skill fits a prompt: production, the dev store and the domain give one answer, of what is served alone."""

import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from benchmarks import words
from skillctl.adapters.folder_tree import FolderTree
from skillctl.adapters.postgres_transport import PostgresTransport
from skillctl.adapters.production_catalogue import ProductionCatalogue
from skillctl.adapters.sqlite_catalogue import SqliteCatalogue
from skillctl.domain.selection import EDITION, Catalogue, Offer, indexed, selected
from skillctl.errors import StoreRefused
from skillctl.workflows.read import read
from tests.production.conftest import Database, Transport
from tests.production.world import Version, following, publish, sha256
from tests.shop import Shop

OURS = read(FolderTree(Path(__file__).parents[2]))
PROMPTS = [case.trigger.prompt for suite in OURS.suites.values() for _, case in suite.cases if case.trigger]
NOTICE = {"reason": "old rates"}


def offer_of(name: str) -> Offer:
    skill = OURS.skills[name]
    return Offer(name, skill.description, tuple(skill.definition.tags))


OFFERS = [offer_of(name) for name in sorted(OURS.skills)]
#: Others beside them, of which some have nothing in common with any prompt.
NOISE = [
    Offer(name, words.description(Random(name)), (name.split("-")[0],)) for name in islice(words.names(), 60)
]  # fmt: skip


def version_of(offer: Offer, version: str = "1.0.0") -> Version:
    made = Version(offer.name, version)
    made.entry["card"] = {"name": offer.name, "description": offer.description, "tags": list(offer.tags)}
    return made


def release(transport: Transport, offers: Iterable[Offer]) -> None:
    publish(transport, *(version_of(offer) for offer in offers))


def index(production: ProductionCatalogue) -> None:
    production.put_terms(indexed(version, offer) for version, offer in production.unindexed())


def candidates(transport: Transport, **terms: Any) -> Any:
    return transport.call("select_candidates", terms=terms, edition=EDITION)


def names(transport: Transport, **terms: Any) -> list[str]:
    said = candidates(transport, **terms)
    return [one["name"] for one in (*said["candidates"], *said["unread"])]


def test_every_trigger_case_selects_the_same_skill_in_every_store(transport: Transport, tmp_path: Path) -> None:
    everything, production = [*OFFERS, *NOISE], ProductionCatalogue(transport)
    release(transport, everything)
    dev = SqliteCatalogue(tmp_path)
    dev.replace([row_of(offer) for offer in everything], [])
    whole = Catalogue(everything)
    assert len(PROMPTS) > 60

    assert production.unindexed() == [("1.0.0", offer) for offer in sorted(everything, key=lambda one: one.name)]
    for prompt in PROMPTS:
        assert production.candidates(prompt).rank(prompt) == whole.rank(prompt)
    index(production)
    assert production.unindexed() == []
    for prompt in PROMPTS:
        found = production.candidates(prompt)
        ranked = whole.rank(prompt)
        assert found.rank(prompt) == ranked[:20]
        assert found.unread == []
        assert selected(prompt, dev.offers()) == (ranked[0].name if ranked else None)


def row_of(offer: Offer) -> dict[str, Any]:
    """A row of the dev catalogue."""
    return {
        "name": offer.name, "version": "1.0.0", "status": "approved", "serving": None, "digest": "sha256:0",
        "description": offer.description, "instructions": "", "owners": [], "tags": list(offer.tags), "tools": {},
        "routing": None, "requires": {}, "inputs": None, "outputs": None,
    }  # fmt: skip


def test_the_dev_store_offers_what_is_not_deprecated(tmp_path: Path) -> None:
    dev = SqliteCatalogue(tmp_path)
    with pytest.raises(Exception, match="no local catalogue"):
        dev.offers()
    rows = [row_of(offer) | {"status": status} for offer, status in zip(OFFERS, ["draft", "deprecated"], strict=False)]
    dev.replace(rows, [])
    assert dev.offers() == OFFERS[:1]


def test_what_is_indexed_in_part_ranks_as_the_whole(database: Database) -> None:
    """Also for prompts of which every skill mentions something, and by an index of another edition."""
    everything = [*OFFERS, *NOISE]
    with PostgresTransport(database.owner_url) as transport:
        production = ProductionCatalogue(transport)
        release(transport, everything)
        production.put_terms(indexed("1.0.0", offer) for offer in everything[::2])
        _ranks_as(production, everything)
        database.run("update mcp.offers set edition = edition + 1 where id % 4 = 1 and edition is not null")
        _ranks_as(production, everything)


def _ranks_as(production: ProductionCatalogue, everything: list[Offer]) -> None:
    whole, random = Catalogue(everything), Random(7)
    assert 0 < len(production.unindexed()) < len(everything)
    for prompt in [words.description(random) for _ in range(30)]:
        assert production.candidates(prompt).rank(prompt) == whole.rank(prompt)


def test_equals_are_told_apart_by_their_names_and_none_is_cut_off(database: Database) -> None:
    twins = [Offer(f"twin-{number:03}", "Adds bills up.") for number in range(150)]
    with PostgresTransport(database.owner_url) as transport:
        production = ProductionCatalogue(transport)
        release(transport, reversed(twins))
        index(production)
        ranked = production.candidates("add up the bills").rank("add up the bills")
    assert [one.name for one in ranked] == [one.name for one in twins[:20]]


def test_a_word_of_any_length_and_script_finds_its_skill(transport: Transport) -> None:
    """Chinese has no spaces: a sentence is one word, longer than what an index can hold."""
    sentence = "開" * 700
    offers = [Offer("long", f"Bakes bread. {sentence}"), Offer("other", "Bakes bread.", ("ß", "straße"))]
    production = ProductionCatalogue(transport)
    release(transport, offers)
    index(production)
    for prompt in (sentence, "STRASSE", "bread", "straße bread", "\U0001f600", "a\u0000b bread"):
        assert production.candidates(prompt).rank(prompt) == Catalogue(offers).rank(prompt)


def test_the_answer_names_its_release(transport: Transport) -> None:
    answer = publish(transport, version_of(OFFERS[0]))
    name = OFFERS[0].name
    said = candidates(transport, bake=1)
    file: Any = transport.call("read_file", name=name, version=None, path="SKILL.md")
    others: list[Any] = [transport.call("get_skill", name=name), transport.call("list_skills")]
    for one in (said, file, *others):
        assert (one["release"], one["commit"]) == (answer["release"], "a" * 40)
    assert (file["name"], file["version"]) == (name, "1.0.0")


def moved(transport: Transport, state: str, **keys: Any) -> None:
    version = version_of(OFFERS[0])
    states = {"1.0.0": {"state": state, "notice": NOTICE}}
    change = version.change(publish=[], promotions=[version.moved("approved", state)], states=states, **keys)
    transport.call("apply_release", release=following(transport, [change]))


@pytest.mark.parametrize("is_indexed", [True, False])
@pytest.mark.parametrize(
    ("state", "keys"),
    [
        ("deprecated", {"action": "deprecate"}),
        ("withdrawn", {"action": "withdraw", "serving": None}),
        ("revoked", {"action": "revoke", "serving": None}),
    ],
)
def test_what_is_no_longer_offered_is_no_candidate(
    transport: Transport, database: Database, state: str, keys: dict[str, Any], is_indexed: bool
) -> None:
    release(transport, OFFERS[:2])
    if is_indexed:
        index(ProductionCatalogue(transport))
    gone, kept = OFFERS[0], OFFERS[1]
    asked = {key: 1.0 for offer in (gone, kept) for key in offer.mentions}
    assert set(names(transport, **asked)) == {gone.name, kept.name}
    moved(transport, state, **keys)
    assert names(transport, **asked) == [kept.name]
    assert database.value("select count(*) from mcp.terms") == (len(kept.mentions) if is_indexed else 0)
    assert (transport.call("get_skill", name=gone.name) is not None) is (state == "deprecated")


def test_a_revoked_digest_is_offered_to_nobody_at_once(transport: Transport, database: Database) -> None:
    release(transport, OFFERS[:1])
    index(ProductionCatalogue(transport))
    database.run(
        "insert into mcp.revocations (digest, name, version, reason, actor)"
        " select digest, name, version, 'leaks', 'maria' from mcp.skill_versions"
    )
    assert names(transport, **dict.fromkeys(OFFERS[0].mentions, 1)) == []


def test_a_new_version_is_found_by_its_own_words(transport: Transport) -> None:
    production = ProductionCatalogue(transport)
    old, new = Offer("baker", "Bakes bread."), Offer("baker", "Cooks soup.")
    publish(transport, version_of(old))
    index(production)
    publish(transport, version_of(new, "1.1.0"))
    for _ in range(2):
        assert [one.name for one in production.candidates("soup").rank("soup")] == ["baker"]
        assert production.candidates("bread").rank("bread") == []
        index(production)
    # Terms of a version that is not offered any more come to nothing.
    production.put_terms([indexed("1.0.0", old)])
    assert production.candidates("bread").rank("bread") == []


def test_a_skill_that_is_named_twice_has_the_terms_that_were_said_first(
    transport: Transport, database: Database
) -> None:
    publish(transport, version_of(OFFERS[0]))
    said: Any = [{"name": OFFERS[0].name, "version": "1.0.0", "terms": {"bread": count}} for count in (2, 3)]
    assert transport.call("put_terms", skills=said, edition=1) == {"stored": 1}
    assert database.run("select key, mentions from mcp.terms") == [("bread", 2)]


def test_terms_of_other_skills_go_in_beside_and_those_of_the_same_after_one_another(
    transport: Transport, database: Database
) -> None:
    publish(transport, version_of(OFFERS[0]))
    publish(transport, version_of(OFFERS[1]))

    def put(connection: psycopg.Connection[Any], offer: Offer, mentions: int) -> None:
        said = [{"name": offer.name, "version": "1.0.0", "terms": {"bread": mentions}}]
        connection.execute("select mcp.put_terms(1, %s::jsonb)", [json.dumps(said)])

    with psycopg.connect(database.owner_url) as first, psycopg.connect(database.owner_url) as second:
        second.execute("set lock_timeout = '100ms'")
        put(first, OFFERS[0], 2)
        put(second, OFFERS[1], 3)
        second.commit()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            put(second, OFFERS[0], 4)
        second.rollback()
        first.commit()
        put(second, OFFERS[0], 5)
        second.commit()
        # Nor does a release begin in the middle of one.
        put(first, OFFERS[0], 6)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            second.execute("select pg_advisory_xact_lock(hashtextextended('mcp.apply_release', 0))")
    assert sorted(database.run("select mentions from mcp.terms")) == [(3,), (6,)]


def test_a_skill_under_hold_serves_what_it_serves(transport: Transport, database: Database) -> None:
    release(transport, OFFERS[:1])
    name = OFFERS[0].name
    before = [transport.call("list_skills"), transport.call("get_skill", name=name), names(transport, x=1)]
    database.run("insert into mcp.holds (skill, version, reason, actor) values (%s, '1.0.0', 'a fault', 'maria')", name)
    assert [transport.call("list_skills"), transport.call("get_skill", name=name), names(transport, x=1)] == before


def test_an_older_approved_version_answers_by_its_number_alone(transport: Transport) -> None:
    publish(transport, version_of(OFFERS[0]))
    publish(transport, version_of(OFFERS[0], "1.1.0"))
    name = OFFERS[0].name
    found: Any = [transport.call("get_skill", name=name), transport.call("get_skill", name=name, version="1.0.0")]
    listed: Any = transport.call("list_skills")
    assert [one["version"] for one in found] == ["1.1.0", "1.0.0"]
    assert [one["version"] for one in listed["skills"]] == ["1.1.0"]


@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [
        ("select_candidates", {"terms": {f"word{n}": 1 for n in range(1001)}, "edition": 1}, "too-many-terms"),
        ("select_candidates", {"terms": ["word"], "edition": 1}, "invalid-terms"),
        ("select_candidates", {"terms": {"word": 2}, "edition": 1}, "invalid-terms"),
        ("select_candidates", {"terms": {"word": "1"}, "edition": 1}, "invalid-terms"),
        ("select_candidates", {"terms": {"word": [1]}, "edition": 1}, "invalid-terms"),
        ("select_candidates", {"terms": {"word": 1}, "edition": None}, "invalid-terms"),
        ("put_terms", {"skills": [{"name": "a", "version": "1"}], "edition": 1}, "invalid-terms"),
        ("put_terms", {"skills": [{"name": "a", "version": "1", "terms": {"": 1}}], "edition": 1}, "invalid-terms"),
        ("put_terms", {"skills": [{"name": "a", "version": "1", "terms": {"a": 0}}], "edition": 1}, "invalid-terms"),
        ("put_terms", {"skills": [{"name": "a", "version": "1", "terms": {"a": -1}}], "edition": 1}, "invalid-terms"),
        ("put_terms", {"skills": [{"name": "a", "version": "1", "terms": {"a" * 1025: 1}}], "edition": 1},
         "invalid-terms"),
        ("put_terms", {"skills": [{"name": "a", "version": "1", "terms": {"a": 10_000}}], "edition": 1},
         "invalid-terms"),
        ("put_terms", {"skills": ["a"], "edition": 1}, "invalid-terms"),
        ("put_terms", {"skills": [], "edition": 0}, "invalid-terms"),
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused(
    shared_transport: Transport, function: str, arguments: dict[str, Any], name: str
) -> None:
    with pytest.raises(StoreRefused) as caught:
        shared_transport.call(function, **arguments)
    assert caught.value.name == name


def test_the_kept_terms_are_those_of_the_cards(database: Database) -> None:
    """So anybody with the cards can tell, and terms that somebody made up are found."""
    with PostgresTransport(database.owner_url) as transport:
        release(transport, OFFERS)
        index(ProductionCatalogue(transport))
        kept: Any = transport.call("kept_terms")
        assert kept == {offer.name: hash_of(indexed("1.0.0", offer).terms) for offer in OFFERS}
        database.run("insert into mcp.terms select 'bread', id, 9 from mcp.offers order by id limit 1")
        assert transport.call("kept_terms") != kept


def hash_of(terms: Any) -> str:
    return sha256("\n".join(f"{key} {count}" for key, count in sorted(terms.items())).encode())


def test_a_sync_leaves_nothing_unindexed(approved_shop: Path, database: Database, tmp_path: Path,
                                         monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", database.owner_url)
    shop = Shop.copied(approved_shop, tmp_path / "shop")
    assert shop.skillctl("sync", "--rebuild").exit_code == 0
    assert database.run("select name, edition from mcp.offers") == [("adder", EDITION)]
    assert database.value("select mentions from mcp.terms where key = 'add'") == 2
    # As after a change of the rules: the next sync makes the terms anew, although nothing else changed.
    database.run("update mcp.offers set edition = edition + 1 where true; delete from mcp.terms where true")
    assert shop.skillctl("sync").exit_code == 0
    assert database.value("select mentions from mcp.terms where key = 'add'") == 2


def test_terms_go_up_of_what_is_offered_alone(approved_shop: Path, database: Database, tmp_path: Path,
                                              monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """One that is served and no longer advised would have production look for the offers of all that go up with it."""
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", database.owner_url)
    shop = Shop.copied(approved_shop, tmp_path / "shop")
    assert shop.skillctl("deprecate", "adder", "--reason", "sums moved").exit_code == 0
    called = []
    call = PostgresTransport.call

    def noted(self: PostgresTransport, function: str, /, **arguments: Any) -> Any:
        called.append(function)
        return call(self, function, **arguments)

    monkeypatch.setattr(PostgresTransport, "call", noted)
    assert shop.skillctl("sync", "--rebuild").exit_code == 0
    assert ("apply_release" in called, "put_terms" in called) == (True, False)
