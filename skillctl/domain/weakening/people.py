"""What a change does to people and groups: who may sign, and whose work is whose."""

from collections.abc import Iterator

from skillctl.domain.person import Person
from skillctl.domain.policy import Policy
from skillctl.domain.weakening.change import NOTHING, Change, Kind, told

#: Later than every day; a key without a day retires never.
_NEVER = "never"
_NOBODY = Person()


def people_changes(before: Policy, after: Policy) -> Iterator[Change]:
    """Each key, mail and membership that is other than before.

    A mail is weaker in both directions: one that is taken away hides whose work it is, one that is new makes somebody
    of an author whom nobody knew.
    """
    for name in sorted(before.people.keys() | after.people.keys()):
        old, new = before.people.get(name), after.people.get(name)
        if new is None:
            yield Change("stricter", f"person `{name}`", _summary(old), NOTHING)
            continue
        if old is None:
            yield Change("changed", f"person `{name}`", NOTHING, _summary(new))
        yield from _person(f"person `{name}`", old or _NOBODY, new, is_new=old is None)
    yield from _groups(before, after)


def _person(what: str, old: Person, new: Person, *, is_new: bool) -> Iterator[Change]:
    yield from _keys(what, _retiring(old), _retiring(new))
    mails, before = {mail.lower() for mail in new.emails}, {mail.lower() for mail in old.emails}
    for mail in sorted(mails - before):
        yield Change("weakened", f"{what}: a mail is new", NOTHING, told(mail))
    for mail in sorted(before - mails):
        yield Change("weakened", f"{what}: a mail is gone", told(mail), NOTHING)
    if old.bot is not new.bot and not is_new:
        kinds = {True: "a bot", False: "no bot"}
        yield Change("weakened" if old.bot else "stricter", f"{what}: `bot`", kinds[old.bot], kinds[new.bot])
    for key in ("github", "mattermost"):
        then, now = getattr(old, key), getattr(new, key)
        if then != now and not is_new:
            yield Change("changed", f"{what}: `{key}`", told(then or NOTHING), told(now or NOTHING))


def _keys(what: str, old: dict[str, str], new: dict[str, str]) -> Iterator[Change]:
    for key, until in new.items():
        then = old.get(key)
        if then is None:
            yield Change("weakened", f"{what}: a key is new", NOTHING, told(key))
        elif then != until:
            kind: Kind = "weakened" if _is_later(until, then) else "stricter"
            yield Change(kind, f"{what}: a key retires", then, until)
    for key in old:
        if key not in new:
            yield Change("stricter", f"{what}: a key is gone", told(key), NOTHING)


def _retiring(person: Person) -> dict[str, str]:
    """The day that each key retires on; of several the last one, for it signs until then."""
    found: dict[str, str] = {}
    for one in person.keys:
        key, until = (one, _NEVER) if isinstance(one, str) else (one.key, one.retired)
        key = " ".join(key.split())
        if key not in found or _is_later(until, found[key]):
            found[key] = until
    return found


def _is_later(one: str, other: str) -> bool:
    return (one == _NEVER, one) > (other == _NEVER, other)


def _groups(before: Policy, after: Policy) -> Iterator[Change]:
    """What a group that is new or gone means shows where it is used."""
    for name in sorted(before.groups.keys() | after.groups.keys()):
        what, old, new = f"group `{name}`", before.groups.get(name), after.groups.get(name)
        if old is None or new is None:
            yield Change("changed", what, _members(old), _members(new))
            continue
        for member in sorted({*new} - {*old}):
            yield Change("weakened", f"{what}: a member is new", NOTHING, told(member))
        for member in sorted({*old} - {*new}):
            yield Change("stricter", f"{what}: a member is gone", told(member), NOTHING)


def _members(names: list[str] | None) -> str:
    return NOTHING if names is None else told(", ".join(names) or "nobody")


def _summary(person: Person | None) -> str:
    assert person is not None
    number = len(_retiring(person))
    return ("a bot" if person.bot else "a person") + f" with {number} key{'' if number == 1 else 's'}"
