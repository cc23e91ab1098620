"""Production has the migrations of this `skillctl`, and no others."""

from skillctl.domain.doctor.diagnosis import Check, Diagnosis, failed, ok, skipped
from skillctl.domain.doctor.facts import Facts


def _look(facts: Facts) -> Diagnosis:
    database, answer = facts.database, facts.answer
    if database is not None and database.unknown:
        said = f"it holds migrations that this `skillctl` does not know: {', '.join(database.unknown)}"
        return failed(said, "update `skillctl` to the version that applied them")
    if database is not None and database.pending:
        count = len(database.pending)
        return failed(f"{count} migrations are pending, from `{database.pending[0]}` on", "run `skillctl db push`")
    if answer is not None and answer.word == "not-migrated":
        return failed(answer.said, "run `skillctl db push` or `supabase db push`")
    if database is not None:
        return ok("all migrations are applied")
    if answer is not None and answer.word == "ok":
        return ok("it knows every function that was asked for; which migrations it has, only a login sees")
    return skipped("nothing is known of its migrations")


CHECK = Check("migrated", _look)
