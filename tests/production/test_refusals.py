"""Production says no by itself, by a stable name, with a sentence and a next step, over both transports alike."""

from collections.abc import Callable
from typing import Any

import pytest

from skillctl.errors import StoreRefused
from tests.production.conftest import Database, Transport
from tests.production.spoiled import BAD_SHAPES, BAD_VERSIONS, prove
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
