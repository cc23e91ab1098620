"""What is nearly the same: names and descriptions that people and agents would mix up. Deterministic, near-linear."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from fractions import Fraction

#: Two texts that share this much of their words are one text with a few words changed.
ALIKE = Fraction(8, 10)
#: A text is compared with so many of those that share a rare word with it; who has more has been told.
MOST_COMPARED = 20
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+")


def near_names(names: Set[str]) -> dict[str, list[str]]:
    """For each name, those at edit distance 1 and those that differ in hyphens alone, sorted.

    Names that differ in a number only (`step-1`, `step-2`) are meant to be alike and are left out.
    """
    buckets: dict[str, list[str]] = defaultdict(list)
    near: dict[str, set[str]] = defaultdict(set)
    for name in sorted(names):
        buckets[name.replace("-", "")].append(name)
        for at in range(len(name)):
            buckets[f"{name[:at]}?{name[at + 1 :]}"].append(name)
            shorter = name[:at] + name[at + 1 :]
            if shorter in names:
                _pair(near, name, shorter)
    for bucket in buckets.values():
        for at, name in enumerate(bucket):
            for other in bucket[at + 1 :]:
                _pair(near, name, other)
    return {name: sorted(others) for name, others in near.items()}


def near_texts(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """For each key, the keys whose texts have a Jaccard index of words of at least `ALIKE`, sorted.

    Texts that differ in numbers only are meant to be alike and are left out, unless they are the same.
    Compared are only texts that share one of their rarest words: of two sets that are alike, each holds at most a share
    of 1 - `ALIKE` that the other has not, so the rarest words of each cannot all be among those (prefix filtering).
    """
    sets = {key: frozenset(_WORD.findall(text.lower())) for key, text in texts.items()}
    often = Counter(word for words in sets.values() for word in words)
    shared: dict[str, list[str]] = defaultdict(list)
    near: dict[str, set[str]] = defaultdict(set)
    for key in sorted(sets, key=lambda key: (len(sets[key]), key)):
        words = sets[key]
        rarest = sorted(words, key=lambda word: (often[word], word))
        rarest = rarest[: len(words) - -(-len(words) * ALIKE.numerator // ALIKE.denominator) + 1]
        for other in _compared(rarest, shared):
            if _alike(words, sets[other]):
                near[key].add(other)
                near[other].add(key)
        for word in rarest:
            shared[word].append(key)
    return {key: sorted(others) for key, others in near.items()}


def _pair(near: dict[str, set[str]], name: str, other: str) -> None:
    if _NUMBER.sub("0", name) != _NUMBER.sub("0", other):
        near[name].add(other)
        near[other].add(name)


def _compared(words: Iterable[str], shared: Mapping[str, Sequence[str]]) -> list[str]:
    found: dict[str, None] = {}
    for word in words:
        found.update(dict.fromkeys(shared.get(word, ())[:MOST_COMPARED]))
    return list(found)[:MOST_COMPARED]


def _alike(one: Set[str], other: Set[str]) -> bool:
    common = len(one & other)
    if common * ALIKE.denominator < (len(one) + len(other) - common) * ALIKE.numerator:
        return False
    return one == other or any(_NUMBER.search(word) is None for word in one ^ other)
