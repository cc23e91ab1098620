"""A PostgreSQL with half a year of releases in it, for the bundle and for a Superset that reads it."""

from collections.abc import Iterator

import pytest

from skillctl.adapters import embedded_postgres, migrations
from tests.production.conftest import MIGRATIONS, Database
from tests.superset import story


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A server of its own: its roles get logins."""
    folder = tmp_path_factory.mktemp("charted")
    with embedded_postgres.embedded_postgres(folder, embedded_postgres.find_server()) as server:
        migrations.push(server.owner_url, MIGRATIONS)
        database = Database(server.url, server.owner_url, server.authenticator_url)
        story.tell(database)
        yield database
