"""What a notice says beside what a release did: where it can be looked at, and who is called."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from skillctl.domain import chat_text
from skillctl.domain.policy import Policy


class Announcement(Struct, frozen=True):
    """`links` by what they show (`commit`, `pull_request`, `dashboard`), `owners` are names in the chat by skill."""

    links: Mapping[str, str] = field(default_factory=dict)
    owners: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, Any]:
        """What of it there is, as every destination is told."""
        return {key: value for key, value in (("links", dict(self.links)), ("owners", dict(self.owners))) if value}


#: What is announced of the skills that a release changes, as a commit has them.
Announce = Callable[[str, Sequence[str]], Announcement]


def nothing(_commit: str, _skills: Sequence[str]) -> Announcement:
    """Nobody is called, and nothing is linked."""
    return Announcement()


def called(policy: Policy, owners: Iterable[str]) -> list[str]:
    """The names in the chat of these owners, who are people or groups of the policy; who has none is left out."""
    people = [policy.people[name] for name in sorted(policy.members(owners)) if name in policy.people]
    names = [person.mattermost.removeprefix("@") for person in people if person.mattermost and not person.bot]
    return [name for name in dict.fromkeys(names) if chat_text.mention(name)]
