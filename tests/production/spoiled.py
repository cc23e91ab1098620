"""Versions and releases with one thing wrong in each, and the name that production refuses it by."""

import hashlib
from collections.abc import Callable
from typing import Any

from tests.production.world import Version, cases, sha256

#: What no index holds, and no compression shortens.
LONG = "".join(hashlib.sha512(str(number).encode()).hexdigest() for number in range(30))


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
    lines = version.blobs[version.entry["manifest"]] + f"100644 {version.store(b'x')} {LONG}\n".encode()
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


def with_one_subject_twice(version: Version) -> None:
    """As many as there are files, and each of them a file."""
    subjects = version.subjects()
    version.approve(statement={"subject": [*subjects[:-1], subjects[0]]})


def with_one_subject_again(version: Version) -> None:
    subjects = version.subjects()
    version.approve(statement={"subject": [*subjects, subjects[0]]})


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
    (with_one_subject_twice, "approval-foreign"),
    (with_one_subject_again, "approval-foreign"),
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
