"""Semantic versions (semver.org 2.0.0) as texts that order themselves."""

from collections.abc import Iterable
from functools import lru_cache

from semver import Version


@lru_cache(maxsize=4096)
def parse(text: str) -> Version | None:
    """The version in `text`, or None if it is not a semantic version."""
    try:
        return Version.parse(text)
    except (ValueError, TypeError):
        return None


def greatest(versions: Iterable[str]) -> str | None:
    """The greatest of some valid versions, or None of none."""
    return max(versions, key=Version.parse, default=None)


def ordered(versions: Iterable[str]) -> list[str]:
    """Valid versions from the smallest to the greatest."""
    found = list(versions)
    return sorted(found, key=Version.parse) if len(found) > 1 else found


def is_after(one: str, other: str) -> bool:
    """Whether one valid version is greater than another."""
    return Version.parse(one) > Version.parse(other)


def bumped(text: str, part: str) -> str:
    """The next version: `part` is `major`, `minor` or `patch`."""
    return str(Version.parse(text).next_version(part))
