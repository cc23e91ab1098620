"""A release goes in whole, once, in order, and is read back by digest; agents read what is approved."""

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from skillctl.adapters.postgres_transport import PostgresTransport
from skillctl.domain import digest as digests
from skillctl.domain.tree import TreeFile
from skillctl.errors import StoreRefused
from tests.production.conftest import Database, Transport, opened
from tests.production.world import COMMITS, Version, following, publish, release, sha256, upload

NOTICE = {"reason": "old rates", "replaced_by": "finance-ssc@1.1.0", "sunset": "2027-01-31"}


def test_production_is_empty_at_first(transport: Transport) -> None:
    assert transport.call("current_release") == {
        "release": None, "commit": None, "judged": None, "applied_at": None, "head": "0" * 64,
        "skills": {}, "holds": [], "revocations": [],
    }  # fmt: skip
    assert transport.call("list_skills") == {"release": None, "commit": None, "skills": []}


def test_a_release_is_read_back(transport: Transport, database: Database) -> None:
    version = Version()
    upload(transport, version.blobs)
    wanted = release([version.change()])

    answer: Any = transport.call("apply_release", release=wanted)
    held: Any = transport.call("current_release")

    assert answer["release"] == held["release"] == wanted["id"]
    assert answer["applied_at"] == held["applied_at"]
    assert answer["replayed"] is False
    assert [job["destination"] for job in answer["jobs"]] == ["mattermost"]
    assert held["commit"] == COMMITS[0]
    assert held["skills"] == {
        "finance-ssc": {
            "serving": "1.0.0",
            "versions": {
                "1.0.0": {
                    "digest": version.digest, "state": "approved", "notice": None,
                    "card_sha256": version.entry["card_sha256"],
                }
            },
        }
    }  # fmt: skip
    assert transport.call("verify_ledger") == {
        "ok": True, "head": answer["head"], "promotions": 1, "releases": 1, "first_bad": None, "kept": None,
    }  # fmt: skip
    assert database.run("select skill, class, verdict from mcp.evidence") == [
        ("finance-ssc", "deterministic", "passed")
    ]


def test_each_job_of_a_release_is_there_once(transport: Transport) -> None:
    jobs = [
        {"destination": name, "job_type": kind, "payload": {"to": name}}
        for name, kind in (("mattermost", "notice"), ("n8n", "rollout"))
    ]
    answer = publish(transport, Version(), jobs=jobs)

    queued: Any = transport.call("list_jobs", source="skillctl")
    assert {(job["id"], job["idempotency_key"], job["job_type"]) for job in queued} == {
        (job["id"], f"{answer['release']}:{job['destination']}", kind)
        for job, kind in zip(answer["jobs"], ("notice", "rollout"), strict=True)
    }


def test_the_same_release_again_gives_the_first_answer(transport: Transport) -> None:
    version = Version()
    upload(transport, version.blobs)
    wanted = release([version.change()])
    first: Any = transport.call("apply_release", release=wanted)
    publish(transport, Version("odoo-developer"), commit=COMMITS[1])

    again = transport.call("apply_release", release=wanted)

    assert again == first | {"replayed": True}
    assert transport.call("job_counts") == {"queued": 2}
    ledger: Any = transport.call("verify_ledger")
    assert ledger["promotions"] == 2


def test_a_release_without_changes_moves_the_commit_alone(transport: Transport) -> None:
    first = publish(transport, Version())
    wanted = following(transport, [], commit=COMMITS[1])

    answer: Any = transport.call("apply_release", release=wanted)
    again: Any = transport.call("apply_release", release=wanted)

    assert answer == first | {"jobs": []}
    assert again == answer | {"replayed": True}
    held: Any = transport.call("current_release")
    assert (held["commit"], held["release"]) == (COMMITS[1], first["release"])
    assert transport.call("job_counts") == {"queued": 1}


def test_a_release_that_fails_late_leaves_nothing(transport: Transport, database: Database) -> None:
    version = Version()
    upload(transport, version.blobs)
    with pytest.raises(StoreRefused):
        transport.call("apply_release", release=release([version.change(serving="2.0.0")]))

    for table in ("skills", "skill_versions", "version_files", "evidence", "releases", "promotions"):
        assert database.value(f"select count(*) from mcp.{table}") == 0
    assert transport.call("job_counts") == {}


def test_the_same_content_published_again_is_no_change(transport: Transport, database: Database) -> None:
    version = Version()
    publish(transport, version)
    before = database.run("select * from mcp.skill_versions")

    again = following(transport, [version.change(promotions=[])], commit=COMMITS[1])
    transport.call("apply_release", release=again)

    assert database.run("select * from mcp.skill_versions") == before


@pytest.mark.parametrize("action", ["update", "publish", "reinstate"])
def test_an_older_version_is_served_by_a_rollback_only(transport: Transport, action: str) -> None:
    publish(transport, Version(version="1.0.0"))
    publish(transport, Version(version="1.1.0"))
    back = Version(version="1.0.0").change(action=action, publish=[], promotions=[])
    with pytest.raises(StoreRefused) as refused:
        transport.call("apply_release", release=following(transport, [back]))
    assert refused.value.name == "version-backwards"

    transport.call("apply_release", release=following(transport, [back | {"action": "rollback"}]))

    found: Any = transport.call("get_skill", name="finance-ssc")
    assert found["version"] == "1.0.0"


def test_a_repository_may_hash_with_sha256(transport: Transport) -> None:
    publish(transport, Version(), commit="a" * 64)
    transport.call("apply_release", release=following(transport, [], commit="b" * 64))
    held: Any = transport.call("current_release")
    assert held["commit"] == "b" * 64


def test_two_releases_at_once_one_wins(database: Database) -> None:
    versions = [Version(f"skill-{number}") for number in range(4)]
    start = threading.Barrier(len(versions))

    def apply(version: Version) -> str:
        with PostgresTransport(database.owner_url) as transport:
            upload(transport, version.blobs)
            wanted = release([version.change()])
            start.wait()
            try:
                transport.call("apply_release", release=wanted)
            except StoreRefused as error:
                return error.name
            return "applied"

    with ThreadPoolExecutor(len(versions)) as pool:
        outcomes = sorted(pool.map(apply, versions))

    assert outcomes == ["applied", "production-moved", "production-moved", "production-moved"]


def test_the_same_content_uploaded_at_once_never_locks_itself_out(database: Database) -> None:
    contents = [str(number).encode() * 100 for number in range(300)]
    start = threading.Barrier(4)

    def put(seed: int) -> int:
        turned = contents[seed * 70 :] + contents[: seed * 70]
        blobs: list[Any] = [{"sha256": sha256(raw), "base64": base64.b64encode(raw).decode()} for raw in turned]
        with PostgresTransport(database.owner_url) as transport:
            transport.call("job_counts")
            start.wait()
            answer: Any = transport.call("put_blobs", blobs=blobs)
            return int(answer["stored"])

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(put, range(4))) == 300


def test_more_than_a_thousand_skills_are_not_cut(transport: Transport, database: Database) -> None:
    database.run("insert into mcp.skills (name) select 'skill-' || n from generate_series(1, 1500) n")
    held: Any = transport.call("current_release")
    assert len(held["skills"]) == 1500


def test_agents_read_what_is_served(transport: Transport) -> None:
    version = Version()
    answer = publish(transport, version)

    listed: Any = transport.call("list_skills")
    found: Any = transport.call("get_skill", name="finance-ssc")
    file: Any = transport.call("read_file", name="finance-ssc", version="1.0.0", path="skill.yaml")

    assert (listed["release"], listed["commit"]) == (answer["release"], COMMITS[0])
    assert listed["skills"] == [version.entry["card"] | {"name": "finance-ssc", "version": "1.0.0"}]
    assert (found["version"], found["digest"], found["state"]) == ("1.0.0", version.digest, "approved")
    assert [(file["path"], file["mode"]) for file in found["files"]] == [
        ("SKILL.md", "100644"), ("scripts/run.py", "100755"), ("skill.yaml", "100644"),
    ]  # fmt: skip
    raw = base64.b64decode(file["base64"])
    assert b"status: approved" in raw
    assert (sha256(raw), len(raw)) == (file["sha256"], file["size"])
    assert transport.call("get_skill", name="finance-ssc", version="2.0.0") is None
    assert transport.call("read_file", name="finance-ssc", version="1.0.0", path="nothing") is None


def test_a_long_file_arrives_whole(transport: Transport) -> None:
    publish(transport, Version(body="line\n" * 50_000))
    file: Any = transport.call("read_file", name="finance-ssc", version=None, path="SKILL.md")
    assert base64.b64decode(file["base64"], validate=True) == b"line\n" * 50_000


def changed(transport: Transport, state: str, before: str = "approved", **keys: Any) -> None:
    states = {"1.0.0": {"state": state, "notice": NOTICE}}
    change = Version().change(publish=[], promotions=[Version().moved(before, state)], states=states, **keys)
    transport.call("apply_release", release=following(transport, [change]))


def test_a_deprecated_skill_answers_by_name_with_its_notice(transport: Transport) -> None:
    publish(transport, Version())
    changed(transport, "deprecated", action="deprecate")

    listed: Any = transport.call("list_skills")
    found: Any = transport.call("get_skill", name="finance-ssc")
    assert listed["skills"] == []
    assert (found["state"], found["notice"]) == ("deprecated", NOTICE)
    assert transport.call("read_file", name="finance-ssc", version="1.0.0", path="SKILL.md")


def test_a_withdrawn_skill_is_gone_for_agents(transport: Transport) -> None:
    publish(transport, Version())
    changed(transport, "withdrawn", action="withdraw", serving=None)

    listed: Any = transport.call("list_skills")
    assert listed["skills"] == []
    for version in (None, "1.0.0"):
        assert transport.call("get_skill", name="finance-ssc", version=version) is None
        assert transport.call("read_file", name="finance-ssc", version=version, path="SKILL.md") is None


def test_a_withdrawn_skill_can_come_back(transport: Transport) -> None:
    publish(transport, Version())
    changed(transport, "withdrawn", action="withdraw", serving=None)
    changed(transport, "approved", "withdrawn", action="reinstate")
    assert transport.call("get_skill", name="finance-ssc")


def test_a_revoked_digest_is_gone_for_agents_at_once(transport: Transport, database: Database) -> None:
    version = Version()
    publish(transport, version)
    database.run("insert into mcp.revocations values (%s, 'finance-ssc', '1.0.0', 'leaks', 'maria')", version.digest)

    listed: Any = transport.call("list_skills")
    held: Any = transport.call("current_release")
    assert listed["skills"] == []
    assert transport.call("get_skill", name="finance-ssc", version="1.0.0") is None
    assert transport.call("read_file", name="finance-ssc", version="1.0.0", path="SKILL.md") is None
    assert held["revocations"][0]["digest"] == version.digest


@pytest.mark.parametrize("status", ["approved", '"approved"', "'approved'"])
def test_the_digest_of_the_tool_is_the_one_that_production_proves(transport: Transport, status: str) -> None:
    contents = {
        "skills/measured/skill.yaml": f'name: measured\nversion: "1.0.0"\nstatus: {status}  # é\ntags: [ä]\n'.encode(),
        "skills/measured/references/ü.md": b"text",
        "skills/measured/SKILL.md": "---\nname: measured\n---\nbody ü\n".encode(),
    }
    entries = [TreeFile(path, "100644", "0" * 40) for path in contents]
    content = digests.measure_skill("skills/measured", entries, contents)
    assert content.status_span is not None
    version = Version("measured")
    for raw in contents.values():
        version.store(raw)
    definition = sha256(contents["skills/measured/skill.yaml"])
    version.entry["definition"] = {
        "path": content.definition, "sha256": definition,
        "status_span": [content.status_span.offset, content.status_span.length],
    }  # fmt: skip
    version.manifest(content.manifest)

    publish(transport, version)

    assert version.digest == content.digest
    found: Any = transport.call("get_skill", name="measured")
    assert {file["path"]: file["sha256"] for file in found["files"]} == {
        file.path: file.sha256 for file in content.files
    }


def test_a_first_release_of_two_thousand_skills_fits_the_timeout(database: Database) -> None:
    """Over HTTPS, where the login of the Data API has eight seconds."""
    versions = [Version(f"skill-{number}", body=f"body {number}") for number in range(2000)]
    with PostgresTransport(database.owner_url) as direct:
        upload(direct, {name: raw for version in versions for name, raw in version.blobs.items()})
    wanted = release([version.change() for version in versions])

    with opened(database, "https") as transport:
        transport.call("apply_release", release=wanted)
        held: Any = transport.call("current_release")

    assert len(held["skills"]) == 2000
    assert database.value("select count(*) from mcp.version_files") == 6000
