"""The clock of this machine."""

import time
from datetime import UTC, datetime


class SystemClock:
    """UTC by the wall, seconds by the monotonic counter."""

    def now(self) -> str:
        """The present moment, as `2026-11-22T11:07:03Z`."""
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def unix(self) -> int:
        """Whole seconds since 1970."""
        return int(time.time())

    def seconds(self) -> float:
        """A monotonic count of seconds."""
        return time.monotonic()
