"""Evaluate: skill + suite → evidence, bound to the exact bytes it measured."""

from collections.abc import Callable, Collection, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct, field

from skillctl.domain import tally
from skillctl.domain.arm import Arm
from skillctl.domain.case import Case
from skillctl.domain.evidence import Evidence, Lost, Outcome, Verdict, class_of_all, find, pass_rate_of
from skillctl.domain.lifecycle import Status
from skillctl.domain.neighbours import Prompt, lost
from skillctl.domain.trial import Trial
from skillctl.domain.verdict import verdict_of
from skillctl.errors import UsageError
from skillctl.workflows.eval_ports import EvidenceStore, Executor, Journal
from skillctl.workflows.ground import Ground
from skillctl.workflows.measure import skill_content
from skillctl.workflows.ports import Clock
from skillctl.workflows.power import sure_to_tell
from skillctl.workflows.sides import situation_of
from skillctl.workflows.trials import Instruments, Task, take
from skillctl.workflows.worth import sure_to_count


class Scope(Struct, frozen=True):
    """Which trials are taken: `cases` is a pattern of their ids, `shard` (i, n) the i-th of n parts, from 1."""

    arms: Collection[Arm] = ()
    cases: str | None = None
    shard: tuple[int, int] | None = None
    fresh: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether evidence may come of it."""
        return self.cases is None and self.shard is None


class Evaluation(Struct, frozen=True):
    """The evidence and where it lies, None where only a part was measured; `reused` where nothing had changed.

    Of a part the verdict says nothing: that is for the whole.
    """

    evidence: Evidence
    ground: Ground
    trials: Sequence[Trial]
    kept_at: str | None
    scope: Scope
    reused: bool = False

    @property
    def unmeasured(self) -> dict[Arm, list[Trial]]:
        """The trials of the arms that were compared with, which could not be judged."""
        errored = [trial for trial in self.trials if trial.outcome is Outcome.ERRORED]
        others = (Arm.BASELINE, Arm.WITHOUT_SKILL)
        return {arm: found for arm in others if (found := [trial for trial in errored if trial.arm is arm])}


class Books(Struct, frozen=True):
    """What an evaluation writes to, and what it keeps the time with."""

    evidence: EvidenceStore
    journal: Journal
    clock: Clock
    tool: str


class Taken(Struct):
    """The trials of one evaluation, and when they were taken."""

    started_at: str
    trials: list[Trial] = field(default_factory=list)
    finished_at: str = ""


def evaluate(
    ground: Ground,
    instruments: Instruments,
    executor: Executor,
    books: Books,
    scope: Scope,
    told: Callable[[Trial], None] = lambda _trial: None,
) -> Evaluation:
    """Take every trial that was not taken of this subject before; `told` hears each.

    UsageError where the policy asks for what these cases can never show, before anything is spent.
    """
    if scope.cases is None:
        # A shard too: it is a part of what is to be evidence.
        sure_to_count(ground)
        sure_to_tell(ground)
    key = ground.subject.key
    before, missing = _split(ground, books, scope)
    known = None if missing or scope.fresh or not scope.is_whole else _known(ground, books)
    if known is not None:
        return Evaluation(known, ground, before, books.evidence.place(known), scope, reused=True)
    taken = Taken(books.clock.now(), list(before))
    situation = situation_of(ground, {task.arm for task in missing})

    def kept(task: Task) -> Trial:
        # By whoever took it: an interruption comes to others first.
        trial = take(task, situation, instruments)
        books.journal.keep(ground.name, key, trial)
        return trial

    for trial in executor(kept, missing):
        taken.trials.append(trial)
        told(trial)
    taken.finished_at = books.clock.now()
    evidence = assembled(ground, taken, books.tool)
    kept_at = books.evidence.add(evidence) if scope.is_whole else None
    return Evaluation(evidence, ground, taken.trials, kept_at, scope)


def tasks_of(ground: Ground, scope: Scope) -> list[Task]:
    """The trials that a scope asks for, in the order of the suite; UsageError where it selects none."""
    cases = [case for case in ground.suite.cases if scope.cases is None or fnmatchcase(case.id, scope.cases)]
    if not cases:
        raise UsageError(f"no case of `evals/{ground.name}` matches `{scope.cases}`", hint="`*` stands for any text")
    if scope.shard is not None:
        part, parts = scope.shard
        cases = cases[part - 1 :: parts]
    return [
        Task(case, arm, number)
        for case in cases
        for arm in _arms(ground, case, scope)
        for number in range(1, ground.suite.trials_of(case) + 1)
    ]


def _arms(ground: Ground, case: Case, scope: Scope) -> list[Arm]:
    arms = [Arm.WITH_SKILL]
    if case.id in ground.compared or (Arm.BASELINE in scope.arms and ground.has_baseline(case)):
        arms.append(Arm.BASELINE)
    if Arm.WITHOUT_SKILL in scope.arms and case.ask is not None:
        arms.append(Arm.WITHOUT_SKILL)
    return arms


def left(ground: Ground, books: Books, scope: Scope) -> list[Task]:
    """The trials that are still to be taken."""
    return _split(ground, books, scope)[1]


def _split(ground: Ground, books: Books, scope: Scope) -> tuple[list[Trial], list[Task]]:
    """What was taken before and need not be taken again, and what is to be taken.

    What errored may go better now; and what a runner answered before it was trusted stays a rehearsal.
    """
    tasks = tasks_of(ground, scope)
    if scope.fresh:
        return [], tasks
    classes = {task.case.id: ground.class_of_case(task.case) for task in tasks}
    found = {
        (trial.case, trial.arm, trial.number): trial
        for trial in books.journal.of(ground.name, ground.subject.key)
        if trial.outcome is not Outcome.ERRORED and trial.evidence_class is classes.get(trial.case)
    }
    keys = [(task.case.id, task.arm, task.number) for task in tasks]
    before = [found[key] for key in keys if key in found]
    return before, [task for key, task in zip(keys, tasks, strict=True) if key not in found]


def _known(ground: Ground, books: Books) -> Evidence | None:
    """The evidence that says already what the trials would."""
    found = find(books.evidence.of(ground.name), ground.subject)
    return found if isinstance(found, Evidence) and found.verdict is not Verdict.ERRORED else None


def assembled(ground: Ground, taken: Taken, tool: str) -> Evidence:
    """The evidence that trials give."""
    counted, shown = tally.results(ground.suite, tally.by_case(taken.trials))
    subject, taken_away = ground.subject, _lost(ground)
    head = ground.repository.head()
    return Evidence(
        skill=ground.name,
        version=ground.skill.definition.version,
        skill_digest=subject.skill_digest,
        suite_digest=subject.suite_digest,
        policy_digest=subject.policy_digest,
        runner=subject.runner,
        model=subject.model,
        evidence_class=class_of_all(case.evidence_class for case in counted),
        verdict=verdict_of(counted, taken_away, ground.gate),
        pass_rate=pass_rate_of(counted),
        cases=counted,
        inputs=dict(subject.inputs),
        shown=shown,
        lost=taken_away,
        started_at=taken.started_at,
        finished_at=taken.finished_at,
        tool=tool,
        commit=head,
        dirty=subject.skill_digest != _committed_digest(ground, head),
    )


def _lost(ground: Ground) -> list[Lost]:
    """The prompts of approved neighbours that this skill takes from them."""
    own = next(offer for offer in ground.offers if offer.name == ground.name)
    others = [offer for offer in ground.offers if offer is not own]
    contents = ground.contents
    prompts = [
        Prompt(name, case.id, case.trigger.prompt)
        for name, read_suite in contents.suites.items()
        if name != ground.name and name in contents.skills
        if contents.skills[name].definition.status is Status.APPROVED
        for case in read_suite.suite.counted
        if case.trigger is not None and case.trigger.fires
    ]
    return [Lost(skill=one.prompt.skill, case=one.prompt.case) for one in lost(own, others, prompts)]


def _committed_digest(ground: Ground, head: str) -> str | None:
    tree = ground.repository.tree(head)
    entries = tree.files(ground.skill.folder)
    if entries == ground.contents.entries[ground.skill.folder]:
        return ground.content.digest
    try:
        return skill_content(tree, ground.name, entries).digest
    except UsageError:
        return None
