"""Ranges of versions as npm writes them: `^1.2`, `~1.2.3`, `>=1.0 <2`, `1.x`, `1.2 - 1.4`, `^1 || ^2`, `*`."""

import operator
import re
from collections.abc import Callable, Iterator

from semver import Version

_NUMBER = r"(?:0|[1-9]\d*)"
_PARTIAL = (
    rf"v?({_NUMBER}|[xX*])(?:\.({_NUMBER}|[xX*])(?:\.({_NUMBER}|[xX*])(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?)?)?"
)
_COMPARATOR = re.compile(rf"(\^|~|>=|<=|>|<|=)?\s*{_PARTIAL}")
_HYPHEN = re.compile(r"(\S+)\s+-\s+(\S+)")
_TESTS: dict[str, Callable[[Version, Version], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
Bound = tuple[str, Version]
#: Alternatives, of which one must hold; of each all bounds must hold.
Range = tuple[tuple[Bound, ...], ...]


def parse(text: str) -> Range | None:
    """The range, or None if the text is none."""
    alternatives = []
    for part in text.split("||"):
        bounds = _bounds(part.strip())
        if bounds is None:
            return None
        alternatives.append(bounds)
    return tuple(alternatives)


def holds(wanted: Range, version: str) -> bool:
    """Whether a valid version lies in the range; a pre-release only where the range names one of that version."""
    this = Version.parse(version)
    return any(
        all(_TESTS[test](this, bound) for test, bound in bounds)
        and (this.prerelease is None or any(_is_near(this, bound) for _, bound in bounds))
        for bounds in wanted
    )


def _is_near(this: Version, bound: Version) -> bool:
    return bound.prerelease is not None and this.to_tuple()[:3] == bound.to_tuple()[:3]


def _bounds(text: str) -> tuple[Bound, ...] | None:
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen is not None:
        text = f">={hyphen[1]} <={hyphen[2]}"
    found: list[Bound] = []
    at = 0
    while at < len(text):
        match = _COMPARATOR.match(text, at)
        if match is None or (match.end() < len(text) and text[match.end()] not in " ,"):
            return None
        try:
            found += _of(match[1] or "", *match.group(2, 3, 4, 5))
        except ValueError:
            return None
        at = match.end()
        while at < len(text) and text[at] in " ,":
            at += 1
    return tuple(found) if text else None


def _of(sign: str, major: str, minor: str | None, patch: str | None, prerelease: str | None) -> Iterator[Bound]:
    """The bounds of one comparator; raises ValueError where it can hold for nothing."""
    given: list[int] = []
    for part in (major, minor, patch):
        if part is None or part in "xX*":
            break
        given.append(int(part))
    if not given:
        if sign in ("<", ">"):
            raise ValueError(sign)
        return
    low = _version(given, prerelease)
    whole = len(given) == 3
    if sign == "^":
        yield ">=", low
        yield "<", _after(given, next((at for at, part in enumerate(given) if part), len(given) - 1))
    elif sign == "~":
        yield ">=", low
        yield "<", _after(given, min(1, len(given) - 1))
    elif sign in (">=", "<"):
        yield sign, low
    elif whole:
        yield sign or "=", low
    elif sign == ">":
        yield ">=", _after(given, len(given) - 1)
    else:
        if sign != "<=":
            yield ">=", low
        yield "<", _after(given, len(given) - 1)


def _after(given: list[int], at: int) -> Version:
    """The first version that differs from those given at a position."""
    return _version([*given[:at], given[at] + 1])


def _version(given: list[int], prerelease: str | None = None) -> Version:
    major, minor, patch = (*given, 0, 0)[:3]
    return Version(major, minor, patch, prerelease)
