"""Half a year of releases, as the database takes them: for charts that have something to show."""

import random
from datetime import datetime, timedelta
from typing import Any

from skillctl.adapters.postgres_transport import PostgresTransport
from tests.production.conftest import Database
from tests.production.world import Version, cases, following, upload

NAMES = (
    *("finance-ssc", "odoo-developer", "bi-architect", "devops-engineer", "kubernetes-genius", "skill-writer"),
    *("payroll-ph", "vendor-onboarding", "contract-reader", "incident-scribe", "data-steward", "sales-forecast"),
)
CLASSES = ("deterministic", "deterministic", "recorded", "recorded", "live")
ACTORS = ("Maria Cruz <maria@example.test>", "Jun Reyes <jun@example.test>", "ci <ci@example.test>")
START, WEEKS = datetime.fromisoformat("2026-05-25T09:00:00+00:00"), 26
CLOCKS = ("releases.applied_at", "skill_versions.published_at", "revocations.at")
#: What tells the time of a promotion itself, because its hash is of it.
CLOCK = "select pg_get_functiondef('mcp.chained_promotions(jsonb, mcp.step[])'::regprocedure)"


class Story:
    """Writes releases; the same ones every time."""

    def __init__(self, database: Database, transport: PostgresTransport) -> None:
        self.database, self.transport, self.chance = database, transport, random.Random(11)
        self.held: dict[str, list[Version]] = {}
        self.clock: str = database.value(CLOCK)
        assert "now()" in self.clock

    def tell(self) -> None:
        """All of it, from the first release to the last."""
        for week in range(WEEKS):
            for day in sorted(self.chance.sample(range(5), self.chance.choice((1, 1, 2)))):
                when = START + timedelta(weeks=week, days=day, minutes=self.chance.randrange(540))
                many = self.chance.choice((1, 1, 2, 3)) if week else 4
                self.release(when, [self.published(name, when) for name in self.chosen(many)])
            if week in (8, 15, 21):
                self.release(when + timedelta(hours=3), [self.retired("withdrawn" if week == 15 else "revoked")])
            if week in (11, 19):
                self.release(when + timedelta(hours=2), [self.back()], kind="rollback", reason="it was wrong")

    def chosen(self, many: int) -> list[str]:
        fresh = [name for name in NAMES if name not in self.held]
        known = [name for name, versions in self.held.items() if versions]
        pool = fresh[:many] if not known else [*fresh[:1], *known]
        return self.chance.sample(pool, min(many, len(pool)))

    def release(self, when: datetime, changes: list[dict[str, Any]], **act: str) -> None:
        """One release at that moment: the clocks of the database stand still for it, all else is as always."""
        for table, column in (clock.split(".") for clock in CLOCKS):
            self.database.run(f"alter table mcp.{table} alter {column} set default '{when.isoformat()}'")
        self.database.run(self.clock.replace("now()", f"timestamptz '{when.isoformat()}'"))
        # The act of a person is of the commit that is there.
        held: Any = self.transport.call("current_release")
        commit = held["commit"] if act else f"{self.chance.getrandbits(160):040x}"
        actor, tool = self.chance.choice(ACTORS), "skillctl 1.0.0"
        wanted = following(self.transport, changes, commit=commit, actor=actor, tool=tool, jobs=[], **act)
        self.transport.call("apply_release", release=wanted)

    def published(self, name: str, when: datetime) -> dict[str, Any]:
        """A version on evidence of its own; often the one before is deprecated with it."""
        before = self.held.setdefault(name, [])
        version = Version(name, f"1.{len(before)}.0", body=f"{name} {len(before)}")
        number = self.chance.randrange(8, 41)
        failed = self.chance.choice((0, 0, 0, 1, 2))
        finished = when - timedelta(hours=self.chance.choice((2, 3, 5, 9, 20, 44)), minutes=self.chance.randrange(60))
        version.prove(
            cases=cases(*("failed",) * failed, *("passed",) * (number - failed)), pass_rate=(number - failed) / number,
            finished_at=finished.isoformat(), **{"class": self.chance.choice(CLASSES) if not failed else "recorded"},
        )  # fmt: skip
        version.approve()
        upload(self.transport, version.blobs)
        change = version.change()
        if before and self.chance.random() < 0.6:
            sunset = (when + timedelta(days=self.chance.choice((60, 90, 180)))).date().isoformat()
            notice = {"reason": "a newer one", "replaced_by": f"{name}@{version.version}", "sunset": sunset}
            change["states"] = {before[-1].version: {"state": "deprecated", "notice": notice}}
            change["promotions"].append(before[-1].moved("approved", "deprecated"))
        before.append(version)
        return change

    def retired(self, state: str) -> dict[str, Any]:
        """The newest version of a skill is taken away, and the skill with it."""
        name = next(name for name, versions in reversed(self.held.items()) if versions)
        last, self.held[name] = self.held[name][-1], []
        return last.change(
            action={"withdrawn": "withdraw", "revoked": "revoke"}[state], serving=None, publish=[],
            states={last.version: {"state": state, "notice": {"reason": "it told too much"}}},
            promotions=[last.moved("approved", state)],
        )  # fmt: skip

    def back(self) -> dict[str, Any]:
        """A rollback: the version before is served again."""
        served = max(self.held.values(), key=len)[-2]
        return served.change(action="rollback", publish=[], promotions=[])


def tell(database: Database) -> None:
    """Fills a migrated database."""
    with PostgresTransport(database.owner_url) as transport:
        Story(database, transport).tell()
        verified: Any = transport.call("verify_ledger")
    assert verified["ok"] is True
