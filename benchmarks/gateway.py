"""A production behind HTTP: a program that runs a migrated PostgreSQL with the stand-in of the Data API before it.

`python -m benchmarks.gateway FOLDER` prints one line of JSON with where it is; each line that it is sent it answers
with what was asked of it since the one before; it ends with its input.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

from benchmarks.timing import ROOT, environment
from skillctl import wiring
from skillctl.adapters import embedded_postgres, migrations
from tests.standin import data_api

#: Where a peer may write into tables, which nobody may in ours.
PEER = "peer"


class Gateway:
    """A running production; `url` and `key` as the tool takes them, `owner_url` to look into it."""

    def __init__(self, process: "Popen[str]", where: dict[str, str]) -> None:
        self._process = process
        self.url, self.key, self.owner_url = where["url"], where["key"], where["owner"]

    def asked(self) -> dict[str, Any]:
        """Since it was asked last: the number of `requests`, and the `longest` in seconds with its `function`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said


@contextmanager
def gateway(folder: Path) -> Iterator[Gateway]:
    """The program as a process of its own, so that it does not share a lock with its clients."""
    command = (sys.executable, "-m", "benchmarks.gateway", str(folder))
    with Popen(command, cwd=ROOT, env=environment(), stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Gateway(process, json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()


def _main() -> None:
    data_api.EXPOSED = (*data_api.EXPOSED, PEER)
    with embedded_postgres.embedded_postgres(Path(sys.argv[1]), embedded_postgres.find_server()) as server:
        migrations.push(server.owner_url, wiring.material() / "supabase" / "migrations")
        with data_api.data_api(server.authenticator_url) as api:
            _say({"url": api.url, "key": data_api.SECRET_KEY, "owner": server.owner_url})
            for _ in sys.stdin:
                with api.lock:
                    seen, api.requests = api.requests, []
                longest = max(seen, key=lambda one: one.seconds, default=None)
                _say(
                    {
                        "requests": len(seen),
                        "longest": longest.seconds if longest else 0.0,
                        "function": longest.path.rpartition("/")[2] if longest else "",
                    }
                )


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _main()
