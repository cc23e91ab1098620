"""A position: where one skill stands, as the board shows it; kept, so that no file is read again for it."""

from collections.abc import Sequence

from msgspec import Struct

from skillctl.domain.lifecycle import Status


class Position(Struct, frozen=True):
    """Where the files of one skill say that it stands; `approved` are its versions with an approval.

    What it says of itself cannot be relied on where it is not whole.
    """

    version: str
    status: Status
    serving: str | None
    approved: Sequence[str] = ()
    tags: Sequence[str] = ()
    cases: int = 0
    is_whole: bool = True
