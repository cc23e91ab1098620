"""Ground: everything that an evaluation of one skill stands on, and the subject that its evidence must be of."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from skillctl.domain import asking, canonical, cassette, policy
from skillctl.domain.case import Case
from skillctl.domain.digest import Content
from skillctl.domain.evidence import EvidenceClass, Subject
from skillctl.domain.finding import errors_in
from skillctl.domain.lifecycle import Status
from skillctl.domain.naming import nearest
from skillctl.domain.policy import EffectiveGate, Policy
from skillctl.domain.runner import Runner, Server
from skillctl.domain.selection import Offer, digest_of
from skillctl.domain.skill import Skill
from skillctl.domain.suite import Suite
from skillctl.errors import UsageError
from skillctl.workflows.converse import Files
from skillctl.workflows.eval_ports import Signatures
from skillctl.workflows.measure import skill_content, suite_content
from skillctl.workflows.offering import Offered, offer_of
from skillctl.workflows.ports import Repository, Tree
from skillctl.workflows.programs import programs_of
from skillctl.workflows.read import Contents
from skillctl.workflows.served import served_in
from skillctl.workflows.tape import Tape, tape_at
from skillctl.workflows.trust import Against, Choice, believed, governing_tags

_TRY = "bring it to the release branch first, or try it with `--trust-change` (a rehearsal)"


class Ground(Struct, frozen=True, dict=True):
    """One skill in a tree, its suite and the gate to `approved`; runners come from the policy that is `trusted`."""

    repository: Repository
    signatures: Signatures
    tree: Tree
    contents: Contents
    skill: Skill
    suite: Suite
    content: Content
    suite_digest: str
    gate: EffectiveGate
    trusted: Policy
    base: str | None
    choice: Choice
    against: Against | None = None
    offered: Offered | None = None

    @property
    def name(self) -> str:
        return self.skill.name

    def runner(self, alias: str) -> tuple[str, Runner]:
        """The runner behind an alias, with the alias of the one it replays; UsageError where the base has none.

        What a fake answers is never evidence, so it may come from the change itself.
        """
        here = self.contents.policy.source(alias)
        if here is None:
            near = nearest(alias, self.contents.policy.runners)
            hint = f"did you mean `{near}`?" if near else "add it to `runners` in `skillctl.yaml`"
            raise UsageError(f"there is no runner `{alias}`, which `evals/{self.name}` names", hint=hint)
        if self._is_new(alias) and not self.choice.trusts_change:
            message = f"runner `{alias}` is not in `skillctl.yaml` of the base as it is here"
            raise UsageError(message, hint=_TRY)
        return here

    def server(self, alias: str) -> Server:
        """The MCP server behind an alias; UsageError where the base has none."""
        here = self.contents.policy.servers.get(alias)
        if here is None:
            near = nearest(alias, self.contents.policy.servers)
            hint = f"did you mean `{near}`?" if near else "add it to `servers` in `skillctl.yaml`"
            raise UsageError(f"there is no server `{alias}`, which `evals/{self.name}` names", hint=hint)
        if self._is_new_server(alias) and not self.choice.trusts_change:
            raise UsageError(f"server `{alias}` is not in `skillctl.yaml` of the base as it is here", hint=_TRY)
        return here

    def class_of_case(self, case: Case) -> EvidenceClass:
        """What the answers of a case are as evidence."""
        if self.suite.is_asked(case):
            return self.class_of(self.suite.answering(case))
        if case.tool is None:
            return EvidenceClass.DETERMINISTIC
        self.server(case.tool.server)
        return EvidenceClass.REHEARSAL if self._is_new_server(case.tool.server) else EvidenceClass.LIVE

    def class_of(self, alias: str) -> EvidenceClass:
        """What the answers of a runner are as evidence."""
        source = self.runner(alias)[1]
        if source.fake is not None or self._is_new(alias):
            return EvidenceClass.REHEARSAL
        if not self.is_replayed(alias):
            return EvidenceClass.LIVE
        if self.trusted.recorders == "none":
            return EvidenceClass.RECORDED
        # What cannot be read is signed by nobody, and may be recorded again.
        found = self._tape(alias)
        is_signed = not isinstance(found, str) and found.recorder is not None
        return EvidenceClass.RECORDED if is_signed else EvidenceClass.REHEARSAL

    def is_replayed(self, alias: str) -> bool:
        """Whether recorded answers are given."""
        runner = self.contents.policy.runners.get(alias)
        return runner is not None and runner.replay is not None

    def tape(self, alias: str) -> Tape:
        """The recorded answers of the runner that an alias replays; UsageError where they cannot be read."""
        found = self._tape(alias)
        if isinstance(found, str):
            path = cassette.path_of(self.name, self.runner(alias)[0])
            hint = f"restore it from Git, or record it again: `skillctl eval {self.name} --record`"
            raise UsageError(f"`{path}` cannot be read: {found}", hint=hint)
        return found

    def recorded(self, path: str) -> Mapping[str, cassette.Entry]:
        """The answers in a cassette that may be signed once more, by key: all, or where the policy names recorders
        those that one of them signed."""
        found = tape_at(self.tree, self.signatures, self.trusted, path)
        if isinstance(found, str) or (self.trusted.recorders != "none" and found.recorder is None):
            return {}
        return found.cassette.entries

    @cached_property
    def offers(self) -> list[Offer]:
        """What is selected from: this skill, and all others that are not deprecated."""
        if self.offered is not None:
            return self.offered.offers()
        return [
            offer_of(one)
            for one in self.contents.skills.values()
            if one.name == self.name or one.definition.status is not Status.DEPRECATED
        ]

    @cached_property
    def served(self) -> tuple[str, str] | None:
        """The served version and its digest, if that is other content than is measured."""
        serving = self.contents.servings.get(self.name)
        version = serving.serving if serving else None
        digest = self.contents.approved(self.name).get(version) if version else None
        return (version, digest) if version and digest and digest != self.content.digest else None

    @cached_property
    def served_files(self) -> tuple[Skill, Files]:
        """The served version and its files, where there is one that is other content than is measured."""
        assert self.served is not None
        return served_in(self.repository, self.contents, self.name, self.served[0])

    def has_baseline(self, case: Case) -> bool:
        """Whether a case can be asked of what is served: of an agent that has it loaded, or that is offered it.

        An agent that would be offered the same as now is not asked twice.
        """
        if self.served is None or not self.suite.is_asked(case):
            return False
        return case.ask is not None or self._is_offered_otherwise

    @cached_property
    def _is_offered_otherwise(self) -> bool:
        return asking.told_of(offer_of(self.served_files[0])) != asking.told_of(offer_of(self.skill))

    @cached_property
    def compared(self) -> frozenset[str]:
        """The cases that the gate wants compared with what is served, by id."""
        if self.gate.margin is None:
            return frozenset()
        return frozenset(case.id for case in self.suite.counted if self.has_baseline(case))

    @cached_property
    def subject(self) -> Subject:
        """What the evidence must be of, to count for this tree."""
        asked = [case for case in self.suite.counted if self.suite.is_asked(case)]
        runner = self.runner(self.suite.runner)[1] if any(case.ask is not None for case in asked) else None
        model = None if runner is None else runner.model_name
        inputs = dict(self._inputs(asked))
        return Subject(
            self.name, self.content.digest, self.suite_digest, self.gate.digest, self.choice.scripts, model, inputs
        )

    def _inputs(self, asked: Sequence[Case]) -> Iterator[tuple[str, str]]:
        """What else the cases that count are measured with, by the names a message gives it."""
        for alias in sorted({self.suite.answering(case) for case in asked}):
            runner = self.runner(alias)[1]
            files = self._programs(runner.argv)
            yield f"runner {alias}", canonical.sha256([runner.digest, files]) if files else runner.digest
            if self.is_replayed(alias):
                yield f"cassette {alias}", self.tape(alias).digest
                yield f"recorder {alias}", self.class_of(alias).value
        triggers = [case for case in self.suite.counted if case.trigger is not None]
        if triggers:
            yield "catalogue", self.offered.digest() if self.offered is not None else digest_of(self.offers)
        for server in sorted({case.tool.server for case in self.suite.counted if case.tool is not None}):
            here = self.server(server)
            files = self._programs(here.command)
            yield f"server {server}", canonical.sha256([here.digest, files]) if files else here.digest
        if self.compared and self.served is not None:
            yield "baseline", self.served[1]

    def _tape(self, alias: str) -> Tape | str:
        path = cassette.path_of(self.name, self.runner(alias)[0])
        return self._tapes.get(alias) or self._tapes.setdefault(
            alias, tape_at(self.tree, self.signatures, self.trusted, path)
        )

    @cached_property
    def _tapes(self) -> dict[str, Tape | str]:
        return {}

    def _is_new(self, alias: str) -> bool:
        """Whether a runner is other than the base has it; looked up once, for trials ask at the same time."""
        if alias not in self._novelties:
            self._novelties[alias] = self._differs(alias)
        return self._novelties[alias]

    @cached_property
    def _novelties(self) -> dict[str, bool]:
        return {}

    def _differs(self, alias: str) -> bool:
        here = self.contents.policy.source(alias)
        if here is None or here[1].fake is not None:
            return False
        return here != self.trusted.source(alias) or self._is_changed(here[1].argv)

    def _is_new_server(self, alias: str) -> bool:
        here = self.contents.policy.servers[alias]
        return here != self.trusted.servers.get(alias) or self._is_changed(here.command)

    def _is_changed(self, argv: Sequence[str] | None) -> bool:
        return self._programs(argv) != self._programs(argv, self.base)

    def _programs(self, argv: Sequence[str] | None, commit: str | None = None) -> Mapping[str, str]:
        if argv is None or self.base is None:
            return {}
        return programs_of(self.repository, argv, self.base, commit, self.against.head if self.against else None)


def ground_of(
    repository: Repository,
    signatures: Signatures,
    tree: Tree,
    contents: Contents,
    name: str,
    choice: Choice,
    against: Against | None = None,
    offered: Offered | None = None,
) -> Ground:
    """What an evaluation of a skill stands on in a tree; UsageError where the skill or its suite cannot be read.

    What is trusted is looked up, unless it is known what the change is `against`; what is `offered` is read from the
    contents, unless it is known.
    """
    _ready(contents, name)
    read_suite, skill = contents.suites[name].suite, contents.skills[name]
    chosen = read_suite if choice.runner is None else read_suite.model_copy(update={"runner": choice.runner})
    trusted, base = believed(repository, contents, chosen, choice, against)
    # What may be unsigned is not for the change to say either; it may ask for more.
    recorders = trusted.recorders if contents.policy.recorders == "none" else contents.policy.recorders
    own = contents.policy.model_copy(update={"recorders": recorders})
    return Ground(
        repository=repository,
        signatures=signatures,
        tree=tree,
        contents=contents,
        skill=skill,
        suite=chosen,
        content=skill_content(tree, name, contents.entries[f"skills/{name}"]),
        suite_digest=suite_content(tree, name, contents.entries[f"evals/{name}"]).digest,
        gate=policy.effective(own, name, governing_tags(repository, contents, name), Status.APPROVED),
        trusted=trusted,
        base=base,
        choice=choice,
        against=against,
        offered=offered,
    )


def _ready(contents: Contents, name: str) -> None:
    contents.known(name)
    if name in contents.skills and name in contents.suites:
        return
    errors = errors_in(finding for finding in contents.findings if finding.skill == name)
    first = errors[0] if errors else None
    where = f": {first.file}:{first.line}:{first.column} {first.message}" if first else ""
    missing = "" if name in contents.suites or first else f": there is no `evals/{name}/suite.yaml`"
    hint = f"run `skillctl validate {name}`"
    raise UsageError(f"`{name}` cannot be evaluated{where}{missing}", hint=hint)
