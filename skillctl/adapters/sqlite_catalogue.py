"""The dev catalogue: SQLite through sqlite-utils, disposable, built aside and moved into place whole."""

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from skillctl.domain.selection import Offer
from skillctl.errors import Unreachable

#: Raised when the tables change; a catalogue of another version is rebuilt, never migrated.
SCHEMA_VERSION = 1
_SCHEMA = Path(__file__).parent.parent / "sql" / "catalogue.sql"


class SqliteCatalogue:
    """`<state>/catalogue.db`."""

    def __init__(self, state: Path) -> None:
        self.path = state / "catalogue.db"

    def replace(self, skills: Iterable[Mapping[str, Any]], files: Iterable[Mapping[str, Any]]) -> str:
        """Put a whole new catalogue in place at once and say where it lies; readers see the old one until then."""
        # Imported here: only `load` and what reads the catalogue need it.
        import sqlite_utils

        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=self.path.parent, prefix=".catalogue.", suffix=".db")
        os.close(handle)
        try:
            database = sqlite_utils.Database(aside)
            database.executescript(_SCHEMA.read_text(encoding="utf-8"))
            told = database.table("skills")
            told.insert_all(dict(skill) for skill in skills)
            database.table("files").insert_all(dict(file) for file in files)
            told.enable_fts(["name", "description", "tags", "instructions"], tokenize="porter")
            database.execute(f"pragma user_version = {SCHEMA_VERSION}")
            database.close()
            Path(aside).replace(self.path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
        return str(self.path)

    def offers(self) -> list[Offer]:
        """All that a prompt can select: every skill that is not deprecated; Unreachable where none is loaded."""
        import sqlite_utils

        if not self.path.is_file():
            raise Unreachable("there is no local catalogue", hint="run `skillctl load`")
        database = sqlite_utils.Database(self.path)
        try:
            rows = database.table("skills").rows_where("status <> 'deprecated'", order_by="name")
            return [Offer(row["name"], row["description"], tuple(json.loads(row["tags"]))) for row in rows]
        finally:
            database.close()
