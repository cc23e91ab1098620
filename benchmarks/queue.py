"""Jobs a second, beside procrastinate, in one run on one PostgreSQL; and ours again with a million finished ones."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks import engines, table, timing
from benchmarks.table import Row
from benchmarks.timing import ROOT
from skillctl import wiring
from skillctl.adapters import embedded_postgres, migrations

_WORDS = {"enqueued": "enqueued", "done": "claimed and completed"}
PEER = "procrastinate==3.10.0"
_DRIVER = "psycopg[binary]==3.3.9"
_WORKER = Path(__file__).with_name("peers") / "queue_worker.py"
_SCHEMA = """
import sys
from procrastinate import SyncPsycopgConnector
from procrastinate.schema import SchemaManager
connector = SyncPsycopgConnector(conninfo=sys.argv[1])
connector.open()
SchemaManager(connector).apply_schema()
connector.close()
"""
#: As many finished jobs as are asked for, each with its run, as a day of work leaves them.
_FINISHED = """
with made as (
  insert into mcp_jobs.jobs (source, job_type, payload, status, attempts, worker, finished_at)
  select 'bench', 'notice', '{"release": "r-1", "skill": "finance-ssc"}', 'completed', 1, 'w', now()
    from generate_series(1, %s) returning id)
insert into mcp_jobs.job_runs (job_id, attempt, worker, finished_at, outcome)
select id, 1, 'w', now(), 'completed' from made
"""


@dataclass(frozen=True)
class _Queue:
    """One queue in a database of its own, the Python that has its library, and what empties it."""

    how: str
    python: str
    url: str
    tables: str


@dataclass(frozen=True)
class _Rates:
    """Jobs a second that went in, and that were claimed and completed."""

    enqueued: float
    done: float


def measure(scratch: Path, jobs: int, finished: int, rounds: int) -> None:
    """Print a table for one worker, one for eight, and one of what so many finished jobs change for us."""
    peer = engines.library(PEER, _DRIVER)
    with embedded_postgres.embedded_postgres(scratch / "queue", embedded_postgres.find_server()) as server:
        queues = _queues(server, peer)
        for workers in (1, 8):
            found: dict[str, list[_Rates]] = {one.how: [] for one in queues}
            for _ in range(rounds):
                for one in queues:
                    _prepare(server, one, 0)
                    found[one.how].append(_round(one, jobs, workers))
            _show(f"Queue: {jobs:,} jobs, {_workers(workers)}", found, peer)
        for workers in (1, 8):
            _flat(server, queues[0], jobs, finished, workers, rounds)


def _queues(server: embedded_postgres.Server, peer: Path | engines.Missing) -> list[_Queue]:
    migrations.push(server.owner_url, Path(wiring.material()) / "supabase" / "migrations")
    queues = [_Queue("skillctl", sys.executable, server.owner_url, "mcp_jobs.jobs, mcp_jobs.job_runs")]
    if isinstance(peer, engines.Missing):
        return queues
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("create database peer owner postgres")
    python, url = str(peer / "bin" / "python"), server.login("postgres", "peer")
    timing.run((python, "-c", _SCHEMA, url), ROOT, timing.environment())
    tables = "procrastinate_jobs, procrastinate_events"
    return [*queues, *(_Queue(how, python, url, tables) for how in ("procrastinate", "procrastinate-sql"))]


def _prepare(server: embedded_postgres.Server, queue: _Queue, finished: int) -> None:
    """An empty queue, or one with so many finished jobs; its tables known to the planner either way."""
    with psycopg.connect(queue.url, autocommit=True) as connection:
        connection.execute(f"truncate {queue.tables} cascade".encode())
        if finished:
            connection.execute(_FINISHED, [finished])
        connection.execute(f"vacuum analyze {queue.tables}".encode())
    with psycopg.connect(server.url, autocommit=True) as connection:
        # What the last round left to be written is not this one's.
        connection.execute("checkpoint")


def _round(queue: _Queue, jobs: int, workers: int) -> _Rates:
    enqueued = _rate(queue, "enqueue", jobs, workers)
    with psycopg.connect(queue.url, autocommit=True) as connection:
        # The peer's claim is a hundred times slower by the plan that it gets before its tables are known.
        connection.execute(f"analyze {queue.tables}".encode())
    return _Rates(enqueued, _rate(queue, "work", jobs, workers))


def _rate(queue: _Queue, does: str, jobs: int, workers: int) -> float:
    share = jobs // workers
    command = (queue.python, str(_WORKER), queue.how, queue.url, does, str(share))
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(workers)
    ]
    for process in processes:
        _hear(process, "ready\n")
    begun = time.perf_counter()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    done = sum(int(_hear(process)) for process in processes)
    seconds = time.perf_counter() - begun
    for process in processes:
        process.communicate()
    if done != share * workers:
        raise SystemExit(f"{queue.how} did {done} of {share * workers} jobs")
    return done / seconds


def _hear(process: "subprocess.Popen[str]", expected: str | None = None) -> str:
    assert process.stdout is not None
    said = process.stdout.readline()
    if not said or (expected is not None and said != expected):
        raise SystemExit(f"a worker of the queue ended with {process.wait()}")
    return said


def _show(title: str, found: dict[str, list[_Rates]], peer: Path | engines.Missing) -> None:
    rows = []
    for does in ("enqueued", "done"):
        rates = {how: [getattr(one, does) for one in values] for how, values in found.items()}
        rows += [Row(f"{how}: {_WORDS[does]}", "jobs/s", values) for how, values in rates.items()]
        for how in ("procrastinate", "procrastinate-sql"):
            name = f"ours / {how}: {_WORDS[does]}"
            if isinstance(peer, engines.Missing):
                rows.append(Row(name, "times", [], least=1, missing=peer.reason))
            else:
                rows.append(Row(name, "times", timing.ratios(rates["skillctl"], rates[how]), least=1))
    table.show(title, rows)


def _flat(server: embedded_postgres.Server, queue: _Queue, jobs: int, finished: int, workers: int, rounds: int) -> None:
    rates: dict[int, list[_Rates]] = {0: [], finished: []}
    for _ in range(rounds):
        for before, kept in rates.items():
            _prepare(server, queue, before)
            kept.append(_round(queue, jobs, workers))
    rows = []
    for does, words in _WORDS.items():
        empty, full = ([getattr(one, does) for one in rates[before]] for before in (0, finished))
        rows.append(Row(f"{words}, none finished", "jobs/s", empty))
        rows.append(Row(f"{words}, {finished:,} finished", "jobs/s", full))
        rows.append(Row(f"{words}, with / without them", "times", timing.ratios(full, empty), least=0.9))
    table.show(f"Queue: {jobs:,} jobs beside {finished:,} finished ones, {_workers(workers)}", rows)


def _workers(count: int) -> str:
    return "1 worker" if count == 1 else f"{count} workers"
