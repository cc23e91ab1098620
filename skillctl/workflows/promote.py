"""Promote: skill + evidence + policy → one commit that takes the step, or every reason against it."""

from msgspec import Struct
from msgspec.structs import replace

from skillctl.domain import approval, serving
from skillctl.domain.digest import Content, Unmeasurable, measure_skill
from skillctl.domain.lifecycle import Status
from skillctl.domain.promotion import Promotion, Reason, Refusal
from skillctl.domain.serving import Serving
from skillctl.domain.tree import TreeFile
from skillctl.errors import UsageError
from skillctl.workflows.deprecate import restated
from skillctl.workflows.landing import Landed, Landing, land
from skillctl.workflows.ports import Repository, Tree
from skillctl.workflows.read import Contents, read, refuse_unreadable
from skillctl.workflows.weigh import Proofs, Weighed, Wish, weigh

#: What is mended by measuring, not by anybody's work: the evidence is not there yet.
_NOT_YET = ("no-evidence", "stale-")


class Promoted(Struct, frozen=True):
    """The step that was taken, and where that was written; nowhere if it had been taken before."""

    promotion: Promotion
    landed: Landed


class Automatic(Struct, frozen=True):
    """What became of the candidates that need nobody to start their promotion; all that may go goes at once."""

    promoted: tuple[Promotion, ...]
    waiting: tuple[Refusal, ...]
    refused: tuple[Refusal, ...]
    landed: Landed


def promote(repository: Repository, proofs: Proofs, name: str, wish: Wish, *, today: str) -> Promoted | Refusal:
    """Take a committed skill one step further; `today` is `YYYY-MM-DD`.

    A run that was killed is finished by running it again: every file it writes is a function of its inputs.
    """
    with repository.lock():
        tree = repository.tree(repository.head())
        contents = read(tree)
        contents.known(name)
        weighed = weigh(repository, proofs, tree, contents, name, wish, today)
        if isinstance(weighed, Refusal):
            return weighed
        if weighed.stands:
            asked = weighed.request
            step = Promotion(name, asked.version, asked.target, asked.target, asked.digest, None)
            return Promoted(step, Landed())
        decision = weighed.decision
        if isinstance(decision, Refusal):
            return decision
        files, message = _files(repository, weighed, decision), _message(decision, wish.reason)
        return Promoted(decision, land(repository, files, message, wish.landing))


def promote_all(repository: Repository, proofs: Proofs, landing: Landing, *, today: str) -> Automatic:
    """Approve every candidate of `auto_promote` that may be, all in one commit."""
    wish = Wish(Status.APPROVED, landing=landing)
    with repository.lock():
        tree = repository.tree(repository.head())
        contents = read(tree)
        promoted: list[Promotion] = []
        refused: list[Refusal] = []
        files: dict[str, bytes] = {}
        for name in sorted(set(contents.policy.auto_promote)):
            skill = contents.skills.get(name)
            if skill is not None and skill.definition.status is not Status.CANDIDATE:
                continue
            try:
                weighed = _known(contents, name) or weigh(repository, proofs, tree, contents, name, wish, today)
                decision = weighed if isinstance(weighed, Refusal) else weighed.decision
                if isinstance(weighed, Weighed) and isinstance(decision, Promotion):
                    files |= _files(repository, weighed, decision)
                    promoted.append(decision)
            except UsageError as problem:
                decision = _without_answer(contents, name, problem)
            if isinstance(decision, Refusal):
                refused.append(decision)
        message = _joined(promoted)
        landed = land(repository, files, message, landing) if files else Landed()
    waiting = tuple(one for one in refused if all(reason.code.startswith(_NOT_YET) for reason in one.reasons))
    return Automatic(tuple(promoted), waiting, tuple(one for one in refused if one not in waiting), landed)


def _known(contents: Contents, name: str) -> Refusal | None:
    if name in contents.names:
        return None
    hint = "take it out of `auto_promote` in `skillctl.yaml`"
    reason = Reason("unknown", f"there is no skill `{name}`", "no such skill", "a skill", hint)
    return Refusal(name, "?", Status.CANDIDATE, Status.APPROVED, (reason,))


def _without_answer(contents: Contents, name: str, problem: UsageError) -> Refusal:
    """What keeps one skill from being judged must not keep the others from it."""
    version = contents.skills[name].definition.version
    reason = Reason("unjudged", problem.message, "no answer", "an answer", problem.hint)
    return Refusal(name, version, Status.CANDIDATE, Status.APPROVED, (reason,))


def _joined(steps: list[Promotion]) -> str:
    """The message of a commit with several promotions; of one alone it is that one's."""
    if len(steps) == 1:
        return _message(steps[0], None)
    parts = [_message(step, None).split("\n", 2)[2] for step in steps]
    return f"promote {len(steps)} skills to approved\n\n" + "".join(parts)


def _files(repository: Repository, weighed: Weighed, step: Promotion) -> dict[str, bytes]:
    tree, contents, name = weighed.tree, weighed.contents, step.skill
    refuse_unreadable(contents, name)
    offered = contents.servings.get(name, Serving())
    if weighed.request.is_reinstatement:
        now = offered.reinstates(step.version, weighed.request.reason or "")
        files = {serving.path_of(name): serving.write(now)}
        if contents.skills[name].definition.version == step.version:
            files |= restated(tree, contents, name, {"status": step.target.value})
        return files
    files = restated(tree, contents, name, {"status": step.target.value})
    if step.target is Status.APPROVED and step.evidence is not None:
        files |= _approval(repository, tree, contents, step, files)
        files[serving.path_of(name)] = serving.write(offered.offers(step.version))
    return files


def _approval(
    repository: Repository, tree: Tree, contents: Contents, step: Promotion, definition: dict[str, bytes]
) -> dict[str, bytes]:
    """The approval of the files as they will be, with this definition."""
    skill = contents.skills[step.skill]
    entries = {entry.path: entry for entry in contents.entries[skill.folder]}
    raw = {**tree.read(entries.values()), **definition}
    for path, text in definition.items():
        entries[path] = replace(entries[path], blob=repository.hash_blob(text))
    content = _measured(skill.folder, list(entries.values()), raw)
    authors = repository.authors(skill.folder, _last_approval(repository, step.skill))
    statement = approval.state(content, step.evidence, authors) if step.evidence else None
    assert statement is not None
    return {approval.path_of(step.skill, step.version): statement.text().encode()}


def _last_approval(repository: Repository, name: str) -> str | None:
    """The commit that brought in the newest approval of a skill: what came after it is what is approved now."""
    brought = repository.introduced((f"approvals/{name}",), repository.head())
    return next((commit for path, (commit, _) in brought.items() if path.endswith(approval.FILE_NAME)), None)


def _measured(folder: str, entries: list[TreeFile], raw: dict[str, bytes]) -> Content:
    try:
        return measure_skill(folder, entries, raw)
    except Unmeasurable as problem:
        raise UsageError(str(problem)) from None


def _message(step: Promotion, why: str | None) -> str:
    verbs = {Status.DRAFT: f"return {step.skill} {step.version} to draft"}
    if step.source is Status.DEPRECATED:
        verbs[Status.APPROVED] = f"reinstate {step.skill} {step.version}"
    lines = [
        verbs.get(step.target, f"promote {step.skill} {step.version} to {step.target}"),
        "",
        *([why, ""] if why else []),
        f"Skill: {step.skill}@{step.version}",
        f"Promotion: {step.source} -> {step.target}",
        f"Skill-Digest: {step.digest}",
    ]
    if step.evidence is not None:
        lines.append(f"Evidence: sha256:{step.evidence.digest}")
    return "\n".join(lines) + "\n"
