"""Production says no by itself, by a stable name, with a sentence and a next step, over both transports alike."""

from collections.abc import Callable
from typing import Any

import pytest

from skillctl.errors import StoreRefused
from tests.production.conftest import Database, Transport
from tests.production.world import COMMITS, Version, following, fresh_name, publish, sha256, upload


@pytest.fixture
def transport(shared_transport: Transport) -> Transport:
    """A refusal changes nothing, so these tests share a database and name their skills uniquely."""
    return shared_transport


@pytest.fixture
def name() -> str:
    return fresh_name()


def refused(transport: Transport, wanted: dict[str, Any]) -> StoreRefused:
    before = transport.call("current_release"), transport.call("job_counts")
    with pytest.raises(StoreRefused) as caught:
        transport.call("apply_release", release=wanted)
    assert (transport.call("current_release"), transport.call("job_counts")) == before
    assert caught.value.hint
    return caught.value


def without_evidence(version: Version) -> None:
    version.entry["evidence"] = None


def with_lost_evidence(version: Version) -> None:
    del version.blobs[version.entry["evidence"]]


def with_unreadable_evidence(version: Version) -> None:
    version.entry["evidence"] = version.store(b"passed\xff")


def with_lost_approval(version: Version) -> None:
    del version.blobs[version.entry["approval"]]


def with_lost_file(version: Version) -> None:
    del version.blobs[sha256(version.body.encode())]


def with_lost_manifest(version: Version) -> None:
    del version.blobs[version.entry["manifest"]]


def with_lost_definition(version: Version) -> None:
    del version.blobs[version.entry["definition"]["sha256"]]


def with_other_definition(version: Version) -> None:
    raw = version.blobs[version.entry["definition"]["sha256"]].replace(b"[finance]", b"[nobody!]")
    version.entry["definition"]["sha256"] = version.store(raw)


def with_a_draft(version: Version) -> None:
    raw = version.blobs[version.entry["definition"]["sha256"]].replace(b"approved", b"draft")
    version.entry["definition"]["sha256"] = version.store(raw)
    version.entry["definition"]["status_span"][1] = len("draft")


def with_unsorted_manifest(version: Version) -> None:
    lines = version.blobs[version.entry["manifest"]].splitlines(keepends=True)
    version.manifest(b"".join(reversed(lines)))


def with_unfinished_manifest(version: Version) -> None:
    version.manifest(version.blobs[version.entry["manifest"]] + b"100644 x")


def with_a_file_outside(version: Version) -> None:
    escape = f"100755 {version.store(b'x')} ../../etc/profile\n".encode()
    lines = [*version.blobs[version.entry["manifest"]].splitlines(keepends=True), escape]
    version.manifest(b"".join(sorted(lines)))


def with_a_digest_of_nothing(version: Version) -> None:
    version.entry["digest"] = "sha256:" + "0" * 64
    version.prove()
    version.approve()


BAD_VERSIONS: list[tuple[Callable[[Version], None], str]] = [
    (without_evidence, "evidence-missing"),
    (with_lost_evidence, "evidence-missing"),
    (with_unreadable_evidence, "evidence-missing"),
    (lambda version: version.prove(verdict="failed"), "evidence-failed"),
    (lambda version: version.prove(verdict="underpowered"), "evidence-failed"),
    (lambda version: version.prove(verdict=None), "evidence-failed"),
    (lambda version: version.prove(**{"class": "rehearsal"}), "evidence-rehearsal"),
    (lambda version: version.prove(**{"class": None}), "evidence-rehearsal"),
    (lambda version: version.prove(skill="odoo-developer"), "evidence-foreign"),
    (lambda version: version.prove(version="0.9.0"), "evidence-foreign"),
    (lambda version: version.prove(skill_digest="sha256:" + "0" * 64), "evidence-foreign"),
    (with_lost_approval, "approval-missing"),
    (lambda version: version.approve(digest="sha256:" + "0" * 64), "approval-foreign"),
    (lambda version: version.approve(skill="odoo-developer"), "approval-foreign"),
    (lambda version: version.approve(version=None), "approval-foreign"),
    (with_lost_file, "blob-missing"),
    (with_lost_manifest, "blob-missing"),
    (with_lost_definition, "blob-missing"),
    (with_other_definition, "manifest-mismatch"),
    (with_a_draft, "manifest-mismatch"),
    (with_unsorted_manifest, "manifest-mismatch"),
    (with_unfinished_manifest, "manifest-mismatch"),
    (with_a_file_outside, "manifest-mismatch"),
    (with_a_digest_of_nothing, "manifest-mismatch"),
]


@pytest.mark.parametrize(("spoil", "reason"), BAD_VERSIONS)
def test_a_version_that_is_not_proved_is_refused_by_name(
    transport: Transport, name: str, spoil: Callable[[Version], None], reason: str
) -> None:
    good, bad = Version(fresh_name()), Version(name, body=f"Only in {name}.")
    spoil(bad)
    change = bad.change(promotions=[])
    upload(transport, good.blobs | bad.blobs)

    error = refused(transport, following(transport, [good.change(), change]))

    assert error.name == reason
    assert f"{name}@1.0.0" in error.message


BAD_SHAPES: list[Callable[[dict[str, Any]], Any]] = [
    lambda r: r.pop("id"),
    lambda r: r.update(commit="HEAD"),
    lambda r: r.update(expected_release="x"),
    lambda r: r.update(actor=""),
    lambda r: r.update(changes={}),
    lambda r: r["changes"].append("finance-ssc"),
    lambda r: r["changes"].append(r["changes"][0]),
    lambda r: r["changes"][0].update(skill="Finance SSC"),
    lambda r: r["changes"][0].update(skill=["finance-ssc"]),
    lambda r: r["changes"][0].update(action="delete"),
    lambda r: r["changes"][0].pop("serving"),
    lambda r: r["changes"][0]["publish"][0].update(version="1.0"),
    lambda r: r["changes"][0]["publish"].append(r["changes"][0]["publish"][0]),
    lambda r: r["changes"][0]["publish"][0].update(digest="sha256:0"),
    lambda r: r["changes"][0]["publish"][0].update(card=None),
    lambda r: r["changes"][0]["publish"][0]["definition"].update(path="../skill.yaml"),
    lambda r: r["changes"][0]["publish"][0]["definition"].update(status_span=[-1, 8]),
    lambda r: r["changes"][0]["publish"][0]["definition"].update(status_span=[1]),
    lambda r: r["changes"][0].update(states={"1.0.0": {"state": "gone", "notice": None}}),
    lambda r: r["changes"][0].update(states={"7.0.0": {"state": "withdrawn", "notice": None}}),
    lambda r: r["changes"][0]["promotions"][0].update(version="7.0.0"),
    lambda r: r["changes"][0]["promotions"][0].update(digest="sha256:" + "0" * 64),
    lambda r: r["jobs"].append(r["jobs"][0]),
    lambda r: r["jobs"][0].update(payload="text"),
]


@pytest.mark.parametrize("spoil", BAD_SHAPES)
def test_a_release_of_another_shape_is_refused(
    transport: Transport, name: str, spoil: Callable[[dict[str, Any]], Any]
) -> None:
    version = Version(name)
    upload(transport, version.blobs)
    wanted = following(transport, [version.change()])
    spoil(wanted)

    assert refused(transport, wanted).name == "invalid-release"


def test_a_release_that_is_no_object_is_refused(transport: Transport, name: str) -> None:
    assert refused(transport, [1]).name == "invalid-release"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "moved", [{"expected_commit": COMMITS[3]}, {"expected_release": "00000000-0000-0000-0000-000000000000"}]
)
@pytest.mark.parametrize("changes", [[], [Version(fresh_name()).change()]])
def test_a_plan_for_another_state_is_refused(
    transport: Transport, name: str, moved: dict[str, str], changes: list[Any]
) -> None:
    publish(transport, Version(name), jobs=[])
    error = refused(transport, following(transport, changes, commit=COMMITS[1], **moved))

    assert error.name == "production-moved"
    assert COMMITS[0] in error.message


def test_other_content_under_a_version_is_refused(transport: Transport, name: str) -> None:
    publish(transport, Version(name), jobs=[])
    other = Version(name, body="Compute another tax.")
    upload(transport, other.blobs)

    error = refused(transport, following(transport, [other.change()]))

    assert error.name == "version-exists"
    assert f"{name}@1.0.0" in error.message


@pytest.mark.parametrize(
    ("old", "new"), [("1.4.0", "1.3.9"), ("1.4.0", "1.4.0-rc.1"), ("1.10.0", "1.9.0"), ("1.0.0+a", "1.0.0+b")]
)
def test_a_version_that_is_not_greater_is_refused(transport: Transport, name: str, old: str, new: str) -> None:
    publish(transport, Version(name, version=old), jobs=[])
    later = Version(name, version=new, body="newer")
    upload(transport, later.blobs)

    assert refused(transport, following(transport, [later.change()])).name == "version-backwards"


def test_publishing_never_serves_an_older_version(transport: Transport, name: str) -> None:
    publish(transport, Version(name, version="1.0.0"), jobs=[])
    publish(transport, Version(name, version="1.1.0"), jobs=[])
    later = Version(name, version="1.2.0")
    upload(transport, later.blobs)

    error = refused(transport, following(transport, [later.change(serving="1.0.0")]))

    assert error.name == "version-backwards"


def test_a_revoked_digest_is_never_published_nor_served(
    transport: Transport, name: str, shared_database: Database
) -> None:
    version = Version(name)
    revoke = (
        "insert into mcp.revocations (digest, name, version, reason, actor) values (%s, 'x', '1', 'leaks', 'maria')"
    )
    shared_database.run(revoke, version.digest)
    upload(transport, version.blobs)
    assert refused(transport, following(transport, [version.change()])).name == "digest-revoked"

    served = Version(fresh_name())
    publish(transport, served, jobs=[])
    shared_database.run(revoke, served.digest)
    again = served.change(action="update", publish=[], promotions=[])
    error = refused(transport, following(transport, [again]))
    assert error.name == "digest-revoked"
    assert "leaks" in error.message


@pytest.mark.parametrize("serving", ["9.9.9", "1.0.0"])
def test_only_what_is_approved_can_be_served(transport: Transport, name: str, serving: str) -> None:
    publish(transport, Version(name), jobs=[])
    states = {"1.0.0": {"state": "withdrawn", "notice": {"reason": "wrong rate"}}}
    change = Version(name).change(action="withdraw", publish=[], promotions=[], states=states, serving=serving)

    error = refused(transport, following(transport, [change]))

    assert error.name == "serving-unknown"
    assert f"{name}@{serving}" in error.message


def test_content_that_does_not_hash_to_its_name_is_refused(transport: Transport, name: str) -> None:
    sent: Any
    for sent in ({"sha256": "0" * 64, "base64": "eA=="}, {"sha256": sha256(b"x"), "base64": "?"}, {"sha256": "x"}):
        with pytest.raises(StoreRefused) as caught:
            transport.call("put_blobs", blobs=[sent])
        assert caught.value.name == "blob-mismatch"


def test_another_release_under_a_known_id_is_refused(transport: Transport, name: str) -> None:
    answer = publish(transport, Version(name), jobs=[])
    wanted = following(transport, [Version(fresh_name()).change()], id=answer["release"])
    assert refused(transport, wanted).name == "invalid-release"
