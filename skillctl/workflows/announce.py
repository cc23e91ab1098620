"""Announce: the commit of a release and the skills it changes → where it can be looked at, and who is called."""

from collections.abc import Mapping, Sequence

from skillctl.domain import document, forge, notice
from skillctl.domain.announcement import Announcement, called
from skillctl.domain.environment import Environment
from skillctl.domain.policy import Policy
from skillctl.domain.skill import DEFINITION_NAMES
from skillctl.workflows.ports import Repository


def announced(
    repository: Repository, policy: Policy, environment: Environment, commit: str, skills: Sequence[str]
) -> Announcement:
    """What there is to say; what is not known here, as of a commit that this clone has not, is left out."""
    links = forge.links(repository.remote(), commit, repository.message(commit))
    chat = environment.mattermost
    if chat is not None and chat.dashboard is not None:
        links["dashboard"] = chat.dashboard
    # No notice shows more of them.
    shown = list(dict.fromkeys(skills))[: notice.SHOWN_ROWS]
    owners = {name: called(policy, names) for name, names in _owners(repository, commit, shown).items()}
    return Announcement(links, {name: names for name, names in owners.items() if names})


def _owners(repository: Repository, commit: str, skills: Sequence[str]) -> Mapping[str, list[str]]:
    places = {f"{commit}:skills/{name}/{file}": name for name in skills for file in DEFINITION_NAMES}
    found = {}
    for place, raw in repository.blobs(places).items():
        read = document.parse(raw, place.partition(":")[2])[0]
        owners = read.data.get("owners") if read is not None else None
        found[places[place]] = [one for one in owners if isinstance(one, str)] if isinstance(owners, list) else []
    return found
