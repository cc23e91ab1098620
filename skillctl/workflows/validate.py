"""Validate: every problem of every skill, in one run; what was judged before and is the same is not judged again."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct

from skillctl.domain.card import Card
from skillctl.domain.finding import Finding
from skillctl.domain.judgement import Ignore, Judgement, is_security
from skillctl.domain.naming import known_skill
from skillctl.domain.position import Position
from skillctl.domain.tree import OF_SKILLS
from skillctl.workflows.ports import Memory, NearNames, Spread, Tree

# Reading and judging take longer to load than to find that nothing has changed: they are loaded where they are needed.


class Validation(Struct, frozen=True):
    """The skills that were looked at, and all findings, sorted by place."""

    skills: tuple[str, ...]
    findings: tuple[Finding, ...]


class Found(Struct, frozen=True):
    """All that is found in a tree: the names of the skills, every finding, who suppresses what, and all cards.

    `positions` says where each of them stands.
    """

    skills: Sequence[str]
    findings: Sequence[Finding]
    ignores: Mapping[str, tuple[Ignore, ...]]
    cards: Callable[[], Mapping[str, Card]]
    positions: Callable[[], Mapping[str, Position]] = dict


def validate(
    tree: Tree,
    names: Sequence[str] = (),
    *,
    changed: Collection[str] | None = None,
    memory: Memory | None = None,
    spread: Spread | None = None,
    today: str = "",
    base: Callable[[], Tree | None] = lambda: None,
) -> Validation:
    """Judge the skills of a tree, or those named, or those changed with what requires them; and what belongs to none.

    `today` is `YYYY-MM-DD`; without it no suppression ends. `base` is asked for what the change is compared with, and
    only where an error of security is suppressed.
    """
    found = look(tree, memory, spread)
    chosen = {known_skill(name, found.skills) for name in names} or set(found.skills)
    if changed is not None:
        chosen = _with_dependents(changed, found.cards())
    is_all = not names and changed is None
    stand = (one for one in settled(found, tree, base, today) if is_all or one.skill is None or one.skill in chosen)
    return Validation(tuple(sorted(chosen)), tuple(sorted(stand, key=lambda finding: finding.order)))


def look(tree: Tree, memory: Memory | None, spread: Spread | None) -> Found:
    """All findings of a tree, suppressed ones too."""
    if memory is not None and memory.is_all_the_same():
        return _remembered(memory)
    from skillctl.workflows import judge

    names = sorted({name for kind in OF_SKILLS for name in tree.names(kind)})
    changed = [name for name in names if memory is None or not memory.is_same(name)]
    work = partial(_judged, tree, memory)
    judgements = spread(work, changed) if spread else [work(name) for name in changed]
    fresh = {name: one for name, one in zip(changed, judgements, strict=True) if one is not None}
    servers, own = judge.shared(tree, memory.own() if memory is not None else None)
    across = memory.across(names, fresh, servers) if memory is not None else None
    cards = {name: one.card for name, one in fresh.items() if one.card is not None}
    near: NearNames | None = None
    if across is None:
        known = memory.cards(name for name in names if name not in fresh) if memory is not None else {}
        cards = {**known, **cards}
        near = memory.near_names(cards) if memory is not None else None
        across, near = judge.across(cards, servers, near)
    if memory is not None:
        memory.keep(names, fresh, servers, own, across, near)
        return _remembered(memory)
    findings = [*own, *across, *(finding for one in fresh.values() for finding in one.findings)]
    ignores = {name: one.ignores for name, one in fresh.items() if one.ignores}
    positions = {name: one.position for name, one in fresh.items() if one.position is not None}
    return Found(list(cards), findings, ignores, lambda: cards, lambda: positions)


def _remembered(memory: Memory) -> Found:
    skills = memory.skills()
    return Found(skills, memory.findings(), memory.ignores(), partial(memory.cards, skills), memory.positions)


def _with_dependents(names: Collection[str], cards: Mapping[str, Card]) -> set[str]:
    """These skills, and those that require one of them, directly or by way of others."""
    behind: dict[str, list[str]] = {}
    for card in cards.values():
        for required in card.requires:
            behind.setdefault(required, []).append(card.name)
    found, waiting = set(names), list(names)
    while waiting:
        ahead = [name for name in behind.get(waiting.pop(), ()) if name not in found]
        found.update(ahead)
        waiting += ahead
    return found


def settled(found: Found, tree: Tree, base: Callable[[], Tree | None], today: str) -> Iterator[Finding]:
    """The findings that stand when each suppression has had its say."""
    suppressed: dict[str, list[Finding]] = {name: [] for name in found.ignores}
    for finding in found.findings:
        if finding.skill in suppressed:
            suppressed[finding.skill].append(finding)
        else:
            yield finding
    for name, findings in suppressed.items():
        ignores = found.ignores[name]
        codes = {ignore.code for ignore in ignores}
        asked = [one for one in findings if one.code in codes and is_security(one)]
        new = _new(asked, name, tree, base()) if asked else []
        from skillctl.domain import suppression

        yield from suppression.settled(findings, ignores, name, today, new)


def _new(findings: Sequence[Finding], name: str, tree: Tree, base: Tree | None) -> list[Finding]:
    """Those findings that the change brings in: what they are about stood in the same file of the base, and was found.

    Of a file with so many that the rest was not counted nobody can say which are new, so all of them are.
    """
    from skillctl.domain.prose import MOST
    from skillctl.workflows.judge import judge_files

    if base is None:
        return list(findings)
    before = judge_files(base, name)
    assert before is not None
    crowded = {place for place, count in Counter((one.code, one.file) for one in findings).items() if count >= MOST}
    old = Counter(_marks(before.findings, base).values())
    new = []
    for finding, mark in _marks(findings, tree).items():
        old[mark] -= 1
        if old[mark] < 0 or (finding.code, finding.file) in crowded:
            new.append(finding)
    return new


def _marks(findings: Iterable[Finding], tree: Tree) -> dict[Finding, tuple[str, str, bytes]]:
    """By what a finding is known again when lines were put in above it: code, file, and what it is about."""
    texts = tree.read(tree.files(*dict.fromkeys(one.file for one in findings)))
    lines = {path: text.split(b"\n") for path, text in texts.items()}
    return {one: (one.code, one.file, _passage(lines.get(one.file, []), one.line - 1)) for one in findings}


def _passage(lines: Sequence[bytes], at: int) -> bytes:
    """The bytes of a line, with the lines that a key, a comment or a command goes on over."""
    if at >= len(lines):
        return b""
    end = at
    for opening, closing in ((b"PRIVATE KEY", b"-----END"), (b"<!--", b"-->")):
        if opening in lines[at]:
            end = next((number for number in range(at, len(lines)) if closing in lines[number]), len(lines) - 1)
    while lines[end].rstrip().endswith(b"\\") and end + 1 < len(lines):
        end += 1
    return b"\n".join(lines[at : end + 1])


def _judged(tree: Tree, memory: Memory | None, name: str) -> Judgement | None:
    from skillctl.workflows.judge import judge_files

    return judge_files(tree, name, memory.digest(name) if memory is not None else None)
