"""What a change does to the checks of one case, which must all hold."""

from collections.abc import Hashable, Iterator, Mapping, Sequence

from skillctl.domain.checks import Check
from skillctl.domain.weakening.change import NOTHING, Change, told
from skillctl.domain.weakening.order import Order

#: So many comparisons of one part with another are made; of what is larger it is not said what is stricter.
_MOST = 100_000


def check_changes(what: str, before: Sequence[Check], after: Sequence[Check]) -> Iterator[Change]:
    """Each check that is gone, new, or other; `what` names the case."""
    order = Order()
    old, new = _flat(before, order), _flat(after, order)
    gone = [check for key, check in old.items() if key not in new]
    come = [check for key, check in new.items() if key not in old]
    comparable = _size([*gone, *come]) * _size([*old.values(), *new.values()]) <= _MOST
    asked_before, asked_after = _whole(old), _whole(new)
    left = list(come)
    for check in gone:
        stricter = next((one for one in new.values() if comparable and order.holds_with(one, check)), None)
        partner = stricter or next((one for one in left if _looks_at(one) == _looks_at(check)), None)
        is_new = any(partner is one for one in left)
        if stricter is None and comparable and order.holds_with(asked_after, check):
            # Several together ask for it; each that is new is told of below.
            continue
        left = [one for one in left if one is not partner]
        if stricter is None:
            yield Change("weakened", _named(what, check), _told(check), _told(partner))
        elif is_new and not order.holds_with(check, stricter):
            yield Change("stricter", _named(what, check), _told(check), _told(stricter))
    for check in left:
        if not (comparable and order.holds_with(asked_before, check)):
            yield Change("stricter", _named(what, check), NOTHING, _told(check))


def _flat(checks: Sequence[Check], order: Order) -> Mapping[Hashable, Check]:
    """The checks by what they mean; those of an `all_of` stand for themselves, as those of the case do."""
    found: dict[Hashable, Check] = {}
    for check in checks:
        if check.kind == "all_of":
            found |= _flat(check.asked, order)
        else:
            found[order.meaning(check)] = check
    return found


def _whole(checks: Mapping[Hashable, Check]) -> Check:
    return Check.model_construct(all_of=[*checks.values()])


def _size(checks: Sequence[Check]) -> int:
    return sum(1 for check in checks for _ in check.parts())


def _looks_at(check: Check) -> tuple[str | None, ...]:
    return (check.kind, check.stream, check.file, check.json_path)


def _named(what: str, check: Check) -> str:
    return f"{what}: check `{check.kind}`"


def _told(check: Check | None) -> str:
    if check is None:
        return NOTHING
    said = check.model_dump(mode="json", exclude_unset=True, by_alias=True)
    return told(next(iter(said.values())) if len(said) == 1 else said)
