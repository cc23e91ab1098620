"""Skills, evidence and releases for the tests, made from the formats' description, not by the tool's own code."""

import base64
import hashlib
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.production.conftest import Transport

COMMITS = [character * 40 for character in "abcdef"]


def fresh_name() -> str:
    """A skill that no other test knows."""
    return f"skill-{uuid.uuid4().hex}"


def sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def cases(*outcomes: str) -> list[dict[str, Any]]:
    """Cases of a suite that ended so."""
    return [
        {"id": f"case-{place}", "outcome": outcome, "seconds": 0.1, "reasons": []}
        for place, outcome in enumerate(outcomes)
    ]


@dataclass
class Version:
    """One version of a skill: its bytes, and the entry that publishes it. Change either before it is released."""

    name: str = "finance-ssc"
    version: str = "1.0.0"
    body: str = "Compute the tax."
    description: str = "Withholding tax"
    blobs: dict[str, bytes] = field(default_factory=dict)
    entry: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        before = f'name: {self.name}\nversion: "{self.version}"\nstatus: '.encode()
        status, after = b"approved", b"\nowners: [finance]\n"
        files = {"SKILL.md": ("100644", self.body.encode()), "scripts/run.py": ("100755", b"print(1)\n")}
        hashes = {path: (mode, sha256(raw)) for path, (mode, raw) in files.items()}
        hashes["skill.yaml"] = ("100644", sha256(before + after))
        lines = sorted(f"{mode} {digest} {path}\n".encode() for path, (mode, digest) in hashes.items())
        definition = self.store(before + status + after)
        for _, raw in files.values():
            self.store(raw)
        manifest = self.store(b"".join(lines))
        card = {"description": self.description, "tags": ["tax"]}
        self.entry |= {
            "version": self.version,
            "digest": f"sha256:{manifest}",
            "manifest": manifest,
            "definition": {"path": "skill.yaml", "sha256": definition, "status_span": [len(before), len(status)]},
            "card": card,
            "card_sha256": sha256(json.dumps(card).encode()),
        }
        self.prove()
        self.approve()

    @property
    def digest(self) -> str:
        digest: str = self.entry["digest"]
        return digest

    def store(self, raw: bytes) -> str:
        """Adds content to what is uploaded; its hash."""
        self.blobs[sha256(raw)] = raw
        return sha256(raw)

    def prove(self, **changed: Any) -> None:
        """Evidence for exactly this content, or what `changed` makes of it."""
        self.evidence = {
            "format": 1, "skill": self.name, "version": self.version, "skill_digest": self.digest,
            "suite_digest": "sha256:" + "1" * 64, "policy_digest": "sha256:" + "2" * 64, "runner": "script/1",
            "model": None, "class": "deterministic", "verdict": "passed", "pass_rate": 1.0,
            "cases": cases("passed", "passed"), "started_at": "2026-11-22T10:00:00Z",
            "finished_at": "2026-11-22T10:00:01Z", "tool": "skillctl 1", "commit": COMMITS[0], "dirty": False,
        } | changed  # fmt: skip
        self.entry["evidence"] = self.store(json.dumps(self.evidence).encode())

    def approve(self, *, statement: dict[str, Any] | None = None, **changed: Any) -> None:
        """An approval of exactly this content on its evidence, or what `changed` makes of it or of the `statement`."""
        predicate = {
            "skill": self.name, "version": self.version, "digest": self.digest,
            "step": {"from": "candidate", "to": "approved"}, "policyDigest": self.evidence["policy_digest"],
            "authors": ["Maria <maria@example.test>"], "evidence": self.evidence,
        }  # fmt: skip
        said = {
            "_type": "https://in-toto.io/Statement/v1", "predicateType": "urn:skillctl:approval:v1",
            "subject": self.subjects(), "predicate": predicate | changed,
        }  # fmt: skip
        self.entry["approval"] = self.store(json.dumps(said | (statement or {})).encode())

    def subjects(self) -> list[dict[str, Any]]:
        """The files that the manifest lists, as an approval names them: the definition by all of its bytes."""
        lines = [line.split(" ", 2) for line in self.blobs[self.entry["manifest"]].decode().splitlines()]
        whole = {self.entry["definition"]["path"]: self.entry["definition"]["sha256"]}
        return [
            {
                "name": path,
                "digest": {"sha256": whole.get(path, listed), "gitBlob": "0" * 40},
                "annotations": {"mode": mode},
            }
            for mode, listed, path in (line for line in lines if len(line) == 3)
        ]

    def manifest(self, raw: bytes) -> None:
        """Another manifest, with evidence and approval that believe it."""
        self.entry["manifest"] = self.store(raw)
        self.entry["digest"] = "sha256:" + self.entry["manifest"]
        self.prove()
        self.approve()

    def moved(self, source: str, target: str, **changed: Any) -> dict[str, Any]:
        """The row that the ledger gains for another state of this version."""
        verbs = {"approved": "reinstate", "deprecated": "deprecate", "withdrawn": "withdraw", "revoked": "revoke"}
        return {
            "version": self.version, "action": verbs.get(target, target), "from_status": source, "to_status": target,
            "digest": self.digest, "evidence": None,
        } | changed  # fmt: skip

    def change(self, **changed: Any) -> dict[str, Any]:
        """The change that publishes this version and serves it."""
        promotion = {
            "version": self.version, "action": "publish", "from_status": "candidate", "to_status": "approved",
            "digest": self.digest, "evidence": self.entry["evidence"],
        }  # fmt: skip
        return {
            "skill": self.name, "action": "publish", "version": self.version, "serving": self.version,
            "publish": [self.entry], "states": {}, "promotions": [promotion],
        } | changed  # fmt: skip


def release(changes: Iterable[dict[str, Any]], **changed: Any) -> dict[str, Any]:
    """A first release of these changes, or what `changed` makes of it."""
    kind = "sync" if changed.get("expected_commit") else "rebuild"
    return {
        "id": str(uuid.uuid4()), "kind": kind, "commit": COMMITS[0], "expected_release": None, "expected_commit": None,
        "actor": "maria", "tool": "skillctl 1", "changes": list(changes),
        "jobs": [{"destination": "mattermost", "job_type": "notice", "payload": {"text": "hello"}}],
    } | changed  # fmt: skip


def upload(transport: Transport, blobs: dict[str, bytes]) -> Any:
    """Stores content, as a client does: only what is missing."""
    missing = transport.call("missing_blobs", digests=list(blobs))
    assert isinstance(missing, list)
    sent: list[Any] = [{"sha256": name, "base64": base64.b64encode(blobs[name]).decode()} for name in map(str, missing)]
    return transport.call("put_blobs", blobs=sent)


def publish(transport: Transport, *versions: Version, **changed: Any) -> Any:
    """Uploads and releases these versions on top of what production holds now."""
    for version in versions:
        upload(transport, version.blobs)
    return transport.call("apply_release", release=following(transport, [v.change() for v in versions], **changed))


def following(transport: Transport, changes: Iterable[dict[str, Any]], **changed: Any) -> dict[str, Any]:
    """A release that expects what production holds now."""
    held = transport.call("current_release")
    assert isinstance(held, dict)
    return release(changes, **({"expected_release": held["release"], "expected_commit": held["commit"]} | changed))
