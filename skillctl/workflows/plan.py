"""Plan: a commit, judged as it came in → what production must change to hold what it says."""

from collections.abc import Mapping

from msgspec import Struct

from skillctl.domain import release
from skillctl.domain.approval import Statement
from skillctl.domain.production import Current
from skillctl.domain.release import Entry, Plan
from skillctl.errors import StoreRefused, Unreachable
from skillctl.workflows.admission import Admission, admission
from skillctl.workflows.court import Court
from skillctl.workflows.desired import Wanted, wanted
from skillctl.workflows.ports import Repository
from skillctl.workflows.store_ports import Production


class Planned(Struct, frozen=True):
    """A plan with the judged commit it was made from."""

    plan: Plan
    wanted: Wanted
    admission: Admission

    def files(self, entry: Entry) -> list[tuple[str, str]]:
        """What is other in the files of what is served after it: `added`, `removed` or `changed`, and the path.

        Nothing where nothing was served before, or will be.
        """
        known = self.wanted.approvals.get(entry.skill, {})
        first, second = known.get(entry.was_serving or ""), known.get(entry.serving or "")
        if first is None or second is None or entry.digest == entry.was_digest:
            return []
        before, after = _listed(first), _listed(second)
        return [
            ("added" if path not in before else "removed" if path not in after else "changed", path)
            for path in sorted(before.keys() | after.keys())
            if before.get(path) != after.get(path)
        ]


def plan(court: Court, production: Production, revision: str, *, anew: bool = False) -> Planned:
    """What `sync` of this revision would do; `anew` believes nothing that production was known to hold before.

    StoreRefused where production is ahead of the commit.
    """
    repository = court.repository
    commit, current = repository.resolve(revision), production.current(anew=anew)
    _not_behind(repository, commit, current)
    admitted = admission(court, current, commit)
    judged = wanted(repository, court.signatures, commit, current, admitted.faults, court.aids)
    return Planned(release.plan(commit, judged.desired, current), judged, admitted)


def _not_behind(repository: Repository, commit: str, current: Current) -> None:
    if current.commit is not None and not repository.is_ancestor(current.commit, commit):
        if repository.is_shallow():
            message = f"this clone is shallow, and does not reach back to {current.commit[:12]}, which production holds"
            raise Unreachable(message, hint="run `git fetch --unshallow`")
        message = f"production holds {current.commit[:12]}, which is not in the history of {commit[:12]}"
        hint = "run `git fetch` and sync the newest commit of the release branch; production never goes back by itself"
        raise StoreRefused("production-ahead", message, hint=hint)


def _listed(statement: Statement) -> Mapping[str, tuple[str, str]]:
    return {one.name: (one.annotations.mode, one.digest.git_blob) for one in statement.subject}
