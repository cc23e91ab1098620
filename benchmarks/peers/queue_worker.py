"""One process that enqueues jobs or works them off: `queue_worker.py HOW DATABASE DOES COUNT`.

It says `ready`, waits for a line, and says how many jobs it did. `HOW` is `skillctl` (our functions), `procrastinate`
(its job manager and connector, as its own worker uses them) or `procrastinate-sql` (its functions alone, called as we
call ours).
"""

import asyncio
import sys
from collections.abc import Callable

import psycopg
from psycopg.types.json import Jsonb

PAYLOAD = {"release": "r-1", "skill": "finance-ssc"}
Work = Callable[[int], int]


def _ours(url: str, does: str) -> Work:
    connection = psycopg.connect(url, autocommit=True)
    worker = f"w{connection.info.backend_pid}"

    def enqueue(count: int) -> int:
        for _ in range(count):
            connection.execute("select mcp.enqueue_job(%s, %s, %s)", ["bench", "notice", Jsonb(PAYLOAD)])
        return count

    def work(_count: int) -> int:
        done = 0
        while True:
            row = connection.execute("select mcp.claim_next_job(%s, %s)", [worker, "bench"]).fetchone()
            if row is None or row[0] is None:
                return done
            connection.execute("select mcp.complete_job(%s, %s)", [row[0]["id"], worker])
            done += 1

    return enqueue if does == "enqueue" else work


def _theirs(url: str, does: str) -> Work:
    from procrastinate import PsycopgConnector, SyncPsycopgConnector
    from procrastinate.jobs import Job, Status
    from procrastinate.manager import JobManager

    def enqueue(count: int) -> int:
        connector = SyncPsycopgConnector(conninfo=url, min_size=1, max_size=1)
        connector.open()
        manager = JobManager(connector)
        job = Job(id=None, queue="bench", lock=None, queueing_lock=None, task_name="notice", task_kwargs=PAYLOAD)
        for _ in range(count):
            manager.defer_job(job)
        connector.close()
        return count

    async def work() -> int:
        connector = PsycopgConnector(conninfo=url, min_size=1, max_size=1)
        await connector.open_async()
        manager = JobManager(connector)
        worker, done = await manager.register_worker(), 0
        while (job := await manager.fetch_job(["bench"], worker)) is not None:
            await manager.finish_job(job, Status.SUCCEEDED, delete_job=False)
            done += 1
        await connector.close_async()
        return done

    return enqueue if does == "enqueue" else lambda _count: asyncio.run(work())


def _theirs_alone(url: str, does: str) -> Work:
    connection = psycopg.connect(url, autocommit=True)
    defer = (
        "select unnest(procrastinate_defer_jobs_v1("
        "array[row('bench', 'notice', 0, null, null, %s::jsonb, null)::procrastinate_job_to_defer_v1]))"
    )

    def enqueue(count: int) -> int:
        for _ in range(count):
            connection.execute(defer, [Jsonb(PAYLOAD)])
        return count

    def work(_count: int) -> int:
        row = connection.execute("select worker_id from procrastinate_register_worker_v1()").fetchone()
        assert row is not None
        worker, done = row[0], 0
        fetch = "select id, args from procrastinate_fetch_job_v2(array['bench']::varchar[], %s)"
        while (job := connection.execute(fetch, [worker]).fetchone()) is not None and job[0] is not None:
            connection.execute("select procrastinate_finish_job_v1(%s, 'succeeded', false)", [job[0]])
            done += 1
        return done

    return enqueue if does == "enqueue" else work


def main() -> None:
    """Do what the command line says, once a line has come in."""
    how, url, does, count = sys.argv[1:]
    makers = {"skillctl": _ours, "procrastinate": _theirs, "procrastinate-sql": _theirs_alone}
    work = makers[how](url, does)
    print("ready", flush=True)
    sys.stdin.readline()
    print(work(int(count)), flush=True)


if __name__ == "__main__":
    main()
