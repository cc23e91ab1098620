"""Settings: `skillctl.yaml` and the environment → what the wiring needs. Nothing else reads the environment."""

import os
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from skillctl.domain.naming import nearest
from skillctl.errors import UsageError

if TYPE_CHECKING:
    from skillctl.domain.environment import Environment, Mattermost
    from skillctl.domain.policy import Policy

STATE_FOLDER = ".skillctl"
_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX")
#: Whoever has one of these can reach production, or those who are told of it.
_OF_PRODUCTION = (
    "SKILLCTL_DATABASE_URL",
    "SUPABASE_URL",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_SERVICE_ROLE_KEY",
    "MATTERMOST_WEBHOOK_URL",
    "MATTERMOST_URL",
    "MATTERMOST_TOKEN",
    "MATTERMOST_COMMAND_TOKEN",
    "N8N_WEBHOOK_URL",
    "N8N_WEBHOOK_SECRET",
    "N8N_API_KEY",
)


@dataclass(frozen=True)
class Bot:
    """An account of a Mattermost server, and the channel that it posts to, by id."""

    server: str
    token: str = field(repr=False)
    channel: str


@dataclass(frozen=True)
class Target:
    """One environment with its secrets; a destination that is configured but has no address is named in `unset`."""

    name: str
    environment: "Environment"
    database_url: str | None = field(repr=False)
    supabase_url: str | None
    supabase_key: str | None = field(repr=False)
    mattermost_url: str | None = field(repr=False)
    mattermost_bot: "Bot | None"
    n8n_url: str | None = field(repr=False)
    n8n_secret: str | None = field(repr=False)
    n8n_key: str | None = field(repr=False)
    n8n_api: str | None
    unset: tuple[str, ...]


def target(root: Path, name: str, environ: Mapping[str, str] = os.environ) -> Target:
    """The environment `name` of the `skillctl.yaml` in `root`; UsageError where there is none."""
    known = policy_of(root).environments
    if name not in known:
        near = nearest(name, known)
        hint = f"did you mean `{near}`?" if near else "add it to `environments` in `skillctl.yaml`"
        raise UsageError(f"there is no environment `{name}`", hint=hint)
    environment = known[name]
    variables = [
        variable
        for wanted in (environment.mattermost, environment.n8n)
        if wanted is not None
        for variable in wanted.required
    ]
    mattermost, n8n = environment.mattermost, environment.n8n
    return Target(
        name=name,
        environment=environment,
        database_url=environ.get("SKILLCTL_DATABASE_URL") or None,
        supabase_url=environ.get("SUPABASE_URL") or None,
        supabase_key=environ.get("SUPABASE_SECRET_KEY") or environ.get("SUPABASE_SERVICE_ROLE_KEY") or None,
        mattermost_url=environ.get(mattermost.webhook) if mattermost else None,
        mattermost_bot=_bot(mattermost, environ) if mattermost else None,
        n8n_url=environ.get(n8n.webhook) if n8n else None,
        n8n_secret=environ.get(n8n.secret) if n8n else None,
        n8n_key=environ.get(n8n.api_key) or None if n8n else None,
        n8n_api=environ.get(n8n.api_url) or None if n8n else None,
        unset=tuple(variable for variable in variables if not environ.get(variable)),
    )


def _bot(mattermost: "Mattermost", environ: Mapping[str, str]) -> Bot | None:
    server, token, channel = environ.get(mattermost.url), environ.get(mattermost.token), mattermost.channel
    return Bot(server, token, channel) if server and token and channel else None


def command_token(target: Target, environ: Mapping[str, str] = os.environ) -> str:
    """What Mattermost proves itself with when it asks; UsageError where it is not set."""
    variable = (target.environment.mattermost or _plain_mattermost()).command
    found = environ.get(variable, "").strip()
    if not found:
        hint = f"set `{variable}` to the token that Mattermost shows for the slash command"
        raise UsageError(f"`{variable}` is not set, so nobody's question could be told from Mattermost's", hint=hint)
    return found


def _plain_mattermost() -> "Mattermost":
    from skillctl.domain.environment import Mattermost

    return Mattermost()


def production_variables(policy: "Policy", environ: Mapping[str, str] = os.environ) -> list[str]:
    """The variables of any production environment that are set here, by name."""
    named = {
        variable
        for environment in policy.environments.values()
        for wanted in (environment.mattermost, environment.n8n)
        if wanted is not None
        for variable in wanted.variables
    }
    return sorted(variable for variable in {*_OF_PRODUCTION, *named} if environ.get(variable))


def forget_surrounding_git(environ: MutableMapping[str, str] = os.environ) -> None:
    """Inside a hook, Git's variables name its own repository and index; ours is the folder we were given."""
    for name in _OF_A_HOOK:
        environ.pop(name, None)


def without_plugins(environ: MutableMapping[str, str] = os.environ) -> None:
    """Let no plugin of pydantic change what is checked; to look for one reads all that is installed, file by file."""
    environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"


def is_scripted(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether nobody is there to look or answer: in CI, or without a terminal."""
    return bool(environ.get("CI")) or not sys.stderr.isatty()


def in_ci(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this is CI, which believes nothing that was found before."""
    return bool(environ.get("CI"))


def debugging(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the trace of a bug is shown as well as logged."""
    return bool(environ.get("SKILLCTL_DEBUG"))


def become(environment: Mapping[str, str], environ: MutableMapping[str, str] = os.environ) -> None:
    """Have exactly this environment from now on."""
    environ.clear()
    environ.update(environment)


def variables(names: Iterable[str], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The values of those of these variables that are set to something."""
    return {name: environ[name] for name in names if environ.get(name)}


def child_environment(extra: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for a `skillctl` that the demo starts: this one's, without any production's addresses."""
    ours = ("SKILLCTL_", "SUPABASE_", "MATTERMOST_", "N8N_", "GIT_")
    return {key: value for key, value in environ.items() if not key.startswith(ours)} | dict(extra)


def release_branch(root: Path) -> str:
    """The branch that production is released from, by `skillctl.yaml`; the usual one where that cannot be read."""
    try:
        return policy_of(root).release_branch
    except UsageError:
        return "main"


def policy_of(root: Path) -> "Policy":
    """The policy of the folder `root`; UsageError where there is none, or it cannot be read."""
    from skillctl.domain import policy

    file = root / policy.FILE_NAME
    if not file.is_file():
        raise UsageError(f"there is no `{policy.FILE_NAME}` in `{root}`", hint="write one with `environments`")
    found, findings = policy.read(file.read_bytes())
    if found is None:
        first = findings[0]
        raise UsageError(f"{first.file}:{first.line}:{first.column} {first.message}", hint=first.hint)
    return found
