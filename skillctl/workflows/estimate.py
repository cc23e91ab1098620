"""Estimate: what the trials that are left could spend, before the first of them is taken."""

from collections.abc import Iterable

from msgspec import Struct

from skillctl.domain import asking, budget
from skillctl.domain.budget import NOTHING, Amount
from skillctl.domain.exchange import Request
from skillctl.workflows.ground import Ground
from skillctl.workflows.sides import situation_of
from skillctl.workflows.trials import Task


class Estimate(Struct, frozen=True):
    """So many calls of what costs money, with what their first turns could take at the most."""

    calls: int
    most: Amount


def estimate(ground: Ground, tasks: Iterable[Task], *, recording: bool) -> Estimate:
    """The calls of models and other agents that these trials make; what is replayed makes none."""
    answering = [(task, ground.suite.answering(task.case)) for task in tasks if ground.suite.is_asked(task.case)]
    configs = {alias: ground.runner(alias)[1] for alias in {alias for _, alias in answering}}
    costly = {
        alias: config
        for alias, config in configs.items()
        if config.fake is None and (recording or not ground.is_replayed(alias))
    }
    asked = [(task, costly[alias]) for task, alias in answering if alias in costly]
    if not asked:
        return Estimate(0, NOTHING)
    situation = situation_of(ground, {task.arm for task, _ in asked})
    most = NOTHING
    for task, config in asked:
        if task.case.ask is None:
            ask = asking.selection_of(task.case.prompt, situation.catalogues[task.arm].offers)
            body = asking.plain_body(config, ask)
        else:
            side, attached = situation.sides[task.arm], situation.attached[task.case.id]
            body = asking.opening_of(config, task.case.ask, side.skill, attached)
        most = most + budget.most_of(Request(task.case.id, task.arm, task.number, body), config)
    return Estimate(len(asked), most)
