"""Files that are as before or whole: evidence, the dev catalogue, and single files."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from skillctl.adapters import atomic
from skillctl.adapters.evidence_files import EvidenceFiles
from skillctl.adapters.sqlite_catalogue import SCHEMA_VERSION, SqliteCatalogue
from tests.domain.made import evidence


def test_evidence_is_kept_under_its_hash(tmp_path: Path) -> None:
    store, record = EvidenceFiles(tmp_path), evidence(model="größe")
    kept = Path(store.add(record))
    assert kept == tmp_path / "evidence" / "adder" / f"{record.digest}.json"
    assert store.add(record) == str(kept)
    store.add(evidence(version="1.0.1"))
    store.add(evidence(skill="other"))
    assert sorted(found.version for found in store.of("adder")) == ["1.0.0", "1.0.1"]
    assert record in store.of("adder")
    assert store.of("nobody") == []


ALTERED: list[tuple[str, str]] = [
    ('"passed"', '"failed"'),
    ('"pass_rate": 1.0', '"pass_rate": 0.9'),
    ('"pass_rate": 1.0', '"pass_rate": NaN'),
    ('"seconds": 0.1', '"seconds": Infinity'),
    ('"tool": "skillctl 1"', '"tool": "skillctl 2"'),
    ('"dirty": false', '"dirty": true'),
    ('"format": 2', '"format": 1'),
    ("{", "{{"),
    ("{", "\ufeff"),
]


@pytest.mark.parametrize(("old", "new"), ALTERED)
def test_evidence_that_was_altered_is_none(tmp_path: Path, old: str, new: str) -> None:
    store = EvidenceFiles(tmp_path)
    kept, other = Path(store.add(evidence())), evidence(version="1.0.1")
    store.add(other)
    text = kept.read_text()
    assert old in text
    kept.write_text(text.replace(old, new, 1))
    assert store.of("adder") == [other]


@pytest.mark.parametrize("raw", [b"", b"\0\xff", b"[" * 100_000, b"null", b"[]", b'{"a": "\\ud800"}', b"1" * 5000])
def test_evidence_that_is_corrupt_is_none(tmp_path: Path, raw: bytes) -> None:
    store = EvidenceFiles(tmp_path)
    kept = Path(store.add(evidence()))
    kept.write_bytes(raw)
    assert store.of("adder") == []


def test_evidence_under_another_name_is_none(tmp_path: Path) -> None:
    store = EvidenceFiles(tmp_path)
    kept = Path(store.add(evidence()))
    kept.rename(kept.with_stem("0" * 64))
    assert store.of("adder") == []


def test_a_folder_under_the_name_of_a_record_is_none(tmp_path: Path) -> None:
    store = EvidenceFiles(tmp_path)
    store.add(evidence())
    (tmp_path / "evidence" / "adder" / "x.json").mkdir()
    assert store.of("adder") == [evidence()]


def test_the_same_record_in_other_words_is_the_same(tmp_path: Path) -> None:
    store = EvidenceFiles(tmp_path)
    kept = Path(store.add(evidence()))
    kept.write_text(json.dumps(json.loads(kept.read_text()), separators=(",", ":")))
    assert store.of("adder") == [evidence()]


def row(name: str = "adder", **changed: Any) -> dict[str, Any]:
    """One skill as `load` gives it."""
    return {
        "name": name,
        "version": "1.0.0",
        "status": "draft",
        "serving": None,
        "digest": "sha256:x",
        "description": "Adds numbers.",
        "instructions": "Run it.",
        "owners": ["sums"],
        "tags": ["sums"],
        "tools": {},
        "routing": None,
        "requires": {},
        "inputs": None,
        "outputs": None,
    } | changed


def file(skill: str = "adder") -> dict[str, Any]:
    """One file as `load` gives it."""
    return {"skill": skill, "path": "a", "mode": "100644", "sha256": "x", "bytes": b"\0\xff"}


def names(path: Path) -> list[str]:
    with sqlite3.connect(path) as database:
        found = [name for (name,) in database.execute("select name from skills order by name")]
    database.close()
    return found


def test_the_catalogue_holds_what_was_given(tmp_path: Path) -> None:
    catalogue = SqliteCatalogue(tmp_path / "state")
    path = Path(catalogue.replace([row(), row("zeta", tags=["a", "b"])], [file()]))
    assert path == tmp_path / "state" / "catalogue.db"
    with sqlite3.connect(path) as database:
        assert database.execute("pragma user_version").fetchone() == (SCHEMA_VERSION,)
        assert database.execute("select tags from skills where name = 'zeta'").fetchone() == ('["a", "b"]',)
        assert database.execute("select bytes from files").fetchone() == (b"\0\xff",)
    database.close()


def test_the_index_answers(tmp_path: Path) -> None:
    path = SqliteCatalogue(tmp_path).replace(
        [row(), row("finance-ssc", description="Computes withholding taxes.", instructions="Never the lab.")], []
    )
    with sqlite3.connect(path) as database:

        def found(words: str) -> list[str]:
            query = (
                "select skills.name from skills_fts join skills on skills.rowid = skills_fts.rowid "
                "where skills_fts match ? order by rank"
            )
            return [name for (name,) in database.execute(query, [words])]

        assert found("computing tax") == ["finance-ssc"]
        assert found("lab") == ["finance-ssc"]
        assert sorted(found("sums")) == ["adder", "finance-ssc"]
        assert found("nothing") == []
    database.close()


def test_whoever_reads_the_old_catalogue_reads_on(tmp_path: Path) -> None:
    catalogue = SqliteCatalogue(tmp_path)
    path = catalogue.replace([row("old")], [])
    with sqlite3.connect(path) as reader:
        assert reader.execute("select count(*) from skills").fetchone() == (1,)
        catalogue.replace([row("new"), row("newer")], [])
        assert reader.execute("select name from skills").fetchall() == [("old",)]
    reader.close()
    assert names(Path(path)) == ["new", "newer"]


def test_a_catalogue_that_cannot_be_made_changes_nothing(tmp_path: Path) -> None:
    catalogue = SqliteCatalogue(tmp_path)
    path = Path(catalogue.replace([row("old")], []))
    with pytest.raises(sqlite3.IntegrityError):
        catalogue.replace([row("new"), row("newer", status="finished")], [])
    assert names(path) == ["old"]
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_catalogue(tmp_path: Path) -> None:
    assert names(Path(SqliteCatalogue(tmp_path).replace([], []))) == []


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    atomic.write(path, b"one")
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o755)
    with path.open("rb") as reader:
        atomic.write(path, b"two", tmp_path)
        assert reader.read() == b"one"
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o755)
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_cannot_be_written_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        atomic.write(tmp_path / "folder", b"x")
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]
