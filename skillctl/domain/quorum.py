"""Quorum: whether enough people approved, of those who may.

Who may is said by the base: its people, and the gate over them. An author of the content, a bot, and whoever counts
already under another name do not.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from skillctl.domain.person import Person
from skillctl.domain.policy import EffectiveGate
from skillctl.domain.promotion import Reason

#: Names that a message lists before it only counts.
_SHOWN = 5


class Quorum(Struct, frozen=True):
    """What was reached: `counted` of `needed`, by name.

    `refused` says of everybody else who signed why that does not count; `able` could sign still. `growth` is what one
    approval more is needed for, and `unknown` are authors whose mail is nobody's.
    """

    skill: str
    needed: int
    counted: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()
    able: tuple[str, ...] = ()
    growth: tuple[str, ...] = ()
    command: str = "skillctl approve"

    @property
    def missing(self) -> int:
        """How many approvals are still needed."""
        return max(0, self.needed - len(self.counted))

    @property
    def is_reached(self) -> bool:
        """Whether nothing of it stands in the way."""
        return not self.missing and not self.unknown

    @property
    def because(self) -> str:
        """Why one approval more is needed, as the end of a sentence; empty where it is not."""
        return f"; 1 more because of: {_listed(self.growth)}" if self.growth and self.needed else ""

    def said(self) -> str:
        """How far it is, in one line."""
        return f"{len(self.counted)} of {self.needed} approvals{self.because}"

    def reasons(self) -> list[Reason]:
        """Why it is not reached; none where it is."""
        return list(self._reasons())

    def _reasons(self) -> Iterator[Reason]:
        if self.unknown:
            hint = "have their mails in `people` of `skillctl.yaml` first, in a change of its own"
            message = "who wrote it may not approve it, and nobody knows these authors"
            yield Reason("unknown-author", message, _listed(self.unknown), "mails of `people` of the base", hint)
        if self.missing:
            names = f" ({', '.join(self.counted)})" if self.counted else ""
            others = "".join(f"; `{name}` does not count: {why}" for name, why in self.refused[:_SHOWN])
            observed = f"{len(self.counted)} approvals{names}{others}"
            yield Reason("unapproved", "approvals are missing", observed, f"{self.needed}{self.because}", self._hint)

    @property
    def _hint(self) -> str:
        if len(self.able) < self.missing:
            who = f"only {', '.join(self.able)} could still approve" if self.able else "nobody else could approve it"
            return f"{who}: have more people in the policy first, in a change of its own"
        return f"run `{self.command}` as one of: {', '.join(self.able)}"


def quorum(
    skill: str,
    gate: EffectiveGate,
    people: Mapping[str, Person],
    authors: Iterable[str],
    signers: Iterable[str],
    growth: Sequence[str] = (),
) -> Quorum:
    """The quorum of a version: what its gate asks for, and one more where it may do more than the one before.

    `authors` are texts `Name <mail>`; `signers` are names, each of whose signature was verified. Where the gate asks
    for no approvals nothing is asked: evidence alone decides.
    """
    if not gate.approvals:
        return Quorum(skill, 0)
    needed = gate.approvals + (1 if growth else 0)
    command = f"skillctl approve {skill}"
    return _judged(Quorum(skill, needed, growth=tuple(growth), command=command), gate, people, authors, signers)


def quorum_of_suite(
    skill: str,
    gate: EffectiveGate,
    people: Mapping[str, Person],
    authors: Iterable[str],
    signers: Iterable[str],
) -> Quorum:
    """The quorum of a suite that is weaker than the one before it: one approver, whatever the gate asks of versions."""
    command = f"skillctl approve {skill} --suite"
    return _judged(Quorum(skill, 1, command=command), gate, people, authors, signers)


def mail_of(author: str) -> str:
    """The mail of `Name <mail>`, as mails are compared."""
    return author.rpartition("<")[2].partition(">")[0].strip().casefold()


def _judged(
    asked: Quorum, gate: EffectiveGate, people: Mapping[str, Person], authors: Iterable[str], signers: Iterable[str]
) -> Quorum:
    selves = _selves(people)
    mails = {mail.strip().casefold(): selves[name] for name, person in people.items() for mail in person.emails}
    written = {author: mails.get(mail_of(author)) for author in sorted(set(authors))}
    wrote = {who for who in written.values() if who is not None}

    def obstacle(name: str) -> str | None:
        """Why a signature of this person does not count, whoever else signed."""
        if name not in people:
            return "nobody of that name is in `people` of the base"
        if people[name].bot:
            return "a bot"
        if selves[name] in wrote:
            return "an author of the content"
        if gate.approvers is not None and name not in gate.approvers:
            return "not among the approvers"
        return None

    counted: dict[str, str] = {}
    refused: dict[str, str] = {}
    for name in sorted(set(signers)):
        why = obstacle(name)
        if why is None and selves[name] in counted:
            why = f"the same person as `{counted[selves[name]]}`"
        if why is None:
            counted[selves[name]] = name
        else:
            refused[name] = why
    able: dict[str, str] = {}
    for name in sorted(people):
        if people[name].approves and obstacle(name) is None and selves[name] not in counted:
            able.setdefault(selves[name], name)
    return Quorum(
        asked.skill,
        asked.needed,
        tuple(counted.values()),
        tuple(refused.items()),
        tuple(author for author, who in written.items() if who is None),
        tuple(able.values()),
        asked.growth,
        asked.command,
    )


def _selves(people: Mapping[str, Person]) -> dict[str, str]:
    """For each name the one that stands for all names of the same person: who shares a mail or a key is one."""
    selves = {name: name for name in people}

    def self_of(name: str) -> str:
        while selves[name] != name:
            name = selves[name]
        return name

    first: dict[str, str] = {}
    for name in sorted(people):
        for mark in _marks(people[name]):
            one, other = sorted((self_of(name), self_of(first.setdefault(mark, name))))
            selves[other] = one
    return {name: self_of(name) for name in people}


def _marks(person: Person) -> Iterator[str]:
    for mail in person.emails:
        yield "mail " + mail.strip().casefold()
    for one in person.keys:
        # What follows the kind and the key is a comment.
        yield "key " + " ".join((one if isinstance(one, str) else one.key).split()[:2])


def _listed(things: Sequence[str]) -> str:
    more = len(things) - _SHOWN
    return ", ".join(things[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
