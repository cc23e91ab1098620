"""What a release reads grows with what it changes, and with nothing else."""

import json

import psycopg

from skillctl.adapters.postgres_transport import PostgresTransport
from tests.production.conftest import Database
from tests.production.world import Version, release, upload


def test_a_first_release_after_one_that_failed_reads_no_more_for_each_skill(database: Database) -> None:
    """What failed is swept away, and the planner knows tables without a page then: it looks through them rather than at
    an index, and what is being written is in them.
    """
    versions = [Version(f"skill-{number}", body=f"body {number}") for number in range(800)]
    with PostgresTransport(database.owner_url) as direct:
        upload(direct, {name: raw for version in versions for name, raw in version.blobs.items()})

    def pages(size: int) -> int:
        with psycopg.connect(database.owner_url, autocommit=True) as connection:
            connection.execute("vacuum analyze")
            with connection.transaction(force_rollback=True):
                explained = "explain (analyze, buffers, format json) select mcp.apply_release(%s)"
                wanted = json.dumps(release(version.change() for version in versions[:size]))
                row = connection.execute(explained, [wanted]).fetchone()
        assert row is not None
        plan = row[0][0]["Plan"]
        return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])

    pages(10)
    few, many = pages(200), pages(800)
    assert many < 5 * few, (few, many)
