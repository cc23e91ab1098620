"""What is nearly the same: names and descriptions that people and agents would mix up. Deterministic, near-linear.

Names and texts that differ in numbers only (`step-1`, `step-2`) are meant to be alike and are left out.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Set
from fractions import Fraction
from itertools import chain, islice
from typing import TypeVar

#: Two texts that share this much of their words are one text with a few words changed.
ALIKE = Fraction(8, 10)
#: A text is compared with so many of those that share a rare word with it; who has more has been told.
MOST_COMPARED = 20
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+")
Shape = TypeVar("Shape", bound=Hashable)


def near_names(names: Set[str]) -> dict[str, list[str]]:
    """For each name, those at edit distance 1 and those that differ in hyphens alone, sorted; numbers count as one."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        alike[_NUMBER.sub("0", name)].append(name)
    near: dict[str, set[str]] = defaultdict(set)
    buckets: dict[str, list[str]] = defaultdict(list)
    for shape in alike:
        buckets[shape.replace("-", "")].append(shape)
        for at in range(len(shape)):
            buckets[f"{shape[:at]}?{shape[at + 1 :]}"].append(shape)
            shorter = shape[:at] + shape[at + 1 :]
            if shorter in alike:
                near[shape].add(shorter)
                near[shorter].add(shape)
    for bucket in buckets.values():
        for shape in bucket if bucket[1:] else ():
            near[shape].update(bucket)
    return _spread(alike, near)


def near_texts(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """For each key, keys whose texts have a Jaccard index of words of at least `ALIKE`, sorted; numbers count as one.

    Compared are only texts that share one of their rarest words: of two sets that are alike, each holds at most a share
    of 1 - `ALIKE` that the other has not, so the rarest words of each cannot all be among those (prefix filtering).
    """
    same: dict[frozenset[str], list[str]] = defaultdict(list)
    alike: dict[frozenset[str], list[str]] = defaultdict(list)
    for key in sorted(texts):
        text = texts[key].lower()
        same[frozenset(_WORD.findall(text))].append(key)
        alike[frozenset(_WORD.findall(_NUMBER.sub("0", text)))].append(key)
    found = _spread(alike, _alike_sets(alike))
    for keys in same.values():
        for key in keys if keys[1:] else ():
            others = {*keys[: MOST_COMPARED + 1], *found.get(key, ())} - {key}
            found[key] = sorted(others)[:MOST_COMPARED]
    return found


def _alike_sets(sets: Iterable[frozenset[str]]) -> dict[frozenset[str], set[frozenset[str]]]:
    sets = sorted(sets, key=lambda words: (len(words), sorted(words)))
    often = Counter(chain.from_iterable(sets))
    rank = {word: at for at, word in enumerate(sorted(often, key=lambda word: (often[word], word)))}
    shared: dict[str, list[frozenset[str]]] = defaultdict(list)
    near: dict[frozenset[str], set[frozenset[str]]] = defaultdict(set)
    for words in sets:
        least = -(-len(words) * ALIKE.numerator // ALIKE.denominator)
        rarest = sorted(words, key=rank.__getitem__)[: len(words) - least + 1]
        # The sets come by their size, so the last ones are those that are near in it.
        compared = chain.from_iterable(reversed(shared[word][-MOST_COMPARED:]) for word in rarest if word in shared)
        for other in islice(compared, MOST_COMPARED):
            if len(other) >= least and _are_alike(words, other):
                near[words].add(other)
                near[other].add(words)
        for word in rarest:
            shared[word].append(words)
    return near


def _are_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    common = len(one & other)
    if common * ALIKE.denominator < (len(one) + len(other) - common) * ALIKE.numerator:
        return False
    return one ^ other != {"0"}


def _spread(alike: Mapping[Shape, list[str]], near: Mapping[Shape, Set[Shape]]) -> dict[str, list[str]]:
    """From shapes that are near to what has those shapes."""
    found = {}
    for shape, others in near.items():
        keys = sorted(key for other in others if other != shape for key in alike[other][:MOST_COMPARED])
        for key in alike[shape] if keys else ():
            found[key] = keys[:MOST_COMPARED]
    return found
