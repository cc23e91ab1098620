"""What the doctor is wired of: facts of this machine, the repository and production, each None where there are none."""

from typing import TYPE_CHECKING

from skillctl import settings, wiring
from skillctl.domain.doctor.facts import Answer, Configured, Database, Facts, Machine, Repository, Terms
from skillctl.domain.doctor.key import kind_of
from skillctl.errors import NotExposed, NotMigrated, SkillctlError, StoreRefused, Unreachable

if TYPE_CHECKING:
    from skillctl.adapters.production_catalogue import ProductionCatalogue
    from skillctl.settings import Target


def facts_of(wired: wiring.Wiring, env: str) -> Facts:
    """All that can be seen from here; what cannot is left out, and says so."""
    machine = _machine(wired)
    if machine.git is None:
        return Facts(machine, trouble="there is no Git to look with")
    try:
        repository = _repository(wired, env)
        target = wired.target(env)
    except SkillctlError as problem:
        return Facts(machine, trouble=problem.message)
    configured = _configured(target)
    if configured.transport is None:
        return Facts(machine, repository, configured=configured)
    if configured.transport == "postgres":
        return _by_login(Facts(machine, repository, configured=configured), target)
    return _by_key(Facts(machine, repository, configured=configured), target)


def _machine(wired: wiring.Wiring) -> Machine:
    from skillctl.adapters import machine

    path = settings.variables(["PATH"]).get("PATH", "")
    return machine.look(path, wired.scripts().weakness)


def _repository(wired: wiring.Wiring, env: str) -> Repository:
    from skillctl.adapters import release_branch

    try:
        branch = wired.target(env).environment.release_branch
    except SkillctlError:
        branch = settings.release_branch(wired.root())
    return release_branch.look(wired.repository(), branch)


def _configured(target: "Target") -> Configured:
    if target.environment.store != "supabase":
        return Configured(None)
    if target.database_url:
        return Configured("postgres", unset=target.unset)
    if target.supabase_url and target.supabase_key:
        from skillctl.adapters.clock import SystemClock

        return Configured("https", kind_of(target.supabase_key, SystemClock().unix()), target.unset)
    return Configured(None, unset=target.unset)


def _by_login(facts: Facts, target: "Target") -> Facts:
    from skillctl.adapters import role_settings
    from skillctl.wiring import migrating

    url = target.database_url or ""
    try:
        state = migrating.state(target)
        timeouts, skew = role_settings.look(url)
    except SkillctlError as problem:
        return _with(facts, answer=_refused(problem))
    database = Database(state.version, state.pending, state.unknown, state.exposed, timeouts)
    with wiring.production(target) as production:
        answer, terms = _asked(production)
    return _with(facts, answer=answer, database=database, terms=terms, skew=skew)


def _by_key(facts: Facts, target: "Target") -> Facts:
    from skillctl.adapters.production_catalogue import ProductionCatalogue
    from skillctl.adapters.supabase_transport import SupabaseTransport

    with SupabaseTransport(target.supabase_url or "", target.supabase_key or "") as transport:
        answer, terms = _asked(ProductionCatalogue(transport))
        return _with(facts, answer=answer, terms=terms, skew=transport.skew)


def _asked(production: "ProductionCatalogue") -> tuple[Answer, Terms | None]:
    """Whether it answers; what is asked for belongs to its newest functions."""
    from skillctl.workflows.index_offers import terms_of

    try:
        production.backlog()
        return Answer("ok"), terms_of(production)
    except SkillctlError as problem:
        return _refused(problem), None


def _refused(problem: SkillctlError) -> Answer:
    kinds: list[tuple[type[SkillctlError], str]] = [
        (NotExposed, "not-exposed"),
        (NotMigrated, "not-migrated"),
        (Unreachable, "unreachable"),
        (StoreRefused, "refused"),
    ]
    word = next((word for kind, word in kinds if isinstance(problem, kind)), "refused")
    return Answer(word, problem.message, problem.hint or "look at the database's own log")


def _with(
    facts: Facts,
    *,
    answer: Answer,
    database: Database | None = None,
    terms: Terms | None = None,
    skew: float | None = None,
) -> Facts:
    return Facts(facts.machine, facts.repository, facts.trouble, facts.configured, answer, database, terms, skew)
