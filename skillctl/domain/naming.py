"""Names that people type: the one that was most likely meant."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from skillctl.errors import UsageError


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant, if one is near enough."""
    matches = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def known_skill(name: str, names: Sequence[str]) -> str:
    """The name itself if it is among them; else UsageError with the nearest ones."""
    if name in names:
        return name
    near = nearest(name, names)
    some = ", ".join(f"`{other}`" for other in names[:10]) or "none"
    hint = f"did you mean `{near}`?" if near else f"known skills: {some}"
    raise UsageError(f"there is no skill `{name}`", hint=hint)
