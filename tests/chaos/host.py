"""A production that can be cut off and started again while others use it, at addresses that stay.

`python -m tests.chaos.host FOLDER` prints one line of JSON with the addresses, then does each word that it reads: `cut`
(every line), `beside` (make the database `calm`), `fast` (stop PostgreSQL as an operator does, and start it),
`immediate` (as if it crashed). It is a process of its own, so that those who use it may be copied and killed.
"""

import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, Popen
from urllib.parse import urlsplit

import psycopg

from skillctl.adapters import embedded_postgres, migrations
from tests.production.conftest import MIGRATIONS, Database
from tests.production.cutting import Proxy, proxy
from tests.standin.data_api import data_api


class Host:
    """The running production, and what can be done to it."""

    def __init__(self, process: "Popen[str]", said: dict[str, str]) -> None:
        self._process = process
        self.database = Database(said["superuser"], said["owner"], said["authenticator"], said["gateway"])

    def do(self, word: str) -> None:
        """One of the words; returns when it is done."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"


@contextlib.contextmanager
def hosted(folder: Path) -> Iterator[Host]:
    """The production as long as the block runs."""
    command = (sys.executable, "-m", "tests.chaos.host", str(folder))
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Host(process, json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()


class _Server:
    """PostgreSQL behind a proxy, so that it may come back at another port."""

    def __init__(self, folder: Path, line: Proxy) -> None:
        self._folder, self._line, self._running = folder, line, contextlib.ExitStack()
        self.server = self._started()

    def _started(self) -> embedded_postgres.Server:
        programs = embedded_postgres.find_server()
        server = self._running.enter_context(embedded_postgres.embedded_postgres(self._folder, programs))
        self._line.upstream = server.port
        return server

    def again(self, how: signal.Signals) -> None:
        pid = int((self._folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, how)
        self._running.close()
        self._line.cut_all()
        self._started()

    def close(self) -> None:
        self._running.close()

    def address(self, role: str) -> str:
        return re.sub(r":\d+/", f":{self._line.port}/", self.server.login(role))


def _main() -> None:
    with contextlib.ExitStack() as stack:
        line = stack.enter_context(proxy(0))
        server = _Server(Path(sys.argv[1]), line)
        stack.callback(server.close)
        migrations.push(server.server.owner_url, MIGRATIONS)
        with psycopg.connect(server.server.url, autocommit=True) as connection:
            # What was said to be committed must be there after a crash, as on a server that is not for rehearsals.
            connection.execute("alter database postgres set synchronous_commit = on")
        api = stack.enter_context(data_api(server.address("authenticator")))
        port = urlsplit(api.url).port
        assert port is not None
        front = stack.enter_context(proxy(port))
        roles = {"superuser": "supabase_admin", "owner": "postgres", "authenticator": "authenticator"}
        said = {name: server.address(role) for name, role in roles.items()}
        _say(json.dumps({**said, "gateway": f"http://127.0.0.1:{front.port}"}))
        for word in sys.stdin:
            match word.strip():
                case "cut":
                    line.cut_all()
                    front.cut_all()
                case "fast":
                    server.again(signal.SIGINT)
                case "beside":
                    _beside(server.server)
                case "immediate":
                    server.again(signal.SIGQUIT)
            api.requests.clear()
            _say("done")


def _beside(server: embedded_postgres.Server) -> None:
    """Another migrated database, `calm`, on the same server."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("create database calm owner postgres")
    embedded_postgres.bootstrap(server.login("supabase_admin", "calm"), server.password)
    migrations.push(server.login("postgres", "calm"), MIGRATIONS)


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _main()
