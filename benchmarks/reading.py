"""Milliseconds in the database of what agents ask it: candidates for a prompt, one skill by its name."""

import json
import time
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from benchmarks import words
from skillctl import wiring
from skillctl.adapters import migrations
from skillctl.domain.selection import EDITION, Catalogue, Offer, indexed, weights

_PROMPTS, _NAMES = 200, 1000
_VERSION = """
insert into mcp.skill_versions (name, version, digest, manifest, evidence, approval, definition_path, card, card_sha256,
                                release)
values (%s, '1.0.0', 'sha256:' || %s, %s, '', '', 'skill.yaml', %s, repeat('a', 64), gen_random_uuid())
"""


def measure(scratch: Path, sizes: list[int]) -> None:
    """Print one table: a row a question, the slowest of twenty and of a hundred."""
    print("\n### Reading for agents, in the database\n")
    print("| milliseconds | skills | median | p95 | p99 |\n|---|---:|---:|---:|---:|")
    for size in sizes:
        with wiring.local_production(scratch / f"reading-{size}") as url:
            migrations.push(url, wiring.material() / "supabase" / "migrations")
            with psycopg.connect(url, autocommit=True) as connection:
                offers = _filled(connection, size)
                for name, ask in (("`select_candidates`", _selecting), ("`get_skill`", _opening)):
                    took = ask(connection, offers)
                    shares = " | ".join(f"{took[int(len(took) * share)] * 1000:.2f}" for share in (0.5, 0.95, 0.99))
                    print(f"| {name} | {size:,} | {shares} |", flush=True)


def _filled(connection: psycopg.Connection[Any], size: int) -> list[Offer]:
    """Offers that nobody approved: put in by hand, for only reading is measured."""
    offers = [
        Offer(name, words.description(Random(name)), (name.split("-")[0],)) for name in islice(words.names(), size)
    ]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("set constraints all deferred")
        cursor.execute("alter table mcp.skill_versions drop constraint skill_versions_release")
        cursor.executemany("insert into mcp.skills (name) values (%s)", [(offer.name,) for offer in offers])
        cursor.executemany(_VERSION, [_row(number, offer) for number, offer in enumerate(offers)])
        cursor.execute("update mcp.skills set served_version = '1.0.0' where true")
        cursor.execute(
            "insert into mcp.blobs (sha256, bytes) select encode(sha256(raw), 'hex'), raw from (select"
            " convert_to(name || repeat(' and more of it', 300), 'UTF8') from mcp.skills) b (raw)"
        )
        cursor.execute(
            "insert into mcp.version_files select s.name, '1.0.0', f.path, '100644', encode(sha256(convert_to("
            "s.name || repeat(' and more of it', 300), 'UTF8')), 'hex') from mcp.skills s,"
            " unnest(array['SKILL.md', 'skill.yaml', 'scripts/run.py', 'references/a.md']) f (path)"
        )
    for start in range(0, size, 500):
        rows = [indexed("1.0.0", offer) for offer in offers[start : start + 500]]
        told = [{"name": row.name, "version": row.version, "terms": dict(row.terms)} for row in rows]
        connection.execute("select mcp.put_terms(%s, %s)", [EDITION, json.dumps(told)])
    connection.execute("vacuum analyze")
    return offers


def _row(number: int, offer: Offer) -> tuple[str, str, str, str]:
    card = {"name": offer.name, "description": offer.description, "tags": list(offer.tags), "owners": ["bench"]}
    return offer.name, f"{number:064x}", f"{number:064x}", json.dumps(card)


def _selecting(connection: psycopg.Connection[Any], offers: list[Offer]) -> list[float]:
    random, whole, took = Random("prompts"), Catalogue(offers), []
    for prompt in (f"{words.sentence(random)} {words.description(random)}" for _ in range(_PROMPTS)):
        said, seconds = _asked(connection, "select mcp.select_candidates(%s, %s)", json.dumps(weights(prompt)), EDITION)
        took.append(seconds)
        if said["candidates"][0]["name"] != whole.selected(prompt):
            raise SystemExit(f"another answer than the catalogue's: {prompt}")
    return sorted(took)


def _opening(connection: psycopg.Connection[Any], offers: list[Offer]) -> list[float]:
    random = Random("names")
    names = [random.choice(offers).name for _ in range(_NAMES)]
    return sorted(_asked(connection, "select mcp.get_skill(%s)", name)[1] for name in names)


def _asked(connection: psycopg.Connection[Any], statement: str, *values: Any) -> tuple[Any, float]:
    """The answer, and the seconds that it took."""
    begun = time.perf_counter()
    row = connection.execute(statement.encode(), values).fetchone()
    return row[0] if row else None, time.perf_counter() - begun
