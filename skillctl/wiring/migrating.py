"""The migrations of this tool and the database of an environment."""

from pathlib import Path

from skillctl.adapters import migrations
from skillctl.domain.migrated import State
from skillctl.errors import UsageError
from skillctl.settings import Target
from skillctl.wiring import material


def state(target: Target) -> State:
    """How the database of an environment stands to the migrations of this tool."""
    return migrations.state(_owner_url(target), _migrations())


def push(target: Target) -> list[str]:
    """Apply what is pending; the names of what was applied."""
    return migrations.push(_owner_url(target), _migrations())


def _owner_url(target: Target) -> str:
    if not target.database_url:
        hint = "set it to the connection string of the owner; or run `supabase db push`"
        message = "migrations need an owner's login, which no API key is: `SKILLCTL_DATABASE_URL` is not set"
        raise UsageError(message, hint=hint)
    return target.database_url


def _migrations() -> Path:
    return material() / "supabase" / "migrations"
