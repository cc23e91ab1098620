"""What a change does to gates: compared by what they ask of every skill there could be, not by how they are written.

What a skill meets depends on its name and tags alone, and more tags mean more gates, which ask for more. So it is
enough to look at each gate with a skill that meets it and as few others as possible. Where a rate that no gate names
has a value of its own, which a gate can lower, two gates must be looked at together: one that named it before, and one
that names less after.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from msgspec import Struct

from skillctl.domain.lifecycle import Status
from skillctl.domain.policy import EffectiveGate, Gate, Policy, effective
from skillctl.domain.verdict import ask_rate
from skillctl.domain.weakening.change import NOTHING, Change, Kind, told

#: No skill has this name, so that no gate selects it.
_NOBODY = ""
_RATES = ("pass_rate", "ask_rate")


class _Sample(Struct, frozen=True):
    """A skill that there could be, on its way to a status."""

    to: Status
    name: str = _NOBODY
    tags: frozenset[str] = frozenset()

    @property
    def told(self) -> str:
        name = f" `{self.name}`" if self.name else ""
        tags = f" tagged {' and '.join(f'`{tag}`' for tag in sorted(self.tags))}" if self.tags else ""
        which = f"skill{name}{tags}" if name or tags else "every skill"
        return f"gate to `{self.to}` of {which}"

    @property
    def rank(self) -> tuple[bool, int]:
        """Wider ones first."""
        return bool(self.name), len(self.tags)

    def takes_in(self, other: "_Sample") -> bool:
        """Whether the other one is a skill of these."""
        return self.to == other.to and self.name in (_NOBODY, other.name) and self.tags <= other.tags


class _Row(NamedTuple):
    """A key by which a sample is asked for more or less, and both sides in words."""

    sample: _Sample
    key: str
    kind: Kind
    before: str
    after: str


def gate_changes(before: Policy, after: Policy) -> Iterator[Change]:
    """Each key of each gate by which some skill is asked for less, or more, than before.

    What is so of all skills is not said again of some of them.
    """
    samples = dict.fromkeys(_samples(before, after))
    found = [row for sample in samples for row in _compared(before, after, sample)]
    for key in _RATES:
        for sample in dict.fromkeys(_pairs(before, after, key)):
            rows = _compared(before, after, sample) if sample not in samples else ()
            found += [row for row in rows if (row.key, row.kind) == (key, "weakened")]
    said: dict[tuple[str, ...], list[_Sample]] = {}
    for row in sorted(found, key=lambda row: row.sample.rank):
        wider = said.setdefault(row[1:], [])
        if not any(other.takes_in(row.sample) for other in wider):
            wider.append(row.sample)
            yield Change(row.kind, f"{row.sample.told}: `{row.key}`", row.before, row.after)


def tag_changes(policy: Policy, name: str, before_tags: Iterable[str], after_tags: Iterable[str]) -> list[Change]:
    """Each tag that a gate of the policy selects this skill by, and that it lost or got.

    A tag that it got may lower a rate, where the only gate that names one asks for less than is asked unsaid.
    """
    before, after = set(before_tags), set(after_tags)
    found = []
    for tag in sorted(before ^ after):
        statuses = sorted({gate.to for gate in policy.gates if tag in gate.tags and gate.meets(name, [tag])})
        if not statuses:
            continue
        gates = f"selects it for the gate to {' and '.join(f'`{status}`' for status in statuses)}"
        if tag in before:
            found.append(Change("weakened", f"tag `{tag}`", gates, NOTHING))
            continue
        lowered = any(_lowers(policy, name, before, tag, Status(status)) for status in statuses)
        found.append(Change("weakened" if lowered else "stricter", f"tag `{tag}`", NOTHING, gates))
    return found


def _lowers(policy: Policy, name: str, tags: set[str], tag: str, to: Status) -> bool:
    then, now = effective(policy, name, tags, to), effective(policy, name, tags | {tag}, to)
    return now.pass_rate < then.pass_rate or ask_rate(now) < ask_rate(then)


def _samples(before: Policy, after: Policy) -> Iterator[_Sample]:
    for to in (Status.CANDIDATE, Status.APPROVED):
        yield _Sample(to)
    for gate in (*before.gates, *after.gates):
        for name in gate.names or [_NOBODY]:
            for tags in _each(gate):
                yield _Sample(Status(gate.to), name, tags)


def _pairs(before: Policy, after: Policy, key: str) -> Iterator[_Sample]:
    """The skills that meet a gate which named a rate before, and one which names a lower one after."""
    for old in before.gates:
        for new in after.gates:
            then, now = getattr(old, key), getattr(new, key)
            if old.to != new.to or then is None or now is None or now >= then:
                continue
            for name in _common(old, new):
                for one in _each(old):
                    for other in _each(new):
                        yield _Sample(Status(old.to), name, one | other)


def _each(gate: Gate) -> list[frozenset[str]]:
    """The fewest tags that a skill meets the gate with."""
    return [frozenset({tag}) for tag in gate.tags] or [frozenset()]


def _common(old: Gate, new: Gate) -> Iterable[str]:
    if old.names and new.names:
        return [name for name in old.names if name in new.names]
    return old.names or new.names or [_NOBODY]


def _compared(before: Policy, after: Policy, sample: _Sample) -> Iterator[_Row]:
    old, new = (effective(policy, sample.name, sample.tags, sample.to) for policy in (before, after))
    for key, (asked, shown) in _ASKED.items():
        then, now = asked(old), asked(new)
        if then != now:
            kind: Kind = "stricter" if _asks_more(now, then) else "weakened"
            yield _Row(sample, key, kind, shown(old), shown(new))


def _asks_more(one: Any, other: Any) -> bool:
    """Of numbers the greater one asks for more, of sets the one that lets less in; None lets everything in."""
    if isinstance(one, int | float):
        return bool(one > other)
    return other is None or (one is not None and one < other)


def _margin(gate: EffectiveGate) -> float:
    # Without one nothing is compared; a narrow one asks for more.
    return -1.0 if gate.margin is None else -gate.margin


def _approvers(gate: EffectiveGate) -> frozenset[str] | None:
    return None if gate.approvers is None else frozenset(gate.approvers)


def _listed(words: Iterable[str] | None, unsaid: str) -> str:
    return unsaid if words is None else told(", ".join(sorted(words)) or "nobody")


#: By key: what it asks, in a form that can be compared, and in words.
_ASKED: dict[str, tuple[Callable[[EffectiveGate], Any], Callable[[EffectiveGate], str]]] = {
    "min_cases": (lambda gate: gate.min_cases, lambda gate: str(gate.min_cases)),
    "evidence": (lambda gate: frozenset(gate.evidence), lambda gate: ", ".join(gate.evidence) or NOTHING),
    "pass_rate": (lambda gate: gate.pass_rate, lambda gate: f"{gate.pass_rate:g}"),
    "ask_rate": (ask_rate, lambda gate: f"{ask_rate(gate):g}"),
    "margin": (_margin, lambda gate: NOTHING if gate.margin is None else f"{gate.margin:g}"),
    "approvals": (lambda gate: gate.approvals, lambda gate: str(gate.approvals)),
    "approvers": (_approvers, lambda gate: _listed(gate.approvers, "everybody in `people`")),
}
