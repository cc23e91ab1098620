"""A repository of many approved skills of about 5 KB; the domain itself makes their evidence and approvals."""

import subprocess
from pathlib import Path

from skillctl.domain import approval, digest, policy, serving
from skillctl.domain.digest import TreeFile
from skillctl.domain.evidence import CaseResult, Evidence, EvidenceClass, Outcome, Verdict
from skillctl.domain.lifecycle import Status
from skillctl.domain.serving import Serving

_POLICY = """\
gates:
  - {to: approved, evidence: [deterministic], pass_rate: 1.0}
environments:
  prod: {store: supabase, mattermost: {}, n8n: {}}
"""
_PARAGRAPH = "When the ledger and the subledger differ, list both sides by date, then explain every line that is left. "


def repository(folder: Path, count: int) -> None:
    """Fill an empty folder with a repository of `count` approved skills, in one commit."""
    gate = policy.effective(policy.read(_POLICY.encode())[0] or policy.Policy(), "any", [], Status.APPROVED)
    folder.mkdir(parents=True)
    _write(folder / "skillctl.yaml", _POLICY.encode())
    for number in range(count):
        _skill(folder, f"skill-{number:05}", number, gate.digest)
    identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.test", "-c", "gc.auto=0"]
    for command in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"], ["commit", "--quiet", "-m", "all"]):
        subprocess.run(["git", *identity, *command], cwd=folder, check=True)
    subprocess.run(["git", "config", "user.name", "Bench"], cwd=folder, check=True)
    subprocess.run(["git", "config", "user.email", "bench@example.test"], cwd=folder, check=True)


def _skill(root: Path, name: str, number: int, policy_digest: str) -> None:
    files = {
        "skill.yaml": f'name: {name}\nversion: "1.0.0"\nstatus: approved\nowners: [bench]\ntags: [bench]\n'.encode(),
        "SKILL.md": _sheet(name, number).encode(),
        "scripts/answer.py": f"print({number})\n".encode(),
    }
    suite = (
        f"skill: {name}\ncases:\n"
        f'  - {{id: answers, run: {{script: scripts/answer.py}}, expect: [{{equals: "{number}"}}]}}\n'
    ).encode()
    for path, raw in files.items():
        _write(root / "skills" / name / path, raw)
    _write(root / "evals" / name / "suite.yaml", suite)
    statement = _approval(name, files, suite, policy_digest)
    _write(root / approval.path_of(name, "1.0.0"), statement.text().encode())
    _write(root / serving.path_of(name), serving.write(Serving(serving="1.0.0")))


def _approval(name: str, files: dict[str, bytes], suite: bytes, policy_digest: str) -> approval.Statement:
    folder = f"skills/{name}"
    entries = [TreeFile(f"{folder}/{path}", "100644", _blob(raw)) for path, raw in files.items()]
    content = digest.measure_skill(folder, entries, {f"{folder}/{path}": raw for path, raw in files.items()})
    suite_path = f"evals/{name}/suite.yaml"
    measured = digest.measure_suite(
        f"evals/{name}", [TreeFile(suite_path, "100644", _blob(suite))], {suite_path: suite}
    )
    evidence = Evidence(
        skill=name,
        version="1.0.0",
        skill_digest=content.digest,
        suite_digest=measured.digest,
        policy_digest=policy_digest,
        runner="script/2",
        evidence_class=EvidenceClass.DETERMINISTIC,
        verdict=Verdict.PASSED,
        pass_rate=1.0,
        cases=[CaseResult(id="answers", outcome=Outcome.PASSED, seconds=0.1)],
        started_at="2026-11-22T00:00:00Z",
        finished_at="2026-11-22T00:00:01Z",
        tool="bench",
        commit=None,
        dirty=False,
    )
    return approval.state(content, evidence, ["Bench <bench@example.test>"])


def _sheet(name: str, number: int) -> str:
    head = f'---\nname: {name}\ndescription: "Reconciles account {number}. Use it at the end of a month."\n---\n'
    return head + f"# {name}\n\n" + (_PARAGRAPH * 45) + f"\n\nRun `scripts/answer.py` for account {number}.\n"


def _blob(raw: bytes) -> str:
    import hashlib

    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


def _write(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
