"""A repository of many approved skills of about 5 KB; the domain itself makes their evidence and approvals.

A program of its own, so that what is measured never runs below a process that has grown: the memory of a parent counts
for its child. `python -m benchmarks.generate FOLDER SHAPE COUNT`, and with `--first` skills for one that is there.
"""

import argparse
import hashlib
import json
import subprocess
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

from benchmarks import words
from benchmarks.shapes import SERVERS, SHAPES, Drawn, Files
from skillctl.domain import approval, digest, policy, serving
from skillctl.domain.evidence import CaseResult, Evidence, EvidenceClass, Outcome, Verdict
from skillctl.domain.lifecycle import Status
from skillctl.domain.serving import Serving
from skillctl.domain.tree import TreeFile

_POLICY = """\
gates:
  - {to: approved, evidence: [deterministic], pass_rate: 1.0}
environments:
  prod: {store: supabase, mattermost: {}, n8n: {}}
"""


def repository(folder: Path, shape: str, count: int) -> None:
    """Make a folder with a repository of `count` approved skills, in one commit and one pack, as a clone has it."""
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(folder)], check=True)
    for key, value in (("user.name", "Bench"), ("user.email", "bench@example.test")):
        subprocess.run(["git", "config", key, value], cwd=folder, check=True)
    registry = {"mcpServers": {server: {"command": "node", "args": [server]} for server in SERVERS}}
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=folder, stdin=subprocess.PIPE) as git:
        assert git.stdin is not None
        git.stdin.write(b"commit refs/heads/main\ncommitter Bench <bench@example.test> 1790000000 +0000\ndata 3\nall\n")
        for path, raw in (
            ("skillctl.yaml", _POLICY.encode()),
            (".gitignore", b".skillctl/\n"),
            (".claude/mcp-servers.json", json.dumps(registry, indent=2).encode()),
            *_skills(shape, 0, count),
        ):
            git.stdin.write(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(raw), raw))
    if git.returncode:
        raise SystemExit(f"git fast-import ended with {git.returncode}")
    subprocess.run(["git", "reset", "--quiet", "--hard"], cwd=folder, check=True)


def add(folder: Path, shape: str, first: int, count: int) -> None:
    """Write `count` skills from the number `first` on into a repository that has those before."""
    for path, raw in _skills(shape, first, count):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(raw)


def _skills(shape: str, first: int, count: int) -> Iterator[tuple[str, bytes]]:
    gate = policy.effective(policy.read(_POLICY.encode())[0] or policy.Policy(), "any", [], Status.APPROVED)
    names = list(islice(words.names(), first + count))
    for number in range(first, first + count):
        random = Random(f"{shape} {number}")
        # Requirements lead back to smaller numbers only, so they never go round.
        others = random.sample(names[:number], min(number, random.choice((0, 0, 1, 2))))
        yield from _skill(names[number], SHAPES[shape](Drawn(names[number], number, others, random)), gate.digest)


def _skill(name: str, files: Files, policy_digest: str) -> Iterator[tuple[str, bytes]]:
    for path, raw in files.skill.items():
        yield f"skills/{name}/{path}", raw
    yield f"evals/{name}/suite.yaml", files.suite
    yield approval.path_of(name, "1.0.0"), _approval(name, files, policy_digest).text().encode()
    yield serving.path_of(name), serving.write(Serving(serving="1.0.0"))


def _approval(name: str, files: Files, policy_digest: str) -> approval.Statement:
    folder = f"skills/{name}"
    entries = [TreeFile(f"{folder}/{path}", "100644", _blob(raw)) for path, raw in files.skill.items()]
    content = digest.measure_skill(folder, entries, {f"{folder}/{path}": raw for path, raw in files.skill.items()})
    suite_path = f"evals/{name}/suite.yaml"
    measured = digest.measure_suite(
        f"evals/{name}", [TreeFile(suite_path, "100644", _blob(files.suite))], {suite_path: files.suite}
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
        cases=[CaseResult(id=case, outcome=Outcome.PASSED, seconds=0.1) for case in files.cases],
        started_at="2026-11-22T00:00:00Z",
        finished_at="2026-11-22T00:00:01Z",
        tool="bench",
        commit=None,
        dirty=False,
    )
    return approval.state(content, evidence, ["Bench <bench@example.test>"])


def _blob(raw: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("count", type=int)
    parser.add_argument("--first", type=int)
    options = parser.parse_args()
    if options.first is None:
        repository(options.folder, options.shape, options.count)
    else:
        add(options.folder, options.shape, options.first, options.count)


if __name__ == "__main__":
    _main()
