"""The ledger seals every promotion and every release; whatever is done to a row of it is found and named."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from skillctl.adapters import migrations
from skillctl.adapters.postgres_transport import PostgresTransport
from skillctl.domain.ledger import shown
from skillctl.errors import StoreRefused
from tests.production.conftest import MIGRATIONS, Database, Transport, fill
from tests.production.world import Version, following, publish
from tests.shop import Shop

ROWS = 5
SEALED = "20261129100000"
#: Another value for a column of each type, such that the constraints of the table let it pass.
OTHER = {
    "bigint": "{0} + 1000",
    "uuid": "gen_random_uuid()",
    "text": "coalesce(translate({0}, 'abcdefghij0123456789', 'bcdefabcde9012345678'), 'x')",
    "timestamp with time zone": "{0} + interval '1 microsecond'",
    "jsonb": '\'[{{"skill": "x"}}]\'',
}
REHASHED = "update mcp.promotions p set hash = mcp.promotion_hash(p.prev_hash, p) where p.seq = {0};"
RESEALED = (
    "update mcp.releases r set head = mcp.release_head((select p.head from mcp.releases p where p.id = r.parent),"
    " (select hash from mcp.promotions where seq = {0}), r) where seq = (select max(seq) from mcp.releases);"
)
ADDED = (
    "insert into mcp.promotions select 6, release, skill, version, action, from_status, to_status, digest, evidence,"
    " actor, promoted_at, hash, repeat('0', 64) from mcp.promotions where seq = 5;"
)
NO_LAST = "delete from mcp.releases where id = (select release from mcp.deployed)"
LAST_IS_DEPLOYED = (
    "update mcp.deployed set release = (select id from mcp.releases order by seq desc limit 1) where single"
)


@contextmanager
def harmed(database: Database, harm: str) -> Iterator[psycopg.Connection[Any]]:
    """A superuser's transaction in which this is done with the guards switched off; all of it is undone."""
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("set local session_replication_role = replica")
        connection.execute(harm.encode())
        yield connection
        connection.rollback()


def verified(database: Database, harm: str, head: str | None = None) -> dict[str, Any]:
    with harmed(database, harm) as connection:
        row = connection.execute("select mcp.verify_ledger(%s)", [head]).fetchone()
    assert row is not None
    found: dict[str, Any] = row[0]
    return found


def releases(database: Database) -> list[int]:
    return [seq for (seq,) in database.run("select seq from mcp.releases order by seq")]


def columns(database: Database, table: str) -> list[tuple[str, str]]:
    return database.run(
        "select column_name, data_type from information_schema.columns where table_schema = 'mcp' and table_name = %s",
        table,
    )


def changed(table: str, column: str, kind: str, seq: int) -> str:
    """Another value in one column of one row, whatever the column is."""
    if (table, column) == ("releases", "seq"):
        kept = "id, kind, reason, commit, parent, actor, tool, applied_at, changes, holds, lifts, jobs, head"
        return (
            f"with gone as (delete from mcp.releases where seq = {seq} returning *)"
            f" insert into mcp.releases (seq, {kept}) overriding system value select seq + 1000, {kept} from gone"
        )
    other = "'repair'" if column == "kind" else OTHER[kind].format(column)
    return f"update mcp.{table} set {column} = {other} where seq = {seq}"


def test_a_sound_ledger_is_verified(filled: Database) -> None:
    heads = [head for (head,) in filled.run("select head from mcp.releases order by seq")]
    assert filled.value("select mcp.verify_ledger()") == {
        "ok": True, "head": heads[-1], "promotions": ROWS, "releases": ROWS, "first_bad": None, "kept": None,
    }  # fmt: skip
    assert len(set(heads)) == ROWS


def test_an_empty_ledger_is_verified(database: Database) -> None:
    found = database.value("select mcp.verify_ledger(repeat('0', 64))")
    assert (found["ok"], found["head"], found["promotions"], found["first_bad"]) == (True, "0" * 64, 0, None)
    assert (found["kept"]["held"], found["kept"]["release"], found["kept"]["later"]) == (True, None, 0)


@pytest.mark.parametrize("row", [0, 2, ROWS - 1])
def test_another_value_in_any_column_of_a_promotion_is_found(filled: Database, row: int) -> None:
    for column, kind in columns(filled, "promotions"):
        found = verified(filled, changed("promotions", column, kind, row + 1))
        assert (found["ok"], found["first_bad"]["table"], found["first_bad"]["seq"]) == (
            False, "promotions", row + 1,
        ), column  # fmt: skip


@pytest.mark.parametrize("row", [0, 2, ROWS - 1])
def test_another_value_in_any_column_of_a_release_is_found(filled: Database, row: int) -> None:
    line = releases(filled)
    for column, kind in columns(filled, "releases"):
        bad = verified(filled, changed("releases", column, kind, line[row]))["first_bad"]
        if column == "id":
            # First met by the promotion that names it.
            assert (bad["table"], bad["seq"]) == ("promotions", row + 1)
        elif column == "seq":
            next_one = line[row + 1] if row + 1 < ROWS else line[row] + 1000
            assert (bad["table"], bad["seq"]) == ("releases", next_one), column
        else:
            assert (bad["table"], bad["seq"]) == ("releases", line[row]), column


@pytest.mark.parametrize(
    ("harm", "table", "place"),
    [
        ("delete from mcp.promotions where seq = 1", "promotions", 1),
        ("delete from mcp.promotions where seq = 2", "promotions", 2),
        (f"delete from mcp.promotions where seq = {ROWS}", "promotions", ROWS),
        ("delete from mcp.promotions where seq > 3", "promotions", 4),
        ("delete from mcp.promotions where true", "promotions", 1),
        # Made anew with hashes of their own: the next row, or the seal of the release, does not fit.
        ("update mcp.promotions set actor = 'jun' where seq = 2;" + REHASHED.format(2), "promotions", 3),
        (f"update mcp.promotions set actor = 'jun' where seq = {ROWS};" + REHASHED.format(ROWS), "releases", ROWS),
        (ADDED + REHASHED.format(6), "releases", ROWS),
        ("delete from mcp.releases where parent is null", "promotions", 1),
        ("delete from mcp.releases where id = (select release from mcp.promotions where seq = 3)", "promotions", 3),
        (NO_LAST, "promotions", ROWS),
        (f"delete from mcp.promotions where seq = {ROWS}; {NO_LAST}", "deployed", None),
        ("update mcp.deployed set release = (select id from mcp.releases where parent is null) where single",
         "deployed", None),
        ("update mcp.deployed set release = null where single", "deployed", None),
        ("delete from mcp.deployed where single", "deployed", None),
        ("delete from mcp.revocations where name = 'leaky'", "revocations", 2),
        ("update mcp.revocations set digest = 'sha256:' || repeat('0', 64) where name = 'leaky'", "revocations", 2),
        ("update mcp.revocations set name = 'other' where name = 'leaky'", "revocations", 2),
        ("insert into mcp.revocations values ('sha256:' || repeat('0', 64), 'x', '1', 'y', 'z')", "revocations", None),
    ],
)  # fmt: skip
def test_a_row_that_is_cut_or_made_anew_is_found(filled: Database, harm: str, table: str, place: int | None) -> None:
    line = releases(filled)
    found = verified(filled, harm)
    seq = line[place - 1] if table == "releases" and place else place
    assert (found["ok"], found["first_bad"]["table"], found["first_bad"]["seq"]) == (False, table, seq)
    assert found["first_bad"]["what"]


@pytest.mark.parametrize(
    "harm",
    [
        # The owner writes the end of the ledger anew, and every seal of it.
        f"update mcp.promotions set actor = 'jun' where seq = {ROWS};" + REHASHED.format(ROWS) + RESEALED.format(ROWS),
        "update mcp.releases set tool = 'x' where id = (select release from mcp.deployed);" + RESEALED.format(ROWS),
        # The last release never was.
        f"delete from mcp.promotions where seq = {ROWS}; {NO_LAST}; {LAST_IS_DEPLOYED}",
    ],
)  # fmt: skip
def test_a_ledger_that_was_written_anew_is_found_by_a_head_that_was_kept(filled: Database, harm: str) -> None:
    head = filled.value("select mcp.ledger_head()")
    assert verified(filled, harm)["ok"] is True
    for kept in (head, shown(head)):
        found = verified(filled, harm, kept)
        assert (found["ok"], found["first_bad"], found["kept"]["held"]) == (False, None, False)


def test_a_kept_head_says_its_release_and_what_came_later(filled: Database, transport: Transport) -> None:
    line = filled.run("select id::text, head from mcp.releases order by seq")
    for place, (release, head) in enumerate(line):
        for asked in (head, head[:20]):
            found: Any = transport.call("verify_ledger", head=asked)
            assert (found["ok"], found["kept"]["held"], found["kept"]["release"]) == (True, True, release)
            assert found["kept"]["later"] == ROWS - 1 - place
    unknown: Any = transport.call("verify_ledger", head="f" * 64)
    assert (unknown["ok"], unknown["kept"]["held"], unknown["kept"]["release"]) == (False, False, None)


@pytest.mark.parametrize("head", ["", "0" * 19, "0" * 65, "g" * 20, "A" * 64, "%", "0" * 20 + "\n"])
def test_what_is_no_head_is_refused(transport: Transport, head: str) -> None:
    with pytest.raises(StoreRefused) as caught:
        transport.call("verify_ledger", head=head)
    assert caught.value.name == "invalid-head"


def test_a_row_that_does_not_carry_the_chain_on_is_refused(filled: Database) -> None:
    """By the owner's own hand, with all guards on: only a right hash after the last row gets in."""
    insert = (
        "insert into mcp.promotions select {seq}, release, skill, version, action, from_status, to_status, digest,"
        " evidence, 'jun', now(), {previous}, {hash} from mcp.promotions where seq = 5"
    )
    for seq, previous, digest in (
        (6, "hash", "repeat('0', 64)"),
        (6, "repeat('1', 64)", "repeat('0', 64)"),
        (7, "hash", "repeat('0', 64)"),
        (0, "repeat('0', 63) || '1'", "repeat('0', 64)"),
    ):
        with pytest.raises(psycopg.Error) as caught:
            filled.run(insert.format(seq=seq, previous=previous, hash=digest))
        assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("PT409", "chain-broken"), seq
    assert filled.value("select mcp.verify_ledger()")["ok"]


def test_nobody_chooses_the_head_of_a_release(filled: Database) -> None:
    head = filled.value(
        "insert into mcp.releases (id, commit, parent, actor, tool, changes, jobs, head) select gen_random_uuid(),"
        " commit, release, 'jun', 'by hand', '[]', '[]', repeat('0', 64) from mcp.deployed returning head"
    )
    assert head != "0" * 64
    bad = filled.value("select mcp.verify_ledger()")["first_bad"]
    assert (bad["table"], bad["seq"]) == ("deployed", None), "only what nothing released is wrong with it"


def test_the_hashes_can_be_made_again_elsewhere(filled: Database) -> None:
    """By anyone with the rows: SHA-256 over what came before and the JSON text of the row."""
    previous, last = "0" * 64, dict[str, str]()
    for *values, at, hashed in filled.run(
        "select seq, release::text, skill, version, action, from_status, to_status, digest, evidence, actor,"
        " promoted_at, hash from mcp.promotions order by seq"
    ):
        previous = sealed(previous + json.dumps([*values, stamp(at)]))
        assert previous == hashed
        last[values[1]] = hashed
    head = "0" * 64
    for release, seq, kind, reason, commit, parent, actor, tool, at, rest, held in filled.run(
        "select id::text, seq, kind, reason, commit, parent::text, actor, tool, applied_at,"
        " concat_ws(', ', changes, holds, lifts, jobs), head from mcp.releases order by seq"
    ):
        told = json.dumps([release, seq, kind, reason, commit, parent, actor, tool, stamp(at)])
        head = sealed(f"{head}{last[release]}{told[:-1]}, {rest}]")
        assert head == held


def sealed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def stamp(at: Any) -> str:
    said: str = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return said


def test_every_job_of_a_release_tells_its_head(transport: Transport) -> None:
    jobs = [
        {"destination": name, "job_type": kind, "payload": {"to": name}}
        for name, kind in (("mattermost", "notice"), ("n8n", "rollout"))
    ]
    first = publish(transport, Version(), jobs=jobs)
    second = publish(transport, Version(version="1.1.0"), jobs=jobs)
    assert first["head"] != second["head"]
    queued: Any = transport.call("list_jobs", source="skillctl")
    told = {(job["idempotency_key"], job["payload"]["to"], job["payload"]["head"]) for job in queued}
    assert told == {
        (f"{answer['release']}:{name}", name, answer["head"])
        for answer in (first, second) for name in ("mattermost", "n8n")
    }  # fmt: skip
    again: Any = transport.call("current_release")
    assert again["head"] == second["head"]


def test_a_release_without_promotions_is_sealed_as_well(transport: Transport) -> None:
    publish(transport, Version())
    before: Any = transport.call("current_release")
    change = Version().change(action="update", serving=None, publish=[], promotions=[])
    answer: Any = transport.call("apply_release", release=following(transport, [change]))
    found: Any = transport.call("verify_ledger", head=before["head"])
    assert answer["head"] != before["head"]
    assert (found["ok"], found["promotions"], found["releases"], found["kept"]["later"]) == (True, 1, 2, 1)


@pytest.fixture
def earlier(bare: Database, tmp_path: Path) -> Database:
    """A filled database from before releases were sealed."""
    for path in MIGRATIONS.glob("*.sql"):
        if path.name < SEALED:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    migrations.push(bare.owner_url, tmp_path)
    fill(bare)
    return bare


def test_the_rows_of_an_earlier_database_are_carried_over(earlier: Database) -> None:
    heads = [head for (head,) in earlier.run("select head from mcp.releases order by seq")]
    hashes = earlier.run("select * from mcp.promotions order by seq")
    migrations.push(earlier.owner_url, MIGRATIONS)

    assert earlier.run("select * from mcp.promotions order by seq") == hashes
    for place, head in enumerate(heads):
        found = earlier.value("select mcp.verify_ledger(%s)", head)
        assert (found["ok"], found["kept"]["held"], found["kept"]["later"]) == (True, True, ROWS - 1 - place)
    with PostgresTransport(earlier.owner_url) as transport:
        publish(transport, Version("kubernetes-genius"))
    assert earlier.value("select mcp.verify_ledger()")["ok"]
    with pytest.raises(psycopg.Error, match="never changed"):
        earlier.run("update mcp.releases set tool = 'x' where true")


@pytest.mark.parametrize(
    ("harm", "table"),
    [
        ("update mcp.promotions set actor = 'jun' where seq = 2", "promotions"),
        ("delete from mcp.promotions where seq = 5", "promotions"),
        ("update mcp.promotions set actor = 'jun' where seq = 5;" + REHASHED.format(5), "releases"),
    ],
)
def test_what_was_changed_before_is_found_afterwards(earlier: Database, harm: str, table: str) -> None:
    earlier.tamper(harm)
    migrations.push(earlier.owner_url, MIGRATIONS)
    found = earlier.value("select mcp.verify_ledger()")
    assert (found["ok"], found["first_bad"]["table"]) == (False, table)


def test_the_command_says_yes_no_and_where(filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", filled.owner_url)
    shop = Shop.opened(tmp_path / "shop")
    head = filled.value("select mcp.ledger_head()")

    good = shop.skillctl("verify", "--ledger")
    assert (good.exit_code, good.codes, good.data["head"], good.data["kept"]) == (0, [], head, None)
    said = shop.typed("verify", "--ledger", "--head", head[:20])
    assert said.exit_code == 0
    assert said.out.endswith(f"5 releases, 5 promotions, head {head[:20]}: as it was written\n")
    unknown = shop.skillctl("verify", "--ledger", "--head", "f" * 64)
    assert (unknown.exit_code, unknown.codes) == (1, ["SK421"])
    filled.tamper("update mcp.promotions set actor = 'jun' where seq = 2")
    bad = shop.skillctl("verify", "--ledger")
    assert (bad.exit_code, bad.codes) == (1, ["SK420"])
    assert bad.envelope["findings"][0]["message"].startswith("row 2 of `mcp.promotions` is not what was written")
    assert "mcp.promotions:2:1 error SK420" in shop.typed("verify", "--ledger").out


@pytest.mark.parametrize(
    "words", ["--ledger --approvals", "--ledger adder", "--head 0000", "--ledger --head 0000", "--ledger --env dev"]
)
def test_the_command_is_asked_one_thing(tmp_path: Path, words: str) -> None:
    answer = Shop.opened(tmp_path / "shop").skillctl("verify", *words.split())
    assert answer.exit_code == 2
