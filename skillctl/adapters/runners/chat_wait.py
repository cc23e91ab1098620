"""How long a chat endpoint wishes to be left alone."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from skillctl.adapters.clock import SystemClock


def wished(headers: Mapping[str, Any]) -> float | None:
    """`Retry-After` in seconds (RFC 9110, 10.2.3); None where there is none, or none that lies ahead."""
    text = str(headers.get("Retry-After", "")).strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        wait = float(text)
    else:
        until = _moment(text)
        # By the clock of whoever says until when, so that ours may be wrong.
        now = _moment(str(headers.get("Date", ""))) or datetime.fromtimestamp(SystemClock().unix(), UTC)
        wait = (until - now).total_seconds() if until is not None else 0.0
    return wait if wait > 0 else None


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
