"""Workers that are killed one after the other: every job arrives, each double under one key, none is lost or stuck."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

from tests.chaos.conftest import some
from tests.production.conftest import Database

WORKERS = 8
LEASE = 3
#: How long a job may lie after its lease: somebody asks at the latest every 15 s, and eight of them ask in turn.
LATE = 15
_ROOT = Path(__file__).parents[2]


@dataclass
class Heard:
    """What arrived, by key; each takes a moment, so that workers die in the midst of it."""

    url: str
    keys: Counter[str] = field(default_factory=Counter)


@contextmanager
def receiver(chance: Random, seconds: float) -> Iterator[Heard]:
    """Somebody who hears keys, and takes about so long over each."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            with lock:
                heard.keys[self.headers["webhook-id"]] += 1
                pause = chance.uniform(0, 2 * seconds)
            time.sleep(pause)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Kept in `heard`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    heard = Heard(f"http://127.0.0.1:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def started(url: str, heard: Heard) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "tests.chaos.worker", url, heard.url, str(LEASE)], cwd=_ROOT)


def test_of_eight_workers_one_is_killed_every_second_and_no_job_is_lost(database: Database, chance: Random) -> None:
    database.empty()
    jobs = len(some(1000))
    database.run(
        "insert into mcp_jobs.jobs (source, job_type, idempotency_key, max_attempts)"
        " select 'skillctl', 'rollout', format('release-%%s:n8n', n), 100 from generate_series(1, %s) n",
        jobs,
    )
    killed = 0
    with receiver(chance, max(0.15, 40 / jobs)) as heard:
        workers = [started(database.owner_url, heard) for _ in range(WORKERS)]
        try:
            deadline = time.monotonic() + 300
            while database.value("select count(*) from mcp_jobs.jobs where status <> 'completed'"):
                assert time.monotonic() < deadline, database.run(
                    "select status, count(*) from mcp_jobs.jobs group by 1"
                )
                late = database.value(
                    "select coalesce(extract(epoch from max(now() - lease_until)), 0)::float from mcp_jobs.jobs"
                    " where status = 'processing'"
                )
                assert late < LATE
                time.sleep(1)
                place = chance.randrange(WORKERS)
                workers[place].kill()
                workers[place].wait()
                workers[place] = started(database.owner_url, heard)
                killed += 1
        finally:
            for worker in workers:
                worker.terminate()
            codes = [worker.wait(60) for worker in workers]
    lost = database.value("select count(*) from mcp_jobs.job_runs where outcome = 'lost'")
    doubles = {key: count for key, count in heard.keys.items() if count > 1}
    sys.stdout.write(
        f"{jobs} jobs, {killed} workers killed, {lost} runs lost, {len(doubles)} jobs heard twice or more\n"
    )
    assert set(heard.keys) == {f"release-{number}:n8n" for number in range(1, jobs + 1)}
    # A job is heard once for each of its runs at the most.
    runs = dict(database.run("select idempotency_key, attempts from mcp_jobs.jobs"))
    assert all(count <= runs[key] for key, count in heard.keys.items())
    assert database.value("select count(*) from mcp_jobs.job_runs where outcome = 'completed'") == jobs
    assert database.value("select sum(completed)::int from mcp_jobs.metrics") == jobs
    assert killed > 2
    assert set(codes) <= {0, -15}, "who was not killed ended by itself"
