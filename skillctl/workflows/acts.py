"""Acts: what a person does in production at once, and the edit of Git that has to follow it."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field

from skillctl.domain import release_payload, serving
from skillctl.domain.naming import known_skill
from skillctl.domain.production import Applied, Current
from skillctl.domain.release_payload import Body, Origin
from skillctl.domain.serving import Serving
from skillctl.errors import SkillctlError, StoreRefused, UsageError
from skillctl.workflows.landing import Landed, Landing, land
from skillctl.workflows.ports import Repository
from skillctl.workflows.read import read, refuse_unreadable
from skillctl.workflows.store_ports import Production

Edit = Callable[[Serving], Serving]


class Edited(Struct, frozen=True):
    """Where the edit that must follow in Git was written, or why it could not be."""

    landed: Landed = field(default_factory=Landed)
    problem: str | None = None


def holding(production: Production) -> Current:
    """What production holds now; StoreRefused where that is nothing, for then nothing can be done to it."""
    current = production.current(anew=True)
    if current.commit is None:
        raise StoreRefused("production-empty", "production holds nothing yet", hint="run `skillctl sync --rebuild`")
    return current


def held_skill(current: Current, name: str) -> str:
    """The name itself if production knows the skill; else UsageError with the nearest ones."""
    return known_skill(name, sorted(current.skills))


def reasoned(reason: str) -> str:
    """A reason that says something; UsageError for none."""
    if not reason.strip():
        raise UsageError("the reason is empty", hint="say why, for those who read it later: `--reason TEXT`")
    return reason.strip()


def act(production: Production, body: Body, current: Current, origin: Origin) -> Applied:
    """Do it, in one transaction with its jobs."""
    return production.apply(release_payload.payload(body, current, origin))


def follow(repository: Repository, edits: Mapping[str, Edit], message: str, landing: Landing) -> Edited:
    """Write the matching edit of each skill's `serving.yaml`; what was done in production stands, even without it."""
    try:
        with repository.lock():
            contents = read(repository.tree(repository.head()))
            files: dict[str, bytes] = {}
            for name, edit in edits.items():
                if name not in contents.approvals:
                    contents.known(name)
                refuse_unreadable(contents, name)
                now = edit(contents.servings.get(name, Serving()))
                files[serving.path_of(name)] = serving.write(now)
            return Edited(land(repository, files, message, landing))
    except SkillctlError as problem:
        return Edited(problem=problem.message)


def trailers(skills: Sequence[str]) -> str:
    """The lines of a commit message that name what was acted on."""
    return "".join(f"Skill: {skill}\n" for skill in skills)
