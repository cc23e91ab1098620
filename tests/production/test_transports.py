"""Both transports say the same things about what is wrong, and never a secret."""

import gc
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import psycopg
import pytest
import stamina

from skillctl.adapters import postgres_errors
from skillctl.adapters.lanes import call_each
from skillctl.adapters.postgres_transport import PostgresTransport
from skillctl.adapters.supabase_transport import SupabaseTransport
from skillctl.errors import NotMigrated, StoreRefused, Unreachable, UsageError
from tests.production.conftest import Database, Transport, opened
from tests.standin.data_api import JWT_SECRET, PUBLISHABLE_KEY, SECRET_KEY, DataApi, data_api, make_jwt

SECRET = "sb_secret_hunter2"


@pytest.fixture
def api(shared_database: Database) -> Iterator[DataApi]:
    with data_api(shared_database.authenticator_url) as running:
        yield running


@pytest.fixture
def at_once() -> Iterator[None]:
    """Repetitions without the pauses between them."""
    with stamina.set_testing(True, attempts=4):
        yield


def test_null_lists_and_objects_pass_through(shared_transport: Transport) -> None:
    assert shared_transport.call("get_skill", name="nothing", version=None) is None
    assert shared_transport.call("missing_blobs", digests=[]) == []
    assert shared_transport.call("job_counts", source="nobody") == {}
    assert isinstance(shared_transport.call("verify_ledger"), dict)


@pytest.mark.parametrize("kind", ["postgres", "https"])
@pytest.mark.usefixtures("at_once")
def test_a_database_without_our_functions_is_not_migrated(bare: Database, kind: str) -> None:
    with opened(bare, kind) as transport, pytest.raises(NotMigrated) as caught:
        transport.call("current_release")
    assert caught.value.hint == "run `skillctl db push`"


@pytest.mark.usefixtures("at_once")
def test_an_unknown_function_or_argument_is_not_migrated(shared_transport: Transport) -> None:
    with pytest.raises(NotMigrated, match=r"mcp\.fly"):
        shared_transport.call("fly")
    with pytest.raises(NotMigrated, match=r"mcp\.list_jobs"):
        shared_transport.call("list_jobs", colour="red")


def test_what_the_database_cannot_read_is_no_answer(shared_transport: Transport) -> None:
    with pytest.raises(Unreachable, match="complete_job"):
        shared_transport.call("complete_job", job="no uuid", worker="w")
    assert isinstance(shared_transport.call("verify_ledger"), dict)


def test_a_name_is_never_sql(shared_database: Database) -> None:
    with PostgresTransport(shared_database.owner_url) as transport:
        for function, key in (('current_release"(); drop schema mcp; --', "x"), ("list_jobs", 'limit" => 1); --')):
            with pytest.raises(NotMigrated):
                transport.call(function, **{key: 1})


def test_a_function_for_others_is_not_for_us(shared_transport: Transport) -> None:
    with pytest.raises(UsageError, match=r"mcp\.refuse"):
        shared_transport.call("refuse", status="PT409", name="a", message="b", hint="c")


def test_a_direct_login_has_no_more_rights_than_a_key(shared_database: Database) -> None:
    with PostgresTransport(shared_database.owner_url) as transport, pytest.raises(UsageError):
        transport.call("ledger_head")
    with PostgresTransport(shared_database.authenticator_url) as transport:
        assert isinstance(transport.call("verify_ledger"), dict)


def test_a_login_without_the_role_acts_as_itself(shared_database: Database) -> None:
    with psycopg.connect(shared_database.superuser_url, autocommit=True) as connection:
        connection.execute("create role reader login password 'hunter2' in role mcp_agent")
        try:
            url = re.sub("//.*@", "//reader:hunter2@", shared_database.superuser_url)
            with PostgresTransport(url) as transport:
                assert isinstance(transport.call("list_skills"), dict)
                with pytest.raises(UsageError) as caught:
                    transport.call("current_release")
            assert "hunter2" not in caught.value.message
        finally:
            connection.execute("drop role reader")


def test_a_lost_connection_is_opened_again(shared_database: Database) -> None:
    with PostgresTransport(shared_database.owner_url) as transport:
        transport.call("verify_ledger")
        with psycopg.connect(shared_database.superuser_url, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'skillctl' and datname = current_database()"
            )
        assert isinstance(transport.call("verify_ledger"), dict)


@pytest.mark.usefixtures("at_once")
def test_no_server_is_unreachable_and_the_password_unsaid() -> None:
    for url in ("postgresql://owner:hunter2@127.0.0.1:1/postgres", "host=127.0.0.1 port=1 user=a password=hunter2"):
        with PostgresTransport(url) as transport, pytest.raises(Unreachable) as caught:
            transport.call("current_release")
        assert "SKILLCTL_DATABASE_URL" in str(caught.value.hint)
        assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hunter2@h/d", "postgres://u:hunter%32@h/d", "host=h password=hunter2 user=u",
        "password = 'hunter2'", "postgresql://h/d?user=u&password=hunter2",
    ],
)  # fmt: skip
def test_a_password_is_redacted_however_it_is_spelled(url: str) -> None:
    said = postgres_errors.redacted(f"cannot use {url}: wrong password hunter2", url)
    assert "hunter" not in said


def test_a_malformed_url_says_nothing_of_the_password() -> None:
    with PostgresTransport("postgresql://u:hunter2@h:port/d") as transport, pytest.raises(Unreachable) as caught:
        transport.call("current_release")
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    "key",
    [
        SECRET, PUBLISHABLE_KEY, make_jwt("anon"), make_jwt("service_role", secret="x" * 32),
        make_jwt("service_role", expires_in=-10), make_jwt("nobody"), make_jwt("postgres"),
    ],
)  # fmt: skip
def test_a_key_that_may_not_is_a_usage_error(api: DataApi, key: str) -> None:
    with SupabaseTransport(api.url, key) as transport, pytest.raises(UsageError, match="this key may not") as caught:
        transport.call("current_release")
    assert "SUPABASE_SECRET_KEY" in str(caught.value.hint)
    assert key not in caught.value.message


def test_the_legacy_service_role_key_works(api: DataApi) -> None:
    with SupabaseTransport(api.url, make_jwt("service_role", JWT_SECRET)) as transport:
        assert isinstance(transport.call("verify_ledger"), dict)


def test_the_schema_is_named_in_each_request(api: DataApi) -> None:
    with SupabaseTransport(api.url + "/", "sb_secret_standin") as transport:
        transport.call("list_jobs", limit=1)
    (request,) = api.requests
    assert request.path == "/rest/v1/rpc/list_jobs"
    assert request.headers["content-profile"] == "mcp"
    assert request.body == b'{"p_limit":1}'


def test_a_schema_that_is_not_exposed_is_not_migrated(api: DataApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.standin.data_api.EXPOSED", ("public",))
    with SupabaseTransport(api.url, "sb_secret_standin") as transport, pytest.raises(NotMigrated) as caught:
        transport.call("list_jobs")
    assert "Exposed schemas" in str(caught.value.hint)


@pytest.mark.usefixtures("at_once")
def test_no_chunk_stays_in_memory_once_it_is_up(api: DataApi) -> None:
    def sent() -> int:
        return sum(isinstance(one, httpx.Request) for one in gc.get_objects())

    gc.collect()
    before = sent()
    # As the command line has it, which looks for circles hardly ever.
    thresholds = gc.get_threshold()
    gc.set_threshold(1_000_000, 50, 50)
    try:
        with SupabaseTransport(api.url, SECRET_KEY) as transport:
            chunks = ({"digests": [f"{number:064x}"]} for number in range(20))
            assert len(call_each(transport, "missing_blobs", chunks)) == 20
            assert sent() - before < 5
    finally:
        gc.set_threshold(*thresholds)


def test_a_service_that_comes_back_is_asked_again(api: DataApi) -> None:
    api.failures += [503, 503]
    with SupabaseTransport(api.url, "sb_secret_standin") as transport:
        assert isinstance(transport.call("verify_ledger"), dict)
    assert len(api.requests) == 3


@pytest.mark.usefixtures("at_once")
def test_a_service_that_stays_away_is_unreachable(api: DataApi) -> None:
    api.failures += [503] * 10
    with SupabaseTransport(api.url, "sb_secret_standin") as transport, pytest.raises(Unreachable):
        transport.call("verify_ledger")
    assert len(api.requests) == 4


@pytest.mark.usefixtures("at_once")
def test_a_refusal_is_never_asked_again(api: DataApi) -> None:
    with SupabaseTransport(api.url, "sb_secret_standin") as transport, pytest.raises(StoreRefused):
        transport.call("apply_release", release={})
    assert len(api.requests) == 1


@pytest.mark.usefixtures("at_once")
def test_no_gateway_is_unreachable() -> None:
    with SupabaseTransport("http://127.0.0.1:1", SECRET) as transport, pytest.raises(Unreachable) as caught:
        transport.call("current_release")
    assert "SUPABASE_URL" in str(caught.value.hint)
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize("url", ["", "not a url", "ftp://x"])
def test_a_bad_address_is_a_usage_error(url: str) -> None:
    with SupabaseTransport(url, SECRET) as transport, pytest.raises(UsageError) as caught:
        transport.call("current_release")
    assert "hunter2" not in caught.value.message


class _Page(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "13")
        self.end_headers()
        self.wfile.write(b"<h1>Login</h1>"[:13])

    def log_message(self, *args: object, **kwargs: object) -> None:
        """Nothing to say."""


def test_a_proxys_page_is_no_answer() -> None:
    with HTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        with SupabaseTransport(url, SECRET) as transport, pytest.raises(Unreachable, match="not of a Data API"):
            transport.call("current_release")
        thread.join()
