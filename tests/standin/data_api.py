"""A stand-in of Supabase's Data API, for functions only: the real PostgreSQL behind the HTTP that PostgREST speaks.

It knows the gateway's keys, the profile headers, the roles with their timeouts, and the statuses of errors. It does not
know tables, embedding, or a schema cache that lags behind.
"""

import base64
import contextlib
import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
from psycopg import sql

from tests.standin.tables import upsert

SECRET_KEY = "sb_secret_standin"
PUBLISHABLE_KEY = "sb_publishable_standin"
JWT_SECRET = "standin-secret-of-at-least-thirty-two-characters"
EXPOSED: tuple[str, ...] = ("public", "mcp")

_STATUS_BY_STATE = {
    "23503": 409, "23505": 409, "42883": 404, "42P01": 404, "25006": 405, "57014": 500, "55P03": 500, "21000": 500,
    "P0002": 500, "P0003": 500, "40002": 500, "53400": 500,
}  # fmt: skip
_STATUS_BY_CLASS = {
    "28": 403, "53": 503, "08": 503, "57": 503, "39": 500, "54": 500, "55": 500, "58": 500, "XX": 500, "F0": 500,
    "HV": 500,
}  # fmt: skip


def make_jwt(role: str, secret: str = JWT_SECRET, expires_in: float = 3600) -> str:
    """A signed HS256 token for a role, as legacy `anon` and `service_role` keys are."""
    head = _encoded({"alg": "HS256", "typ": "JWT"})
    body = _encoded({"role": role, "iss": "supabase", "exp": int(time.time() + expires_in)})
    return f"{head}.{body}.{_signature(f'{head}.{body}', secret)}"


@dataclass
class Request:
    """One call as it came in, for tests that ask what was sent; `seconds` are those of the database."""

    path: str
    headers: dict[str, str]
    body: bytes
    seconds: float = 0.0


@dataclass(frozen=True)
class Failure:
    """An answer that no database gives: of a gateway or proxy, as a page of HTML where its type says so."""

    status: int
    body: bytes = b"<html><title>Bad gateway</title><h1>cloudflare</h1></html>"
    type: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def said(cls, status: int, code: str | None, message: str, **headers: str) -> "Failure":
        """An error in the Data API's own form; `retry_after` becomes the header `retry-after`."""
        body = {"code": code, "message": message, "details": None, "hint": None}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, json.dumps(body).encode(), "application/json; charset=utf-8", named)


@dataclass
class DataApi:
    """A running stand-in; `failures` are answers, or their statuses, to give before the database is asked."""

    url: str
    database: str
    requests: list[Request] = field(default_factory=list)
    failures: list[int | Failure] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = threading.Lock()


@contextlib.contextmanager
def data_api(database: str) -> Iterator[DataApi]:
    """Serves the database at the connection string of login `authenticator`, on a free port of 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    api = DataApi(f"http://127.0.0.1:{server.server_port}", database)
    server.api = api  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class ApiError(Exception):
    """An answer that is no success."""

    def __init__(
        self, status: int, code: str | None, message: str, details: Any = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code = status, code
        self.body = {"code": code, "details": details, "hint": hint, "message": message}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    connection_to_database: psycopg.Connection[Any] | None = None

    def log_message(self, *args: Any, **kwargs: Any) -> None:
        """Tests read the recorded requests instead."""

    def finish(self) -> None:
        if self.connection_to_database is not None:
            self.connection_to_database.close()
        super().finish()

    def do_POST(self) -> None:
        api: DataApi = self.server.api  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        with api.lock:
            self.request_seen = Request(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            api.requests.append(self.request_seen)
            failure = api.failures.pop(0) if api.failures else None
        role = "anon"
        try:
            if isinstance(failure, Failure):
                self._answer(failure.status, failure.body, {"Content-Type": failure.type, **failure.headers})
                return
            if failure is not None:
                raise ApiError(failure, None, "failed on purpose")
            claims = authenticated(self.headers.get("apikey"), self.headers.get("authorization"))
            role = str(claims.get("role", "anon"))
            schema = self.headers.get("content-profile") or EXPOSED[0]
            if schema not in EXPOSED:
                hint = f"Only the following schemas are exposed: {', '.join(EXPOSED)}"
                raise ApiError(406, "PGRST106", f"Invalid schema: {schema}", hint=hint)
            answer = self._run(api.database, schema, body, claims)
            self._answer(200, answer)
        except psycopg.Error as error:
            self._refuse(translated(error, role), role)
        except ApiError as refusal:
            self._refuse(refusal, role)

    def _run(self, database: str, schema: str, body: bytes, claims: dict[str, Any]) -> bytes:
        path, _, query = self.path.partition("?")
        kind, _, name = path.removeprefix("/rest/v1/").rpartition("/")
        if kind not in ("rpc", ""):
            raise ApiError(404, "PGRST125", "Invalid path specified in request URL")
        if self.connection_to_database is None or self.connection_to_database.closed:
            self.connection_to_database = psycopg.connect(database, autocommit=True)
        connection = self.connection_to_database
        begun = time.perf_counter()
        if not kind:
            with connection.transaction():
                _become(connection, schema, claims, _Function({}, False, {}))
                answer = upsert(connection, schema, name, query, body)
        else:
            arguments = _parsed(body)
            found = _function(connection, schema, name, arguments)
            with connection.transaction():
                _become(connection, schema, claims, found)
                row = connection.execute(_statement(schema, name, found, arguments), [body.decode()]).fetchone()
            answer = (row[0] if row and row[0] is not None else "null").encode()
        self.request_seen.seconds = time.perf_counter() - begun
        return answer

    def _refuse(self, refusal: ApiError, role: str) -> None:
        extra = {"Proxy-Status": f"PostgREST; error={refusal.code}"} if refusal.code else {}
        if refusal.status == 401 and role == "anon":
            extra["WWW-Authenticate"] = "Bearer"
        if refusal.status == 503:
            extra["Retry-After"] = "0"
        body = refusal.body if refusal.code else {"message": refusal.body["message"]}
        self._answer(refusal.status, json.dumps(body).encode(), extra)

    def _answer(self, status: int, body: bytes, extra: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **(extra or {})}.items():
            self.send_header(name, value)
        if status == 200:
            self.send_header("Content-Range", "0-0/*")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@dataclass(frozen=True)
class _Function:
    types: dict[str, str]
    stable: bool
    settings: dict[str, str]  # its own time-outs, which hold for the whole call


def _function(connection: psycopg.Connection[Any], schema: str, name: str, arguments: dict[str, Any]) -> _Function:
    rows = connection.execute(
        "select p.proargnames[:p.pronargs], p.pronargs - p.pronargdefaults, p.provolatile <> 'v',"
        " coalesce(p.proconfig, '{}'),"
        " array(select format_type(t, null) from unnest(p.proargtypes) with ordinality u (t, i) order by i)"
        " from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname = %s and p.proname = %s",
        [schema, name],
    )
    for names, required, stable, configured, types in rows:
        if set(arguments) <= set(names or []) and set((names or [])[:required]) <= set(arguments):
            timeouts = dict(one.split("=", 1) for one in configured if "_timeout=" in one)
            return _Function(dict(zip(names or [], types, strict=True)), stable, timeouts)
    given = ", ".join(arguments)
    message = f"Could not find the function {schema}.{name}({given}) in the schema cache"
    raise ApiError(
        404, "PGRST202", message, details=f"Searched for the function {schema}.{name} with parameters {given}"
    )


def _statement(schema: str, name: str, function: _Function, arguments: dict[str, Any]) -> sql.Composed:
    call = sql.SQL("{}({})").format(
        sql.Identifier(schema, name),
        sql.SQL(", ").join(sql.SQL("{} => b.{}").format(sql.Identifier(key), sql.Identifier(key)) for key in arguments),
    )
    if not arguments:
        return sql.SQL("select pg_catalog.to_json({})::text where %s::text is not null").format(call)
    columns = sql.SQL(", ").join(
        # The type's name comes from the catalogue.
        sql.SQL("{} {}").format(sql.Identifier(key), sql.SQL(function.types[key]))
        for key in arguments
    )
    return sql.SQL("select pg_catalog.to_json({})::text from pg_catalog.json_to_record(%s::json) b ({})").format(
        call, columns
    )


def _become(connection: psycopg.Connection[Any], schema: str, claims: dict[str, Any], function: _Function) -> None:
    role = str(claims.get("role", "anon"))
    timeouts = connection.execute(
        "select s from pg_catalog.pg_db_role_setting d join pg_catalog.pg_roles r on r.oid = d.setrole,"
        " unnest(d.setconfig) s where r.rolname = %s and d.setdatabase = 0 and s ~ '_timeout='",
        [role],
    ).fetchall()
    settings = {
        "role": role,
        "request.jwt.claims": json.dumps(claims),
        "search_path": f'"{schema}", "public", "extensions"',
        **dict(row[0].split("=", 1) for row in timeouts),
        **function.settings,
    }
    if function.stable:
        connection.execute("set transaction read only")
    # In one statement, as PostgREST has it.
    calls = sql.SQL(", ").join(sql.SQL("pg_catalog.set_config({}, {}, true)").format(*one) for one in settings.items())
    connection.execute(sql.SQL("select {}").format(calls))


def authenticated(apikey: str | None, authorization: str | None) -> dict[str, Any]:
    """The claims of a request, by the gateway's rule: a token counts, unless it is an `sb_` key itself."""
    token = (authorization or "").removeprefix("Bearer ").strip()
    known = {SECRET_KEY: "service_role", PUBLISHABLE_KEY: "anon"}
    if apikey and apikey not in known and not _is_signed(apikey):
        raise ApiError(401, None, "Invalid API key")
    if token and not token.startswith("sb_"):
        return _claims(token)
    role = known.get(apikey or token)
    if role is not None:
        return {"role": role}
    if apikey:
        return _claims(apikey)
    raise ApiError(401, None, "No API key found in request")


def _is_signed(token: str) -> bool:
    head, _, signature = token.rpartition(".")
    return hmac.compare_digest(_signature(head, JWT_SECRET).encode(), signature.encode())


def _claims(token: str) -> dict[str, Any]:
    if not _is_signed(token):
        raise ApiError(401, "PGRST301", "No suitable key or wrong key type")
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    if claims.get("exp", time.time()) < time.time():
        raise ApiError(401, "PGRST303", "JWT expired")
    return claims


def translated(error: psycopg.Error, role: str) -> ApiError:
    """The answer that PostgREST gives for an error of the database."""
    state, diag = error.sqlstate or "08000", error.diag
    message = diag.message_primary or "connection lost"
    if match := re.fullmatch(r"PT(\d{3})", state):
        status = int(match[1])
    elif state == "42501":
        status = 401 if role == "anon" else 403
    elif state == "22023" and message.startswith("role "):
        status = 401
    else:
        status = _STATUS_BY_STATE.get(state) or _STATUS_BY_CLASS.get(state[:2], 400)
    return ApiError(status, state, message, diag.message_detail, diag.message_hint)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        arguments = json.loads(body or b"{}")
    except ValueError:
        raise ApiError(400, "PGRST102", "Empty or invalid json") from None
    if not isinstance(arguments, dict):
        raise ApiError(400, "PGRST102", "All object keys must match")
    return arguments


def _encoded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _signature(text: str, secret: str) -> str:
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
