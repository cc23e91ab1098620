"""What a failed PostgreSQL connection or statement means to a person, with no secret in it."""

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from skillctl.errors import NotMigrated, SkillctlError, StoreRefused, Unreachable, UsageError

if TYPE_CHECKING:
    import psycopg

MIGRATE = "run `skillctl db push`"
_CHECK_URL = "check that `SKILLCTL_DATABASE_URL` names a running server, its database and a login that may enter it"
_UNDEFINED = frozenset({"42883", "3F000", "42P01"})
#: JSON that PostgreSQL cannot keep as `jsonb`, such as U+0000 in a text.
UNTRANSLATABLE = "22P05"


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


def connection_failed(error: "psycopg.Error", url: str) -> Unreachable:
    """The database could not be reached, or the connection was lost."""
    reason = " ".join(redacted(str(error), url).split())
    return Unreachable(f"no answer from {place(url)}: {reason}", hint=_CHECK_URL)


def unkeepable(what: str, message: str) -> StoreRefused:
    """The refusal of text that no database of PostgreSQL can keep; `what` was asked to."""
    said = f"`{what}` was given text that PostgreSQL cannot keep: {message}"
    return StoreRefused("invalid-release", said, hint="take the character U+0000 out of the text")


def statement_failed(error: "psycopg.Error", url: str, what: str) -> SkillctlError:
    """The database answered `what` (such as `mcp.apply_release`) with an error; says which of ours it is."""
    state, diag = error.sqlstate or "", error.diag
    message = redacted(diag.message_primary or str(error), url)
    if re.fullmatch(r"PT4\d\d", state):
        return StoreRefused(diag.message_detail or "refused", message, hint=diag.message_hint)
    if state == UNTRANSLATABLE:
        return unkeepable(what, message)
    if state in _UNDEFINED:
        return NotMigrated(f"{place(url)} does not know `{what}`: {message}", hint=MIGRATE)
    if state == "42501":
        return UsageError(
            f"this login may not run `{what}` in {place(url)}: {message}",
            hint="use a login that may act as `service_role`",
        )
    if not state or state.startswith(("08", "57P", "53")):
        return connection_failed(error, url)
    if state in {"57014", "55P03"}:
        return Unreachable(f"`{what}` took too long in {place(url)}: {message}", hint="run the command again")
    return Unreachable(f"`{what}` failed in {place(url)}: {message} ({state})", hint=diag.message_hint)
