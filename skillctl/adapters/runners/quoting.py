"""A few words of what another program or server said, for a reason: one line, printable, without secrets."""

from collections.abc import Iterable

from skillctl.domain.checks.produced import printable
from skillctl.domain.secrets import masked

_LONGEST = 200
#: Characters that are looked at for words to show.
_LOOKED_AT = 65536
#: What is shorter is no secret, and hiding it would make gibberish of the rest.
_SHORTEST = 4


class Quoting:
    """Quotes texts without these secrets, and without what looks like one."""

    def __init__(self, secrets: Iterable[str | None]) -> None:
        found = {secret for secret in secrets if secret is not None and len(secret) >= _SHORTEST}
        # The longest first: one may be a part of another.
        self._secrets = sorted(found, key=len, reverse=True)

    def beginning(self, said: str | bytes) -> str:
        """The first words, in backticks; `an empty text` where there are none."""
        words = self._words(said, slice(_LOOKED_AT))
        return _ticked(words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…")

    def end(self, said: str | bytes) -> str:
        """The last words, in backticks; `an empty text` where there are none."""
        words = self._words(said, slice(-_LOOKED_AT, None))
        return _ticked(words if len(words) <= _LONGEST else "…" + words[1 - _LONGEST :])

    def _words(self, said: str | bytes, part: slice) -> str:
        text = said if isinstance(said, str) else said.decode("utf-8", "replace")
        # Hidden before anything is cut: half a key is known to nobody, and half a secret all the same.
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return printable(" ".join(masked(text[part]).split()))


def _ticked(words: str) -> str:
    return f"`{words}`" if words else "an empty text"
