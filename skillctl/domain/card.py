"""A card: what the catalogue keeps of one skill, so that skills can be compared without being read again."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.lifecycle import Status


class Card(Struct, frozen=True):
    """What the rules across the catalogue ask of one skill; `name` is its folder's, `approved` are its versions with
    an approval, `places` are those of its values by key (`name`, `requires.taxes`).

    One that is not whole has problems of its own; others cannot rely on what it says.
    """

    name: str
    version: str
    status: Status
    description: str
    requires: Mapping[str, str] = field(default_factory=dict)
    tools: Sequence[str] = ()
    approved: Sequence[str] = ()
    is_whole: bool = True
    places: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)

    def finding(
        self, code: str, message: str, key: str, hint: str | None = None, severity: Severity = Severity.ERROR
    ) -> Finding:
        """A finding at one of its values."""
        file, line, column = self.places[key]
        return Finding(code, message, file, line, column, self.name, hint, severity)
