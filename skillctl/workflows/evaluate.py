"""Evaluate: skill + suite → evidence, bound to the exact bytes it measured."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from skillctl.domain import policy
from skillctl.domain.checks import BrokenCheck, Check, Produced
from skillctl.domain.checks.produced import printable
from skillctl.domain.digest import Content
from skillctl.domain.evidence import CaseResult, Evidence, EvidenceClass, Outcome, pass_rate_of, verdict_of
from skillctl.domain.finding import errors_in
from skillctl.domain.lifecycle import Status
from skillctl.domain.suite import Case
from skillctl.errors import UsageError
from skillctl.workflows.measure import skill_content, suite_content
from skillctl.workflows.ports import Clock, EvidenceStore, Repository, Scripts
from skillctl.workflows.read import Contents, read

WORKERS = 4
_NO_TRIGGERS = "this version of `skillctl` does not measure `trigger` cases"


class Bench(Scripts, Protocol):
    """Runs scripts, and judges what they produced in bounded time."""

    def failure(self, check: Check, produced: Produced) -> str | None:
        """Why the check does not hold, or None; BrokenCheck if that cannot be said."""
        ...


@dataclass(frozen=True)
class Evaluation:
    """The evidence, and where it lies."""

    evidence: Evidence
    kept_at: str


def evaluate(
    repository: Repository,
    scripts: Bench,
    store: EvidenceStore,
    clock: Clock,
    name: str,
    *,
    tool: str,
    told: Callable[[CaseResult], None] = lambda _case: None,
) -> Evaluation:
    """Run every case of a skill's suite on what committing its folder now would give; `told` hears each case.

    The skill and its suite must be readable: UsageError otherwise.
    """
    tree = repository.pending("skills", "evals", "approvals", "skillctl.yaml")
    contents = read(tree)
    _ready(contents, name)
    definition, suite = contents.skills[name].definition, contents.suites[name].suite
    content, measured_suite = skill_content(tree, name), suite_content(tree, name)
    gate = policy.effective(contents.policy, name, definition.tags, Status.APPROVED)
    head = repository.head()
    dirty = content.digest != _committed_digest(repository, head, name)
    files = _scratch_files(content, repository)
    started = clock.now()
    cases = _run(suite.cases, scripts, clock, files, told)
    evidence = Evidence(
        skill=name,
        version=definition.version,
        skill_digest=content.digest,
        suite_digest=measured_suite.digest,
        policy_digest=gate.digest,
        runner=scripts.runner,
        evidence_class=EvidenceClass.DETERMINISTIC,
        verdict=verdict_of(cases, gate.pass_rate),
        pass_rate=pass_rate_of(cases),
        cases=cases,
        started_at=started,
        finished_at=clock.now(),
        tool=tool,
        commit=head,
        dirty=dirty,
    )
    return Evaluation(evidence, store.add(evidence))


def _ready(contents: Contents, name: str) -> None:
    contents.known(name)
    if name in contents.skills and name in contents.suites:
        return
    errors = errors_in(finding for finding in contents.findings if finding.skill == name)
    first = errors[0] if errors else None
    where = f": {first.file}:{first.line}:{first.column} {first.message}" if first else ""
    missing = "" if name in contents.suites or first else f": there is no `evals/{name}/suite.yaml`"
    hint = f"run `skillctl validate {name}`"
    raise UsageError(f"`{name}` cannot be evaluated{where}{missing}", hint=hint)


def _committed_digest(repository: Repository, head: str, name: str) -> str | None:
    try:
        return skill_content(repository.tree(head), name).digest
    except UsageError:
        return None


def _scratch_files(content: Content, repository: Repository) -> dict[str, tuple[str, bytes]]:
    blobs = repository.blobs(file.blob for file in content.files)
    return {file.path: (file.mode, blobs[file.blob]) for file in content.files}


def _run(
    cases: Iterable[Case],
    scripts: Bench,
    clock: Clock,
    files: dict[str, tuple[str, bytes]],
    told: Callable[[CaseResult], None],
) -> list[CaseResult]:
    def one(case: Case) -> CaseResult:
        begun = clock.seconds()
        produced = scripts.run(files, case.run) if case.run is not None else _NO_TRIGGERS
        seconds = round(clock.seconds() - begun, 3)
        outcome, reasons = judge(case.expect, produced, scripts.failure)
        return CaseResult(id=case.id, outcome=outcome, seconds=seconds, reasons=reasons)

    results = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for result in pool.map(one, cases):
            told(result)
            results.append(result)
    return results


def judge(
    checks: Iterable[Check], produced: Produced | str, failure_of: Callable[[Check, Produced], str | None]
) -> tuple[Outcome, list[str]]:
    """The outcome of a case and every reason against it; text instead of a product says why there is none."""
    if isinstance(produced, str):
        return Outcome.ERRORED, [printable(produced)]
    reasons, outcome = [], Outcome.PASSED
    for check in checks:
        try:
            failure = failure_of(check, produced)
        except BrokenCheck as problem:
            outcome = Outcome.ERRORED
            reasons.append(str(problem))
            continue
        if failure is not None:
            reasons.append(failure)
            outcome = Outcome.FAILED if outcome is Outcome.PASSED else outcome
    return outcome, [printable(reason) for reason in reasons]
