"""Production says no by itself, by a stable name, with a sentence and a next step, over both transports alike."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from skillctl.errors import StoreRefused
from tests.production.conftest import Database, Transport
from tests.production.world import COMMITS, Version, cases, following, fresh_name, publish, sha256, upload


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


def with_a_path_that_no_index_holds(version: Version) -> None:
    long = "".join(hashlib.sha512(str(number).encode()).hexdigest() for number in range(30))
    lines = version.blobs[version.entry["manifest"]] + f"100644 {version.store(b'x')} {long}\n".encode()
    version.manifest(b"".join(sorted(lines.splitlines(keepends=True))))


def prove(version: Version, **changed: Any) -> None:
    """Evidence that says something else, with an approval that rests on it."""
    version.prove(**changed)
    version.approve()


def with_evidence_of_nul(version: Version) -> None:
    prove(version, runner="a\0b")


def with_one_subject_more(version: Version) -> None:
    more = {"name": "run.sh", "digest": {"sha256": "0" * 64, "gitBlob": "0" * 40}, "annotations": {"mode": "100755"}}
    version.approve(statement={"subject": [*version.subjects(), more]})


def with_another_subject(version: Version) -> None:
    subjects = version.subjects()
    subjects[0]["digest"]["sha256"] = "0" * 64
    version.approve(statement={"subject": subjects})


def with_the_definition_without_its_status(version: Version) -> None:
    """As the manifest lists it, which is not the file that was approved."""
    manifest = version.blobs[version.entry["manifest"]].decode()
    bare = next(line.split()[1] for line in manifest.splitlines() if line.endswith(" skill.yaml"))
    subjects = version.subjects()
    next(one for one in subjects if one["name"] == "skill.yaml")["digest"]["sha256"] = bare
    version.approve(statement={"subject": subjects})


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
    (lambda version: prove(version, cases=[]), "evidence-inconsistent"),
    (lambda version: prove(version, cases=None), "evidence-inconsistent"),
    (lambda version: prove(version, cases={"id": "a", "outcome": "passed"}), "evidence-inconsistent"),
    (lambda version: prove(version, cases=cases("passed", "errored"), pass_rate=0.5), "evidence-inconsistent"),
    (lambda version: prove(version, cases=cases("passed", "errored")), "evidence-inconsistent"),
    (lambda version: prove(version, cases=cases("passed", "skipped"), pass_rate=0.5), "evidence-inconsistent"),
    (lambda version: prove(version, cases=["passed"]), "evidence-inconsistent"),
    (lambda version: prove(version, cases=cases("passed", "failed")), "evidence-inconsistent"),
    (lambda version: prove(version, cases=cases("failed", "failed"), pass_rate=1), "evidence-inconsistent"),
    (lambda version: prove(version, pass_rate=0.999), "evidence-inconsistent"),
    (lambda version: prove(version, pass_rate=None), "evidence-inconsistent"),
    (lambda version: prove(version, pass_rate="1.0"), "evidence-inconsistent"),
    (lambda version: prove(version, policy_digest=None), "evidence-inconsistent"),
    (lambda version: prove(version, suite_digest=None), "evidence-inconsistent"),
    (with_evidence_of_nul, "evidence-missing"),
    (with_lost_approval, "approval-missing"),
    (lambda version: version.approve(digest="sha256:" + "0" * 64), "approval-foreign"),
    (lambda version: version.approve(skill="odoo-developer"), "approval-foreign"),
    (lambda version: version.approve(version=None), "approval-foreign"),
    (lambda version: version.approve(evidence=version.evidence | {"runner": "another"}), "approval-foreign"),
    (lambda version: version.approve(evidence={"sha256": version.entry["evidence"]}), "approval-foreign"),
    (lambda version: version.approve(evidence=None), "approval-foreign"),
    (lambda version: version.approve(policyDigest="sha256:" + "3" * 64), "approval-foreign"),
    (lambda version: version.approve(policyDigest=None), "approval-foreign"),
    (lambda version: version.approve(step={"from": "draft", "to": "approved"}), "approval-foreign"),
    (lambda version: version.approve(step=None), "approval-foreign"),
    (lambda version: version.approve(statement={"_type": "https://in-toto.io/Statement/v0.1"}), "approval-foreign"),
    (lambda version: version.approve(statement={"predicateType": "urn:other"}), "approval-foreign"),
    (lambda version: version.approve(statement={"predicate": None}), "approval-foreign"),
    (lambda version: version.approve(statement={"subject": []}), "approval-foreign"),
    (lambda version: version.approve(statement={"subject": {}}), "approval-foreign"),
    (lambda version: version.approve(statement={"subject": ["SKILL.md"]}), "approval-foreign"),
    (lambda version: version.approve(statement={"subject": version.subjects()[1:]}), "approval-foreign"),
    (lambda version: version.approve(statement={"subject": version.subjects()[:-1]}), "approval-foreign"),
    (lambda version: version.approve(statement={"subject": version.subjects() * 2}), "approval-foreign"),
    (with_one_subject_more, "approval-foreign"),
    (with_another_subject, "approval-foreign"),
    (with_the_definition_without_its_status, "approval-foreign"),
    (with_lost_file, "blob-missing"),
    (with_lost_manifest, "blob-missing"),
    (with_lost_definition, "blob-missing"),
    (with_other_definition, "manifest-mismatch"),
    (with_a_draft, "manifest-mismatch"),
    (with_unsorted_manifest, "manifest-mismatch"),
    (with_unfinished_manifest, "manifest-mismatch"),
    (with_a_file_outside, "manifest-mismatch"),
    (with_a_digest_of_nothing, "manifest-mismatch"),
    (with_a_path_that_no_index_holds, "invalid-release"),
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


def test_a_gate_may_have_asked_for_less_than_every_case(transport: Transport, name: str) -> None:
    version = Version(name)
    prove(version, cases=cases("passed", "failed", "passed"), pass_rate=2 / 3)
    publish(transport, version, jobs=[])
    assert transport.call("get_skill", name=name)


LONG = "".join(hashlib.sha512(str(number).encode()).hexdigest() for number in range(30))


def moved(wanted: dict[str, Any], source: str, target: str) -> dict[str, Any]:
    return Version(wanted["changes"][0]["skill"]).moved(source, target)


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
    lambda r: r["changes"][0].pop("promotions"),
    lambda r: r["changes"][0]["promotions"].clear(),
    lambda r: r["changes"][0]["promotions"].append(r["changes"][0]["promotions"][0]),
    lambda r: r["changes"][0]["promotions"].append(moved(r, "approved", "deprecated")),
    lambda r: r["changes"][0]["promotions"][0].update(from_status="draft"),
    lambda r: r["changes"][0]["promotions"][0].update(from_status=None),
    lambda r: r["changes"][0]["promotions"][0].update(to_status="deprecated"),
    lambda r: r["changes"][0]["promotions"][0].update(action="reinstate"),
    lambda r: r["changes"][0]["promotions"][0].update(action="promote"),
    lambda r: r["changes"][0]["promotions"][0].update(evidence=None),
    lambda r: r["changes"][0]["promotions"][0].update(evidence="0" * 64),
    lambda r: r["changes"][0].update(states={"1.0.0": {"state": "deprecated", "notice": None}}),
    lambda r: r.update(commit="a" * 50),
    lambda r: r.update(expected_commit="a" * 63),
    lambda r: r.pop("jobs"),
    lambda r: r["jobs"][0].update(destination=LONG),
    lambda r: r["jobs"][0].update(job_type=LONG),
    lambda r: r["changes"][0]["publish"][0].update(version=f"1.0.0-{LONG}"),
    lambda r: r["changes"][0]["publish"][0]["card"].update(description="a\0b"),
    lambda r: r["jobs"][0]["payload"].update(text="a\0b"),
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


@pytest.mark.parametrize(
    "row",
    [
        [],
        [{}, {}],
        [{"from_status": "candidate"}],
        [{"to_status": "withdrawn", "action": "withdraw"}],
        [{"digest": "sha256:" + "0" * 64}],
        [{"evidence": "0" * 64}],
        [{}, {"action": "publish", "from_status": "candidate", "to_status": "approved"}],
    ],
)
def test_the_ledger_gains_a_row_for_each_state_that_changes_and_no_other(
    transport: Transport, name: str, row: list[dict[str, Any]]
) -> None:
    version = Version(name)
    publish(transport, version, jobs=[])
    states = {"1.0.0": {"state": "deprecated", "notice": {"reason": "old"}}}
    rows = [version.moved("approved", "deprecated", **changed) for changed in row]
    change = version.change(action="deprecate", publish=[], promotions=rows, states=states)

    error = refused(transport, following(transport, [change]))

    assert error.name == "invalid-release"
    assert f"{name}@1.0.0" in error.message


def test_a_change_of_a_notice_alone_is_no_row_of_the_ledger(transport: Transport, name: str) -> None:
    version = Version(name)
    publish(transport, version, jobs=[])
    states = {"1.0.0": {"state": "approved", "notice": {"reason": "soon"}}}
    row = version.moved("approved", "approved")
    lying = version.change(action="update", publish=[], promotions=[row], states=states)
    assert refused(transport, following(transport, [lying])).name == "invalid-release"

    honest = version.change(action="update", publish=[], promotions=[], states=states)
    transport.call("apply_release", release=following(transport, [honest], jobs=[]))


def test_a_version_published_and_deprecated_at_once_has_both_rows(transport: Transport, name: str) -> None:
    version = Version(name)
    upload(transport, version.blobs)
    states = {"1.0.0": {"state": "deprecated", "notice": {"reason": "old"}}}
    change = version.change(states=states)
    assert refused(transport, following(transport, [change])).name == "invalid-release"
    change["promotions"].append(version.moved("approved", "deprecated"))
    transport.call("apply_release", release=following(transport, [change], jobs=[]))


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
    row = Version(name).moved("approved", "withdrawn")
    change = Version(name).change(action="withdraw", publish=[], promotions=[row], states=states, serving=serving)

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
