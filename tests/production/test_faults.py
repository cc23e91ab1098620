"""Each fault that a network, a gateway or a database can have, met by each transport that can meet it.

What must hold each time: the error and its exit code, a hint that helps, no secret, and nothing applied twice.
"""

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
import pytest
import stamina

from skillctl.adapters import postgres_transport, repeating
from skillctl.errors import NotMigrated, SkillctlError, StoreRefused, Unreachable, UsageError
from tests.production.conftest import Database
from tests.production.cutting import Cut, When
from tests.production.stage import Stage, staged
from tests.production.world import COMMITS
from tests.standin.data_api import Failure, make_jwt

BOTH = ("postgres", "https")
HTTPS = ("https",)
POSTGRES = ("postgres",)
#: In the request itself; and in what ends its transaction.
ASKED = {"postgres": b"apply_release", "https": b"p_release"}
ENDED = {"postgres": b"COMMIT", "https": b"p_release"}
ALWAYS = 10


@dataclass(frozen=True)
class Fault:
    """`arrange` makes it; `error` None means that the release is applied in spite of it, and once.

    `applied` None: nobody can know.
    """

    name: str
    kinds: tuple[str, ...]
    arrange: Callable[[Stage], None]
    error: type[SkillctlError] | None = None
    exit_code: int = 0
    hint: str = ""
    says: str = ""
    applied: int | None = 0
    requests: int | None = None


def cut(when: When, times: int) -> Callable[[Stage], None]:
    """The line is cut so often at this moment of the release."""

    def arrange(stage: Stage) -> None:
        sees = (ENDED if when is When.AFTER else ASKED)[stage.kind]
        stage.line.cuts += [Cut(sees, when)] * times

    return arrange


def cut_under_way(stage: Stage) -> None:
    stage.hold()

    def until() -> None:
        stage.is_under_way()
        stage.meanwhile(stage.let_go)

    stage.line.cuts.append(Cut(ASKED[stage.kind], When.DURING, until))


def nobody_lets_go(stage: Stage) -> None:
    stage.hold()
    stage.seconds = 0.3


def fill(database: Database, taken: contextlib.ExitStack) -> None:
    """Take every connection that is not kept for superusers."""
    with contextlib.suppress(psycopg.OperationalError):
        while True:
            taken.enter_context(contextlib.closing(psycopg.connect(database.owner_url)))


def a_full_server(stage: Stage) -> None:
    fill(stage.database, stage.closing)


def answers(*failures: int | Failure) -> Callable[[Stage], None]:
    """The gateway answers so, and only then asks the database."""

    def arrange(stage: Stage) -> None:
        stage.gateway.failures += failures

    return arrange


def always(failure: Failure) -> Callable[[Stage], None]:
    return answers(*[failure] * ALWAYS)


def shows(key: str) -> Callable[[Stage], None]:
    def arrange(stage: Stage) -> None:
        stage.key = key

    return arrange


def a_wrong_password(stage: Stage) -> None:
    stage.password = "hunter2"


def echo(stage: Stage) -> None:
    """A gateway that repeats what it was shown, in the form of the Data API."""
    said = f"cannot use Bearer {stage.key} (apikey={stage.key})"
    stage.gateway.failures += [Failure.said(500, None, said)] * ALWAYS


PAGE = b"<html>" + b"<p>cloudflare</p>" * 5000
CUT_SHORT = Failure(200, b'{"release": ', "application/json")
AGAIN = "run the command again"
FAULTS = [
    Fault("cut before the request", BOTH, cut(When.BEFORE, 1), applied=1),
    Fault("cut inside the transaction", BOTH, cut_under_way, applied=1),
    Fault("cut between commit and answer", BOTH, cut(When.AFTER, 1), applied=1),
    Fault("cut twice", BOTH, cut(When.AFTER, 2), applied=1),
    Fault("always cut before", BOTH, cut(When.BEFORE, ALWAYS), Unreachable, 3, "check"),
    Fault("always cut after", BOTH, cut(When.AFTER, ALWAYS), Unreachable, 3, "check", applied=1),
    Fault("silence", BOTH, nobody_lets_go, Unreachable, 3, AGAIN, r"within 0\.3 s", applied=None),
    Fault("no connection free", BOTH, a_full_server, Unreachable, 3, "pooler|in a moment"),
    Fault("a wrong password", POSTGRES, a_wrong_password, UsageError, 2, "SKILLCTL_DATABASE_URL", "may not enter"),
    Fault("no key known", HTTPS, shows("sb_secret_hunter2hunter2"), UsageError, 2, "SUPABASE_SECRET_KEY", requests=1),
    Fault("a key of anon", HTTPS, shows(make_jwt("anon")), UsageError, 2, "SUPABASE_SECRET_KEY", requests=1),
    Fault("a line break in the key", HTTPS, shows("sb_secret_x\n"), UsageError, 2, "SUPABASE_SECRET_KEY", requests=0),
    Fault("a letter in the key", HTTPS, shows("sb_secret_ü"), UsageError, 2, "SUPABASE_SECRET_KEY", requests=0),
    Fault("403", HTTPS, always(Failure(403)), UsageError, 2, "SUPABASE_SECRET_KEY", requests=1),
    Fault("404", HTTPS, always(Failure(404)), Unreachable, 3, "SUPABASE_URL", "404 with a page", requests=1),
    Fault(
        "413", HTTPS, always(Failure(413, PAGE)), Unreachable, 3, "SKILLCTL_DATABASE_URL", "too large", requests=1
    ),
    Fault("429 once", HTTPS, answers(Failure.said(429, None, "slow down", retry_after="1")), applied=1, requests=2),
    Fault(
        "429", HTTPS, always(Failure.said(429, None, "slow down")), Unreachable, 3, "later", "fewer calls", requests=4
    ),
    Fault(
        "429 for an hour", HTTPS, always(Failure(429, headers={"Retry-After": "3600"})), Unreachable, 3, "3600 s",
        requests=1,
    ),
    Fault("500", HTTPS, always(Failure.said(500, "XX000", "oops")), Unreachable, 3, "skillctl", "XX000", requests=1),
    Fault("502 once", HTTPS, answers(Failure(502)), applied=1, requests=2),
    Fault("503 once", HTTPS, answers(503), applied=1, requests=2),
    Fault("504 once", HTTPS, answers(Failure(504, PAGE)), applied=1, requests=2),
    Fault("520 once", HTTPS, answers(Failure(520)), applied=1, requests=2),
    Fault("502", HTTPS, always(Failure(502, PAGE)), Unreachable, 3, "status", "502 with a page", requests=4),
    Fault("504", HTTPS, always(Failure(504, PAGE)), Unreachable, 3, "status", "504 with a page", requests=4),
    Fault("520", HTTPS, always(Failure(520)), Unreachable, 3, "status", "520 with a page", requests=4),
    Fault("a page for an answer", HTTPS, always(Failure(200)), Unreachable, 3, "SUPABASE_URL", "not of a Data API"),
    Fault("half an answer", HTTPS, always(CUT_SHORT), Unreachable, 3, "SUPABASE_URL", "not of a Data API"),
    Fault(
        "a login page", HTTPS, always(Failure(302, headers={"Location": "https://sso.example.test/"})), Unreachable, 3,
        "SUPABASE_URL", "302 with a page", requests=1,
    ),
    Fault(
        "a schema not loaded yet", HTTPS, answers(Failure.said(404, "PGRST202", "Could not find")), applied=1,
        requests=2,
    ),
    Fault(
        "a schema never loaded", HTTPS, always(Failure.said(404, "PGRST202", "Could not find")), NotMigrated, 3,
        "db push", requests=4,
    ),
    Fault("no picture of the schema", HTTPS, answers(Failure.said(503, "PGRST002", "Retrying")), applied=1, requests=2),
    Fault("a full pool once", HTTPS, answers(Failure.said(504, "PGRST003", "Timed out")), applied=1, requests=2),
    Fault("a full pool", HTTPS, always(Failure.said(504, "PGRST003", "Timed out")), Unreachable, 3, "status"),
    Fault("an echo", HTTPS, echo, Unreachable, 3, "status", requests=1),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _at_once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=4):
        yield


@pytest.mark.parametrize(
    ("kind", "fault"),
    [pytest.param(kind, fault, id=f"{fault.name}, {kind}") for fault in FAULTS for kind in fault.kinds],
)
def test_a_fault_is_explained_and_nothing_is_done_twice(database: Database, kind: str, fault: Fault) -> None:
    with staged(database, kind) as stage:
        stage.prepare()
        fault.arrange(stage)
        if fault.error is None:
            assert stage.publish()["release"] == stage.release["id"]
        else:
            with pytest.raises(fault.error, match=fault.says or None) as caught:
                stage.publish()
            judge(caught.value, fault, stage)
        assert fault.requests in (None, len(stage.api.requests) if stage.api else None)
        stage.closing.close()
        assert fault.applied in (None, stage.applied())
    with staged(database, kind) as calm:
        calm.release = stage.release
        assert calm.publish()["release"] == stage.release["id"]
        assert calm.applied() == 1, "the same again is the same release"


def judge(error: SkillctlError, fault: Fault, stage: Stage) -> None:
    """What a person is told: of this kind, with a next step, in few words, and with no secret."""
    assert (type(error), error.exit_code) == (fault.error, fault.exit_code)
    assert re.search(fault.hint, error.hint or ""), error.hint
    said = f"{error.message} {error.hint}"
    assert len(said) < 700
    assert not [secret for secret in [*stage.secrets, "hunter2"] if secret in said], said
    assert "<" not in said, "no page is quoted"


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("legacy", [False, True])
def test_the_keys_of_both_forms_publish(database: Database, kind: str, legacy: bool) -> None:
    with staged(database, kind, legacy=legacy) as stage:
        stage.prepare()
        assert stage.publish()["replayed"] is False
        assert stage.publish()["replayed"] is True
        assert stage.applied() == 1


@pytest.mark.parametrize("kind", BOTH)
def test_a_refusal_is_the_same_over_every_line(database: Database, kind: str) -> None:
    with staged(database, kind) as stage:
        stage.prepare()
        stage.release["expected_commit"] = COMMITS[1]
        with pytest.raises(StoreRefused, match="production holds commit none") as caught:
            stage.publish()
    assert (caught.value.name, caught.value.exit_code) == ("production-moved", 1)
    assert caught.value.hint == "plan again: `skillctl plan`"


@pytest.mark.parametrize("kind", BOTH)
def test_a_slow_statement_is_ended_by_the_server(
    database: Database, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_transport, "_STATEMENT_TIMEOUT", "200ms")
    with (
        psycopg.connect(database.superuser_url, autocommit=True) as admin,
        psycopg.connect(database.superuser_url) as holder,
        staged(database, kind) as stage,
        stage.transport() as transport,
    ):
        admin.execute("alter role service_role set statement_timeout = '200ms'")
        try:
            holder.execute("lock table mcp.deployed in access exclusive mode")
            with pytest.raises(Unreachable, match="took too long") as caught:
                transport.call("current_release")
        finally:
            admin.execute("alter role service_role reset statement_timeout")
    assert "pg_stat_activity" in str(caught.value.hint)


@pytest.mark.parametrize("kind", BOTH)
def test_a_connection_that_becomes_free_is_taken(database: Database, kind: str) -> None:
    with staged(database, kind) as stage, contextlib.ExitStack() as taken, stage.transport() as transport:
        fill(database, taken)
        # The pauses are real here, and together longer than this one.
        with stamina.set_testing(False):
            timer = threading.Timer(0.1, taken.close)
            timer.start()
            assert transport.call("job_counts", source="nobody") == {}
            timer.join()


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(("when", "runs"), [(When.BEFORE, 0), (When.AFTER, 1)])
def test_a_job_whose_lease_was_not_heard_is_not_claimed_again(
    database: Database, kind: str, when: When, runs: int
) -> None:
    """No key would tell the second claim from a worker's next one, so only the end of the lease frees the job."""
    with staged(database, kind) as stage, stage.transport() as transport:
        for number in range(2):
            database.value("select mcp.enqueue_job('odoo', %s)", f"t{number}")
        sees = b"COMMIT" if kind == "postgres" and when is When.AFTER else b"p_worker"
        stage.line.cuts.append(Cut(sees, when))
        with pytest.raises(Unreachable):
            transport.call("claim_next_job", worker="w")
        assert database.value("select count(*) from mcp_jobs.job_runs") == runs


@pytest.mark.parametrize("said", [None, "1", "10", " 2 ", "Wed, 21 Oct 2026 07:28:00 GMT", "-1", "0"])
def test_a_pause_is_as_long_as_asked_for_and_bounded(said: str | None) -> None:
    wanted = {"1": 1.0, "10": 10.0, " 2 ": 2.0}
    assert repeating.pause(said) == wanted.get(said or "", True)
    assert repeating.pause("11") is False


def test_what_may_be_repeated_is_a_function_of_production(database: Database) -> None:
    known = {name for (name,) in database.run("select proname from pg_proc where pronamespace = 'mcp'::regnamespace")}
    assert known >= repeating.REPEATABLE
