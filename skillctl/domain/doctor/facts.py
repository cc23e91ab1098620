"""What the doctor knows of this machine, the repository and production; None where it could not be seen."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field


class Machine(Struct, frozen=True):
    """The programs of this machine: versions as they say them, paths of each `skillctl` in the order of `PATH`.

    `own` is the folder that the running one was installed into; `weakness` is why scripts run without walls.
    """

    git: str | None
    ssh_keygen: str | None
    skillctls: Sequence[str] = ()
    own: str = ""
    weakness: str | None = None


class Repository(Struct, frozen=True):
    """The repository as it lies here; `tips` are the branches of the release branch's name by remote (here: ``).

    `ahead` and `behind` count commits of the one here against the one of the first remote, as it was last fetched.
    """

    release_branch: str
    remotes: Sequence[str] = ()
    tips: Mapping[str, str] = field(default_factory=dict)
    branch: str | None = None
    ahead: int = 0
    behind: int = 0


class Configured(Struct, frozen=True):
    """What the environment says of production: over which transport, with what kind of key, and what is not set.

    `key` is `secret`, `publishable`, `anon`, `service_role` (both of the older kind), `expired` or `unknown`.
    """

    transport: str | None
    key: str | None = None
    unset: Sequence[str] = ()


class Answer(Struct, frozen=True):
    """What production answered when it was asked: `ok`, or why not, in a word and in a sentence with its hint.

    The word is `unreachable`, `refused`, `not-exposed` or `not-migrated`.
    """

    word: str
    said: str = ""
    hint: str = ""


class Database(Struct, frozen=True):
    """What only a login to the database sees: migrations by name, settings of roles, the server's version."""

    version: str
    pending: Sequence[str] = ()
    unknown: Sequence[str] = ()
    exposed: Sequence[str] | None = None
    timeouts: Mapping[str, str] = field(default_factory=dict)


class Terms(Struct, frozen=True):
    """Of the skills that are offered: how many there are, which have no terms, and which have those of other cards."""

    offered: int
    missing: Sequence[str] = ()
    strange: Sequence[str] = ()


class Facts(Struct, frozen=True):
    """All of it; `skew` is how many seconds the clock of production is ahead of this machine's."""

    machine: Machine
    repository: Repository | None = None
    trouble: str | None = None
    configured: Configured | None = None
    answer: Answer | None = None
    database: Database | None = None
    terms: Terms | None = None
    skew: float | None = None
