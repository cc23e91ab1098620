"""What a failed PostgreSQL connection or statement means to a person, with no secret in it."""

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from skillctl.errors import NotMigrated, SkillctlError, StoreRefused, Unreachable, UsageError

if TYPE_CHECKING:
    import psycopg

MIGRATE = "run `skillctl db push`"
_CHECK_URL = "check that `SKILLCTL_DATABASE_URL` names a running server, its database and a login that may enter it"
_TOO_MANY = "too many are connected: end some of them, or name a pooler's address, and run the command again"
_AGAIN = "run the command again in a moment"
_BUSY = "see what holds it with `select * from pg_stat_activity`, and run the command again"
_UNFIT = "use a skillctl that fits this database: run `skillctl db push`, or update it"
_UNDEFINED = frozenset({"42883", "3F000", "42P01", "PGRST202"})
#: JSON that PostgreSQL cannot keep as `jsonb`, such as U+0000 in a text.
_UNTRANSLATABLE = "22P05"
_TOOK_TOO_LONG = frozenset({"57014", "55P03"})
#: Taken back in favour of another transaction, so that nothing of it was done.
TAKEN_BACK = frozenset({"40001", "40P01"})
#: The words of a server, a pooler or the system for a connection that may well be made a moment later.
_PASSING = re.compile(
    r"connection refused|too many (clients|connections)|remaining connection slots|max ?clients|starting up"
    r"|shutting down|not (yet )?accepting connections|in recovery mode|closed the connection|connection reset"
    r"|broken pipe|could not receive|could not send|terminating connection|timed? ?out acquiring",
    re.IGNORECASE,
)
_DENIED = re.compile(r"authentication failed|no password supplied|no pg_hba\.conf entry", re.IGNORECASE)
_MANY = re.compile(r"too many (clients|connections)|remaining connection slots|max ?clients", re.IGNORECASE)


class Said(Struct, frozen=True):
    """An error as the database words it; `state` is its SQLSTATE, or the name of a failure of the Data API."""

    state: str
    message: str
    detail: str | None = None
    hint: str | None = None


def redacted(text: str, url: str) -> str:
    """`text` without the password of the connection string `url`, however it is spelled."""
    for secret in sorted(_passwords(url), key=len, reverse=True):
        text = text.replace(secret, "***")
    text = re.sub(r"(?i)(password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s'&]+)", r"\1***", text)
    return re.sub(r"(://[^/\s:@]*:)[^/\s@]+@", r"\1***@", text)


def _passwords(url: str) -> set[str]:
    found = re.findall(r"(?i)password\s*=\s*'?([^'&\s]+)", url)
    try:
        if password := urlsplit(url).password:
            found.append(password)
    except ValueError:
        pass
    return {form for secret in found for form in (secret, unquote(secret)) if form}


def place(url: str) -> str:
    """Where a connection string leads, as `host:port/database`, for messages; never who or with what."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the database"
    return f"{parts.hostname}{port}{parts.path}" if parts.hostname else "the database"


def may_connect_later(error: "psycopg.Error") -> bool:
    """Whether a connection that could not be made is worth another attempt; a wrong password is not."""
    return _PASSING.search(str(error)) is not None


def connection_failed(error: "psycopg.Error", url: str) -> SkillctlError:
    """The database could not be reached, did not let us in, or the connection was lost."""
    reason = " ".join(redacted(str(error), url).split())
    if _DENIED.search(reason):
        return UsageError(f"this login may not enter {place(url)}: {reason}", hint=_CHECK_URL)
    hint = _TOO_MANY if _MANY.search(reason) else _CHECK_URL
    return Unreachable(f"no answer from {place(url)}: {reason}", hint=hint)


def silent(seconds: float, where: str, what: str) -> Unreachable:
    """`what` was asked, and nobody answered in time; whether it was done is not known."""
    return Unreachable(f"no answer from {where}: `{what}` gave none within {seconds:g} s", hint=_AGAIN)


def statement_failed(error: "psycopg.Error", url: str, what: str) -> SkillctlError:
    """The database answered `what` (such as `mcp.apply_release`) with an error; says which of ours it is."""
    diag = error.diag
    said = Said(error.sqlstate or "", redacted(diag.message_primary or str(error), url))
    if not said.state:
        return connection_failed(error, url)
    said = Said(said.state, said.message, diag.message_detail, diag.message_hint)
    return explained(said, what, place(url), "use a login that may act as `service_role`")


def explained(said: Said, what: str, where: str, rights: str) -> SkillctlError:
    """Which of our errors an error of the database is, over every transport; `rights` is the hint for 42501."""
    state, message = said.state, " ".join(said.message.split())[:500]
    if re.fullmatch(r"PT4\d\d", state):
        return StoreRefused(str(said.detail or "refused"), message, hint=said.hint)
    if state == _UNTRANSLATABLE:
        given = f"`{what}` was given text that PostgreSQL cannot keep: {message}"
        return StoreRefused("invalid-release", given, hint="take the character U+0000 out of the text")
    if state in _UNDEFINED:
        return NotMigrated(f"{where} does not know `{what}`: {message}", hint=MIGRATE)
    if state == "42501":
        return UsageError(f"this login may not run `{what}` at {where}: {message}", hint=rights)
    if state in _TOOK_TOO_LONG:
        return Unreachable(f"`{what}` took too long at {where}: {message}", hint=_BUSY)
    if state.startswith("53"):
        return Unreachable(f"no answer from {where}: {message}", hint=_TOO_MANY if _MANY.search(message) else _AGAIN)
    if state.startswith(("08", "57P")) or state in TAKEN_BACK:
        return Unreachable(f"no answer from {where}: {message}", hint=_AGAIN)
    return Unreachable(f"`{what}` failed at {where}: {message} ({state})", hint=said.hint or _UNFIT)
