"""What is nearly the same: names and descriptions that people and agents would mix up. Exact, and near-linear.

Names and texts that differ in numbers only (`step-1`, `step-2`) are meant to be alike and are left out.

Two that are the same but for one part (exchanged, added or left out) give the same sum of hashes when each leaves out
at most one of its parts. So all these sums are noted, those that meet are compared, and nobody else is.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Set
from itertools import islice
from typing import TypeVar

#: So many are told of; whoever has more sees the rest when these are gone.
MOST = 20
#: Of those that meet, so many are compared: thousands that only seem alike are somebody's joke.
_COMPARED = 200
_NUMBER = re.compile(r"\d+")
Shape = TypeVar("Shape", bound=Hashable)


def near_names(names: Set[str]) -> dict[str, list[str]]:
    """For each name, those at edit distance 1 and those that differ in hyphens alone, sorted; numbers count as one."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        alike[_NUMBER.sub("0", name)].append(name)
    bare: dict[str, list[str]] = defaultdict(list)
    for shape in alike:
        bare[shape.replace("-", "")].append(shape)
    near = _one_apart({shape: shape for shape in alike}, _is_one_edit)
    for shapes in bare.values():
        for shape in shapes if shapes[1:] else ():
            near.setdefault(shape, set()).update(shapes)
    return _spread(alike, near)


def near_texts(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """For each key, keys whose texts have the same words but for one, sorted; numbers count as one word."""
    same: dict[str, list[str]] = defaultdict(list)
    alike: dict[frozenset[str], list[str]] = defaultdict(list)
    for key in sorted(texts):
        text = texts[key].casefold()
        same[text].append(key)
        alike[frozenset(_NUMBER.sub("0", text).split())].append(key)
    found = _spread(alike, _one_apart({words: words for words in alike}, _is_one_word))
    for keys in same.values():
        for key in keys if keys[1:] else ():
            found[key] = sorted({*islice(keys, MOST + 1), *found.get(key, ())} - {key})[:MOST]
    return found


def _one_apart(
    parts: Mapping[Shape, Collection[str]], is_near: Callable[[Shape, Shape], bool]
) -> dict[Shape, set[Shape]]:
    """Those shapes that are near, among those whose parts are the same but for one."""
    # Most sums are met by one shape alone: a list for each of them would cost more than all the rest.
    first: dict[int, Shape] = {}
    meeting: dict[int, list[Shape]] = {}
    for shape, own in parts.items():
        hashes = [hash(part) for part in own]
        total = sum(hashes)
        for part_sum in {total, *[total - one for one in hashes]}:
            other = first.setdefault(part_sum, shape)
            if other is not shape:
                meeting.setdefault(part_sum, [other]).append(shape)
    near: dict[Shape, set[Shape]] = {}
    for shapes in meeting.values():
        for shape in shapes:
            compared = (other for other in islice(shapes, _COMPARED) if other != shape and is_near(shape, other))
            near.setdefault(shape, set()).update(islice(compared, MOST))
    return near


def _is_one_edit(one: str, other: str) -> bool:
    """Whether one letter is exchanged, added or left out."""
    if len(one) > len(other):
        one, other = other, one
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    return one[same + (len(one) == len(other)) :] == other[same + 1 :]


def _is_one_word(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether one word is exchanged, added or left out; a text that gained nothing but a number is meant to be so."""
    return len(one - other) <= 1 and len(other - one) <= 1 and one ^ other != {"0"}


def _spread(alike: Mapping[Shape, list[str]], near: Mapping[Shape, Iterable[Shape]]) -> dict[str, list[str]]:
    """From shapes that are near to what has those shapes."""
    found = {}
    for shape, others in near.items():
        keys = sorted(key for other in others if other != shape for key in alike[other][:MOST])
        for key in alike[shape] if keys else ():
            found[key] = keys[:MOST]
    return found
