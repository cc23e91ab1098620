"""The dev catalogue: SQLite through sqlite-utils, disposable, built aside and moved into place whole."""

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

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
