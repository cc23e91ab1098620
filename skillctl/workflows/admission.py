"""Admission: each commit since the last one that was admitted, judged against the one before it, as it came in."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from skillctl.domain.finding import Finding, errors_in
from skillctl.domain.gate.judged import GateReport
from skillctl.domain.production import Current
from skillctl.errors import StoreRefused, UsageError
from skillctl.workflows.court import Court
from skillctl.workflows.ports import Repository


class Admission(Struct, frozen=True):
    """What may not enter production, by skill, and the last commit up to which all was admitted."""

    judged: str
    faults: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)


def admission(court: Court, current: Current, commit: str) -> Admission:
    """Judge the first-parent commits after the one that production was last judged at; none into an empty production.

    A skill that failed is judged again with each later commit that touches it, from where it was last admitted: an
    error is mended by taking it back or by what was missing, and never by growing old.
    StoreRefused where the policy of the commit cannot be read.
    """
    since = current.judged or current.commit
    if since is None or since == commit:
        return Admission(commit)
    bench = _Bench(court, since, court.repository.days(commit))
    for one in _line(court.repository, since, commit):
        bench.take(one)
    if bench.general:
        first = bench.general[0]
        raise StoreRefused("not-admitted", first.message, hint=first.hint or "mend it on the release branch")
    return Admission(since if bench.faults else commit, bench.faults)


def _line(repository: Repository, since: str, commit: str) -> Sequence[str]:
    try:
        return repository.first_parents(since, commit)
    except UsageError:
        if not repository.is_ancestor(since, commit):
            raise
        # It is in the history, but no longer on the first-parent line: all that came since is one change.
        return [commit]


class _Bench:
    """Takes commits in their order; `faults` are those that stand after the last one taken."""

    def __init__(self, court: Court, since: str, days: Mapping[str, str]) -> None:
        self._court, self._before, self._days = court, since, days
        self._admitted: dict[str, str] = {}
        self.faults: dict[str, tuple[Finding, ...]] = {}
        self.general: list[Finding] = []

    def take(self, commit: str) -> None:
        report = self._judged(self._before, commit)
        for one in report.skills:
            base = self._admitted.get(one.name, self._before)
            findings = one.findings if base == self._before else self._of(one.name, base, commit)
            self._settle(one.name, base, commit, errors_in(findings))
        self.general = errors_in(report.findings)
        if not self.general:
            # A policy that cannot be read judges nothing: what comes after is judged by the one before.
            self._before = commit

    def _settle(self, name: str, base: str, commit: str, errors: list[Finding]) -> None:
        self._admitted.pop(name, None)
        self.faults.pop(name, None)
        if errors:
            self._admitted[name] = base
            self.faults[name] = tuple(_placed(one, commit) for one in errors)

    def _of(self, name: str, base: str, commit: str) -> Sequence[Finding]:
        """A skill's findings from another base; none where it is again as it was there."""
        return next((one.findings for one in self._judged(base, commit).skills if one.name == name), ())

    def _judged(self, base: str, commit: str) -> GateReport:
        # Loaded here: where nothing came in, nothing is judged.
        from skillctl.workflows.gate import judged

        return judged(self._court, base, commit, commit, self._days[commit])


def _placed(finding: Finding, commit: str) -> Finding:
    return replace(finding, message=f"{finding.message} (in commit {commit[:12]})")
