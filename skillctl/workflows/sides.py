"""Sides: what each arm answers with, from the tree that is measured and from what is served."""

from collections.abc import Iterable, Mapping

from skillctl.domain.arm import Arm
from skillctl.domain.asking import Loaded
from skillctl.domain.case import Ask
from skillctl.domain.selection import Catalogue
from skillctl.domain.skill import DEFINITION_NAMES, SHEET_NAME, Skill
from skillctl.domain.suite import attached_places
from skillctl.errors import UsageError
from skillctl.workflows.converse import Files, Side
from skillctl.workflows.ground import Ground
from skillctl.workflows.offering import offer_of
from skillctl.workflows.trials import Situation

#: Bytes of a file that a model may read.
_TEXT_BYTES = 256 * 1024


def situation_of(ground: Ground, arms: Iterable[Arm]) -> Situation:
    """What the trials of these arms are taken in."""
    arms = frozenset(arms)
    selecting = arms - {Arm.WITHOUT_SKILL} if any(case.trigger is not None for case in ground.suite.cases) else ()
    return Situation(
        suite=ground.suite,
        sides={arm: _side(ground, arm) for arm in arms},
        catalogues={arm: _catalogue(ground, arm) for arm in selecting},
        attached={case.id: _attached(ground, case.ask) for case in ground.suite.cases if case.ask is not None},
        classes={case.id: ground.class_of_case(case) for case in ground.suite.cases},
    )


def _side(ground: Ground, arm: Arm) -> Side:
    if arm is Arm.WITHOUT_SKILL:
        return Side(None)
    if arm is Arm.BASELINE:
        assert ground.served is not None
        served, files = ground.served_files
        return Side(_loaded(served, ground.served[1], files), files)
    blobs = ground.repository.blobs(file.blob for file in ground.content.files)
    files = {file.path: (file.mode, blobs[file.blob]) for file in ground.content.files}
    return Side(_loaded(ground.skill, ground.content.digest, files), files)


def _catalogue(ground: Ground, arm: Arm) -> Catalogue:
    """What an arm selects from: where what is served answers, that is how this skill is offered."""
    if arm is Arm.WITH_SKILL:
        return Catalogue(ground.offers)
    served = offer_of(ground.served_files[0])
    return Catalogue(served if one.name == ground.name else one for one in ground.offers)


def _loaded(skill: Skill, digest: str, files: Files) -> Loaded:
    texts = {}
    for path, (_, raw) in files.items():
        if path in (SHEET_NAME, *DEFINITION_NAMES) or len(raw) > _TEXT_BYTES:
            continue
        try:
            texts[path] = raw.decode()
        except UnicodeDecodeError:
            continue
    definition = skill.definition
    return Loaded(skill.name, definition.version, digest, skill.description, skill.instructions, texts)


def _attached(ground: Ground, ask: Ask) -> Mapping[str, str]:
    """The texts given with a prompt; those that a convention names lie in the skill, or beside its suite."""
    found = dict(ask.files)
    for path in ask.attached:
        places = attached_places(ground.name, path)
        raw = ground.tree.read(ground.tree.files(*places))
        text = next((raw[place] for place in places if place in raw), None)
        if text is None:
            raise UsageError(f"there is no file `{path}`, which a case of `evals/{ground.name}` gives with its prompt")
        found[path] = text.decode("utf-8", "replace")
    return found
