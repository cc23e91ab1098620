"""What the answers mean that are not of the database: of the Data API itself, or of a gateway or proxy before it."""

import re
from typing import TYPE_CHECKING

from skillctl.adapters import repeating

if TYPE_CHECKING:
    import httpx

#: The function is not known to the Data API, or not yet.
_UNKNOWN = "PGRST202"
#: It has no connection to the database, no picture of its schema, or no connection free: nothing was run.
_NOT_RUN = re.compile(r"PGRST00\d|53[0-9A-Z]{3}")
_MAY_BE_BACK = frozenset({500, 502, 503, 504, 520, 521, 522, 523, 524})
_DOWN = "run the command again in a moment; if it stays, look at the project's own status, and at any proxy before it"


def is_json(answer: "httpx.Response") -> bool:
    """Whether an answer can be one of a Data API at all; a page of a proxy cannot."""
    return answer.status_code == 204 or "json" in answer.headers.get("content-type", "")


def is_of_the_database(code: str) -> bool:
    """Whether the code of an error is a SQLSTATE, or speaks of a function of ours."""
    return code == _UNKNOWN or re.fullmatch(r"[0-9A-Z]{5}", code) is not None


def may_pass(answer: "httpx.Response", code: str, is_repeatable: bool) -> bool | float:
    """Whether asking again is of use and does nothing twice, or after how many seconds."""
    if code == _UNKNOWN:
        return True
    is_down = answer.status_code == 503 or (answer.status_code in _MAY_BE_BACK and not is_json(answer))
    if answer.status_code == 429 or _NOT_RUN.fullmatch(code) or (is_down and is_repeatable):
        return repeating.pause(answer.headers.get("retry-after"))
    return False


def explained(answer: "httpx.Response", code: str, message: str) -> tuple[str, str]:
    """The reason and the hint for an error that no database said."""
    status, said = answer.status_code, f"{message} ({code or answer.status_code})"
    if not is_json(answer):
        said = f"it answered {status} with a page that no Data API writes"
    if status == 404:
        return said, "check `SUPABASE_URL`: it is the address of the project, without a path"
    if status == 413:
        return f"a request was too large for it: {said}", (
            "raise the limit of the gateway or proxy before it, or sync over `SKILLCTL_DATABASE_URL`"
        )
    if status == 429:
        wait = answer.headers.get("retry-after", "").strip()
        asked = f"in {wait[:9]} s" if wait.isdigit() else "later"
        return f"it asks for fewer calls: {said}", f"run the command again {asked}"
    if status in _MAY_BE_BACK:
        return said, _DOWN
    return said, "check `SUPABASE_URL` and the network, and run the command again"
