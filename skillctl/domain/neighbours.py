"""What a skill takes from its neighbours: prompts that would be theirs if it were not in the catalogue."""

from collections.abc import Iterable

from msgspec import Struct

from skillctl.domain.selection import Catalogue, Offer


class Prompt(Struct, frozen=True):
    """A trigger case in which a skill must be selected (`fires: true`)."""

    skill: str
    case: str
    text: str


class Loss(Struct, frozen=True):
    """A prompt that its skill loses to another one; `words` of the prompt speak for the taker, `kept` for its skill."""

    prompt: Prompt
    words: tuple[str, ...]
    kept: tuple[str, ...]


def lost(subject: Offer, others: Iterable[Offer], prompts: Iterable[Prompt]) -> tuple[Loss, ...]:
    """The must-fire prompts of other skills that `subject` takes, and that their skill would win without it.

    An offer in `others` with the name of `subject` is another version of it, and counts for nothing. Losses come in
    the order of `prompts`.
    """
    neighbours = [offer for offer in others if offer.name != subject.name]
    everyone = Catalogue([subject, *neighbours])
    taken = [
        prompt for prompt in prompts if prompt.skill != subject.name and everyone.selected(prompt.text) == subject.name
    ]
    without = Catalogue(neighbours if taken else ())
    return tuple(_loss(everyone, subject, prompt) for prompt in taken if without.selected(prompt.text) == prompt.skill)


def _loss(everyone: Catalogue, subject: Offer, prompt: Prompt) -> Loss:
    words = {ranked.name: ranked.words for ranked in everyone.rank(prompt.text)}
    return Loss(prompt, words[subject.name], words[prompt.skill])
