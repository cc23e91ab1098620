"""What a change does to a suite: whatever is evidence before must be asked as strictly after."""

from collections import Counter
from collections.abc import Iterator, Mapping

from skillctl.domain.case import Case
from skillctl.domain.checks import Check
from skillctl.domain.suite import Suite, attached_places
from skillctl.domain.weakening.change import NOTHING, Change, Kind
from skillctl.domain.weakening.checks import check_changes
from skillctl.domain.weakening.situation import situation_changes

_Cases = Mapping[tuple[str, int], Case]


def suite_changes(before: Suite | None, after: Suite | None) -> list[Change]:
    """Every difference of two suites of one skill, None where there is none; the order of cases is no difference."""
    if before is None or after is None:
        return [*_of_all(before, after)]
    old, new = _by_id(before), _by_id(after)
    found = [*_instruments(before, after)]
    for key, case in old.items():
        if key not in new:
            kind: Kind = "weakened" if before.counts(case) else "changed"
            found.append(Change(kind, _named(case), _summary(case), NOTHING))
        else:
            found += _case_changes(before, after, case, new[key])
    for key, case in new.items():
        if key not in old:
            kind = "stricter" if after.counts(case) else "changed"
            found.append(Change(kind, _named(case), NOTHING, _summary(case)))
    return found


def attached_changes(
    before: Suite, after: Suite, old_files: Mapping[str, str], new_files: Mapping[str, str]
) -> list[Change]:
    """Every file beside the suite that a case gives with its prompt and that is other than before.

    The files are object ids by path from the root, of the folders of the skill and of the suite. What is a file of the
    skill on both sides is content of the version, and no part of the test.
    """
    found = []
    new = _by_id(after)
    for key, case in _by_id(before).items():
        asked = case.ask
        if asked is None or key not in new or not before.counts(case):
            continue
        for path in asked.attached:
            places = attached_places(before.skill, path)
            old_place = next((place for place in places if place in old_files), None)
            new_place = next((place for place in places if place in new_files), None)
            if old_place == new_place == places[0] or old_place is None:
                continue
            then, now = old_files[old_place], NOTHING if new_place is None else new_files[new_place]
            if then != now:
                found.append(Change("weakened", f"{_named(case)}: attached file `{path}`", then[:12], now[:12]))
    return found


def _of_all(before: Suite | None, after: Suite | None) -> Iterator[Change]:
    if before is not None:
        yield Change("weakened", "the suite", _cases(len(before.cases)), NOTHING)
    if after is not None:
        yield Change("stricter", "the suite", NOTHING, _cases(len(after.cases)))


def _instruments(before: Suite, after: Suite) -> Iterator[Change]:
    """Who answers and who judges; another one matters only to cases that there were."""
    asked = any(case.ask is not None for case in before.counted)
    triggers = any(case.trigger is not None for case in before.counted)
    judged = any(check.rubric is not None for case in before.counted for check in case.expect)
    for key, matters in (("runner", asked), ("trigger_runner", triggers), ("judge", judged)):
        then, now = getattr(before, key), getattr(after, key)
        if then != now:
            kind: Kind = "weakened" if matters else "changed"
            yield Change(kind, f"`{key}` of the suite", then or NOTHING, now or NOTHING)
    if before.trials != after.trials:
        kind = "weakened" if after.trials < before.trials else "stricter"
        yield Change(kind, "`trials` of the suite", str(before.trials), str(after.trials))


def _case_changes(before: Suite, after: Suite, old: Case, new: Case) -> Iterator[Change]:
    counted = before.counts(old)
    for change in _differences(before, after, old, new):
        # What is no evidence cannot become weaker evidence.
        yield change if counted else Change("changed", change.what, change.before, change.after)
    if counted is not after.counts(new):
        words = {True: "counts", False: "counts for nothing"}
        kind: Kind = "weakened" if counted else "stricter"
        yield Change(kind, f"{_named(old)}: evidence", words[counted], words[not counted])


def _differences(before: Suite, after: Suite, old: Case, new: Case) -> Iterator[Change]:
    what = _named(old)
    if old.kind != new.kind:
        yield Change("weakened", f"{what}: kind", old.kind, new.kind)
        return
    yield from situation_changes(what, old, new)
    yield from check_changes(what, [*old.decidable, *_judged(old)], [*new.decidable, *_judged(new)])
    then, now = before.trials_of(old), after.trials_of(new)
    # What both take from the suite is said of the suite, once.
    if then != now and (old.trials, new.trials) != (None, None):
        yield Change("weakened" if now < then else "stricter", f"{what}: `trials`", str(then), str(now))


def _judged(case: Case) -> Iterator[Check]:
    return (check for check in case.expect if check.rubric is not None)


def _by_id(suite: Suite) -> _Cases:
    """The cases by their id; where two have the same, which must not be, each is compared with one of the others."""
    seen: Counter[str] = Counter()
    found = {}
    for case in suite.cases:
        seen[case.id] += 1
        found[case.id, seen[case.id]] = case
    return found


def _named(case: Case) -> str:
    return f"case `{case.id}`"


def _summary(case: Case) -> str:
    return f"`{case.kind}` with {len(case.expect)} checks" if len(case.expect) != 1 else f"`{case.kind}` with 1 check"


def _cases(number: int) -> str:
    return "1 case" if number == 1 else f"{number} cases"
