"""Sides: what each arm answers with, from the tree that is measured and from what is served."""

from collections.abc import Iterable, Mapping

from skillctl.domain import skill as skills
from skillctl.domain.asking import Loaded
from skillctl.domain.case import Ask
from skillctl.domain.evidence import Arm
from skillctl.domain.selection import Catalogue
from skillctl.domain.skill import DEFINITION_NAMES, SHEET_NAME, Skill
from skillctl.domain.suite import attached_places
from skillctl.errors import UsageError
from skillctl.workflows.converse import Files, Side
from skillctl.workflows.ground import Ground
from skillctl.workflows.trials import Situation

#: Bytes of a file that a model may read.
_TEXT_BYTES = 256 * 1024


def situation_of(ground: Ground, arms: Iterable[Arm]) -> Situation:
    """What the trials of these arms are taken in."""
    return Situation(
        suite=ground.suite,
        sides={arm: _side(ground, arm) for arm in arms},
        catalogue=Catalogue(ground.offers),
        attached={case.id: _attached(ground, case.ask) for case in ground.suite.cases if case.ask is not None},
        classes={case.id: ground.class_of_case(case) for case in ground.suite.cases},
    )


def _side(ground: Ground, arm: Arm) -> Side:
    if arm is Arm.WITHOUT_SKILL:
        return Side(None)
    if arm is Arm.BASELINE:
        return _served(ground)
    blobs = ground.repository.blobs(file.blob for file in ground.content.files)
    files = {file.path: (file.mode, blobs[file.blob]) for file in ground.content.files}
    return Side(_loaded(ground.skill, ground.content.digest, files), files)


def _served(ground: Ground) -> Side:
    """The served version, from the bytes that its approval lists."""
    assert ground.served is not None
    version, digest = ground.served
    subjects = ground.contents.approvals[ground.name][version].subject
    blobs = ground.repository.blobs(subject.digest.git_blob for subject in subjects)
    missing = [subject.name for subject in subjects if subject.digest.git_blob not in blobs]
    if missing:
        message = f"the bytes of `{missing[0]}` of {ground.name}@{version}, which is served, are not in this clone"
        raise UsageError(message, hint="run `git fetch --unshallow`")
    files = {one.name: (one.annotations.mode, blobs[one.digest.git_blob]) for one in subjects}
    texts = {path: raw for path, (_, raw) in files.items()}
    served, findings = skills.read(ground.skill.folder, texts, frozenset(files))
    if findings:
        raise UsageError(f"{ground.name}@{version}, which is served, cannot be read: {findings[0].message}")
    return Side(_loaded(served, digest, files), files)


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
