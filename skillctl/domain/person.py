"""People of the policy: who may own, record or approve, and the keys they sign with."""

from typing import Annotated

from pydantic import Field

from skillctl.domain.schema import Model, NonEmpty


class RetiredKey(Model):
    """An SSH public key that signs no more from a day on, `YYYY-MM-DD`; what it signed before stays signed."""

    key: NonEmpty
    retired: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Person(Model):
    """Somebody who may own or approve; `keys` are SSH public keys. A bot may record, but never approve."""

    emails: list[NonEmpty] = []
    github: NonEmpty | None = None
    mattermost: NonEmpty | None = None
    keys: list[NonEmpty | RetiredKey] = []
    bot: bool = False

    def keys_on(self, day: str | None) -> list[str]:
        """The public keys that sign for this person on a day, `YYYY-MM-DD`; None leaves out all that are retired."""
        return [
            one if isinstance(one, str) else one.key
            for one in self.keys
            if isinstance(one, str) or (day is not None and day < one.retired)
        ]

    def retired_on(self, day: str) -> list[tuple[str, str]]:
        """The public keys that sign no more for this person on a day, each with the day from which on."""
        return [(one.key, one.retired) for one in self.keys if isinstance(one, RetiredKey) and day >= one.retired]

    @property
    def approves(self) -> bool:
        """Whether this person could approve at all."""
        return not self.bot and bool(self.keys_on(None))
