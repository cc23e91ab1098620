"""Merge: the shards of one evaluation → the evidence that one machine would have given."""

from collections.abc import Sequence

from skillctl.domain import shard
from skillctl.domain.shard import Shard
from skillctl.errors import UsageError
from skillctl.workflows.evaluate import Books, Evaluation, Scope, Taken, assembled, tasks_of
from skillctl.workflows.ground import Ground


def shard_of(evaluation: Evaluation, scope: Scope) -> Shard:
    """What one machine hands on."""
    assert scope.shard is not None
    evidence, (part, parts) = evaluation.evidence, scope.shard
    return Shard(
        skill=evidence.skill,
        subject=evaluation.ground.subject.key,
        tool=evidence.tool,
        part=part,
        parts=parts,
        arms=sorted(scope.arms),
        started_at=evidence.started_at,
        finished_at=evidence.finished_at,
        trials=list(evaluation.trials),
    )


def merge(ground: Ground, books: Books, shards: Sequence[Shard]) -> Evaluation:
    """Evidence of all trials of the shards; UsageError where they are not one whole evaluation of what is here."""
    why = shard.misfit(shards, ground.subject.key, books.tool)
    if why is not None:
        raise UsageError(f"the shards of {ground.name} cannot be merged: {why}", hint="measure them on the same commit")
    scope = Scope(arms=tuple(shards[0].arms))
    found = {(trial.case, trial.arm, trial.number): trial for one in shards for trial in one.trials}
    keys = [(task.case.id, task.arm, task.number) for task in tasks_of(ground, scope)]
    missing = [key for key in keys if key not in found]
    if missing:
        case, arm, number = missing[0]
        raise UsageError(f"the shards of {ground.name} lack trial {number} of case `{case}` ({arm})")
    classes = {case.id: ground.class_of_case(case) for case in ground.suite.cases}
    for key in keys:
        if found[key].evidence_class is not classes[key[0]]:
            message = f"case `{key[0]}` of the shards of {ground.name} is {found[key].evidence_class}, which is not"
            raise UsageError(f"{message} {classes[key[0]]} as here", hint="measure them on the same commit")
    taken = Taken(
        started_at=min(one.started_at for one in shards),
        trials=[found[key] for key in keys],
        finished_at=max(one.finished_at for one in shards),
    )
    for trial in taken.trials:
        books.journal.keep(ground.name, ground.subject.key, trial)
    evidence = assembled(ground, taken, books.tool)
    return Evaluation(evidence, ground, taken.trials, books.evidence.add(evidence), scope)
