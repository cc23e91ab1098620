"""How a database stands to the migrations of this tool."""

from collections.abc import Sequence

from msgspec import Struct


class State(Struct, frozen=True):
    """What a database has of the migrations, by name; `unknown` are versions that this tool does not know.

    `version` is that of its server, `exposed` the schemas that its Data API shows, where the database itself says so.
    """

    version: str
    applied: Sequence[str]
    pending: Sequence[str]
    unknown: Sequence[str]
    exposed: Sequence[str] | None
