"""The ledger of production: what verifying it gave, and what is wrong with it."""

import re
from collections.abc import Iterator

from msgspec import Struct

from skillctl.domain.finding import Finding

#: Digits of a head that people are shown and may ask with: too many to find another ledger for.
SHOWN = 20
_HEAD = re.compile(rf"[0-9a-f]{{{SHOWN},64}}")


class Fault(Struct, frozen=True):
    """The first row that is not what was written; `seq` counts the rows of its table, None where it has no number."""

    table: str
    seq: int | None
    what: str


class Kept(Struct, frozen=True):
    """A head that was kept elsewhere: whether the ledger still holds it, at which release, and how many came later.

    `release` is None for what is not held, and for the head of a ledger that nothing was written to.
    """

    head: str
    is_held: bool
    release: str | None
    later: int


class Ledger(Struct, frozen=True):
    """The verified ledger: its head, the rows that were looked at, the first bad one, and the head asked for."""

    head: str
    promotions: int
    releases: int
    first_bad: Fault | None
    kept: Kept | None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with it; a place in it is a table with the number of the row as the line."""
        return tuple(self._findings())

    def _findings(self) -> Iterator[Finding]:
        hint = "keep the database as it is, and compare it with its backup and with the notices of its releases"
        if self.first_bad is not None:
            bad = self.first_bad
            row = f"row {bad.seq} of `mcp.{bad.table}`" if bad.seq is not None else f"`mcp.{bad.table}`"
            yield Finding("SK420", f"{row} {bad.what}", f"mcp.{bad.table}", bad.seq or 1, hint=hint)
        if self.kept is not None and not self.kept.is_held:
            message = f"the ledger holds no head {shown(self.kept.head)}: it was written anew since that was kept"
            yield Finding("SK421", message, "mcp.releases", hint=hint)


def is_head(text: str) -> bool:
    """Whether this is a head, or enough of its first digits."""
    return _HEAD.fullmatch(text) is not None


def shown(head: str) -> str:
    """A head as people are shown it."""
    return head[:SHOWN]
