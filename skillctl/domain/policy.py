"""`skillctl.yaml`: people, gates, environments; and the one effective gate that a skill meets for a status."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from msgspec import Struct
from pydantic import (
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from skillctl.domain import canonical
from skillctl.domain import document as documents
from skillctl.domain.document import Document
from skillctl.domain.environment import Environment
from skillctl.domain.evidence import EvidenceClass
from skillctl.domain.finding import Finding
from skillctl.domain.lifecycle import Status
from skillctl.domain.naming import nearest
from skillctl.domain.person import Person
from skillctl.domain.runner import Alias, Runner, Server
from skillctl.domain.schema import Model, Name, modelled
from skillctl.domain.skill import Slug
from skillctl.domain.tree import POLICY_FILE

FILE_NAME = POLICY_FILE
_RECORDABLE = ("model", "command")
_SIGNED = "; where there are `recorders`, `live` counts for nothing, and `recorded` needs the key of one of them"
COUNTING_CLASSES = (EvidenceClass.DETERMINISTIC, EvidenceClass.RECORDED, EvidenceClass.LIVE)


def _one_sentence(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Says once what is wrong, not once for each form the value could have had."""
    try:
        return validate(value)
    except ValidationError:
        raise PydanticCustomError("recorders", "it must be a list of names, or `none`") from None


Recorders = Annotated[list[Slug] | Literal["none"], WrapValidator(_one_sentence)]


class Gate(Model):
    """What a skill must show to reach a status; `tags` and `names` select the skills, none means all.

    `pass_rate` is of cases that a machine decides; `ask_rate` is what the lower bound of the 95 % interval of asked
    cases must reach. With a `margin` these must not be worse than what is served, by more than it.
    """

    to: Literal["candidate", "approved"]
    tags: list[Slug] = []
    names: list[Name] = []
    min_cases: Annotated[int, Field(ge=0)] | None = None
    evidence: Annotated[list[Annotated[EvidenceClass, Field(strict=False)]], Field(min_length=1)] | None = None
    pass_rate: Annotated[float, Field(ge=0, le=1)] | None = None
    ask_rate: Annotated[float, Field(ge=0, lt=1)] | None = None
    margin: Annotated[float, Field(ge=0.01, le=0.5)] | None = None
    approvals: Annotated[int, Field(ge=0)] | None = None
    approvers: list[Slug] = []

    @model_validator(mode="after")
    def _rehearsals_never_count(self) -> Self:
        if self.evidence is not None and EvidenceClass.REHEARSAL in self.evidence:
            raise PydanticCustomError("rehearsal", "a rehearsal is never evidence; take it out of `evidence`")
        return self

    def meets(self, skill: str, tags: Iterable[str]) -> bool:
        """Whether the gate stands in the way of this skill."""
        if self.names and skill not in self.names:
            return False
        return not self.tags or not set(self.tags).isdisjoint(tags)

    def stands_with(self, other: "Gate") -> bool:
        """Whether it meets every skill that the other one meets, on the same step."""
        return self.to == other.to and _takes_in(self.names, other.names) and _takes_in(self.tags, other.tags)


def _takes_in(wide: list[str], narrow: list[str]) -> bool:
    return not wide or (bool(narrow) and set(narrow) <= set(wide))


class Policy(Model):
    """All of `skillctl.yaml`."""

    people: dict[Slug, Person] = {}
    groups: dict[Slug, list[Slug]] = {}
    gates: list[Gate] = []
    recorders: Recorders = "none"
    auto_promote: list[Name] = []
    runners: dict[Alias, Runner] = {}
    servers: dict[Alias, Server] = {}
    environments: dict[Slug, Environment] = {}

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for group, members in self.groups.items():
            for member in members:
                if member not in self.people:
                    context = {"group": group, "member": member}
                    raise PydanticCustomError(
                        "person", "group `{group}` names `{member}`, who is not in `people`", context
                    )
        for gate in self.gates:
            for approver in gate.approvers:
                if approver not in self.groups and approver not in self.people:
                    context = {"approver": approver}
                    raise PydanticCustomError(
                        "approver", "`approvers` names `{approver}`, who is no group or person", context
                    )
        return self

    @model_validator(mode="after")
    def _each_gate_can_open(self) -> Self:
        for number, gate in enumerate(self.gates):
            together = [other for other in self.gates if other.stands_with(gate)]
            allowed = _allowed(self, together)
            if self.recorders != "none" and not any(self.recorder_keys().values()):
                allowed.discard(EvidenceClass.RECORDED)
            if gate.to == "approved" and not allowed:
                context = {"number": number, "hint": _SIGNED if self.recorders != "none" else ""}
                message = "no evidence can open `gates.{number}` and the gates that always stand with it{hint}"
                raise PydanticCustomError("gate", message, context)
        return self

    @model_validator(mode="after")
    def _there_are_enough_approvers(self) -> Self:
        for number, gate in enumerate(self.gates):
            together = [other for other in self.gates if other.stands_with(gate)]
            needed = max(other.approvals or 0 for other in together)
            named = _approvers(self, together)
            able = [name for name in (self.people if named is None else named) if self.people[name].approves]
            if gate.to == "approved" and needed > len(able):
                context = {"number": number, "needed": needed, "able": len(able)}
                message = (
                    "`gates.{number}` and the gates that always stand with it ask for {needed} approvals, but only "
                    "{able} of the people who may approve have a key and are no bot"
                )
                raise PydanticCustomError("approvals", message, context)
        return self

    @model_validator(mode="after")
    def _replays_are_of_others(self) -> Self:
        for alias, runner in self.runners.items():
            if runner.replay is not None and getattr(self.runners.get(runner.replay), "kind", None) not in _RECORDABLE:
                context = {"alias": alias, "other": runner.replay}
                message = "runner `{alias}` replays `{other}`, which is no `model` or `command` of `runners`"
                raise PydanticCustomError("replay", message, context)
        return self

    def source(self, alias: str) -> tuple[str, Runner] | None:
        """The runner whose answers an alias gives, with its own alias: what a `replay` is of; None if there is none."""
        runner = self.runners.get(alias)
        if runner is None or runner.replay is None:
            return None if runner is None else (alias, runner)
        return runner.replay, self.runners[runner.replay]

    def recorder_keys(self) -> dict[str, list[str]]:
        """The keys of the people who may sign what was recorded, by name."""
        named = () if self.recorders == "none" else self.recorders
        members = sorted(self.members(named))
        return {name: self.people[name].keys_on(None) for name in members if name in self.people}

    def members(self, names: Iterable[str]) -> frozenset[str]:
        """The people of these groups, and these people."""
        return frozenset(member for name in names for member in self.groups.get(name, [name]))

    @property
    def release_branch(self) -> str:
        """The branch that production is released from."""
        released = [one.release_branch for one in self.environments.values() if one.store == "supabase"]
        return released[0] if released else "main"


class EffectiveGate(Struct, frozen=True):
    """The strictest value of each key over all gates that meet one skill on its way to one status.

    `approvers` are the people who may approve, by name; None where the policy names none, so that anybody in it may.
    """

    to: Status
    min_cases: int
    evidence: tuple[EvidenceClass, ...]
    pass_rate: float
    approvals: int
    ask_rate: float | None = None
    margin: float | None = None
    approvers: tuple[str, ...] | None = None

    @property
    def digest(self) -> str:
        """What evidence names as the policy it was measured under; an edit elsewhere in the file changes nothing."""
        return _digest(self)


@lru_cache(maxsize=256)
def _digest(gate: EffectiveGate) -> str:
    # Left out where nothing is asked, so that digests of older policies stay.
    asked = {"ask_rate": gate.ask_rate, "margin": gate.margin, "approvers": gate.approvers}
    return "sha256:" + canonical.sha256(
        {
            "to": gate.to.value,
            "min_cases": gate.min_cases,
            "evidence": [kind.value for kind in gate.evidence],
            "pass_rate": float(gate.pass_rate),
            "approvals": gate.approvals,
            **{key: value for key, value in asked.items() if value is not None},
        }
    )


def effective(policy: Policy, skill: str, tags: Iterable[str], to: Status) -> EffectiveGate:
    """The gate a skill meets; where no gate says otherwise, evidence of any counting class and every case passed."""
    tags = list(tags)
    gates = [gate for gate in policy.gates if gate.to == to.value and gate.meets(skill, tags)]
    allowed = _allowed(policy, gates)
    rates = [gate.pass_rate for gate in gates if gate.pass_rate is not None]
    return EffectiveGate(
        to=to,
        min_cases=max((gate.min_cases or 0 for gate in gates), default=0),
        evidence=tuple(kind for kind in COUNTING_CLASSES if kind in allowed),
        pass_rate=max(rates, default=1.0),
        approvals=max((gate.approvals or 0 for gate in gates), default=0),
        ask_rate=max((gate.ask_rate for gate in gates if gate.ask_rate is not None), default=None),
        margin=min((gate.margin for gate in gates if gate.margin is not None), default=None),
        approvers=_approvers(policy, gates),
    )


def _approvers(policy: Policy, gates: Iterable[Gate]) -> tuple[str, ...] | None:
    """The people whom each of these gates lets approve; None where none of them says."""
    named = [policy.members(gate.approvers) for gate in gates if gate.approvers]
    return tuple(sorted(frozenset.intersection(*named))) if named else None


def _allowed(policy: Policy, gates: Iterable[Gate]) -> set[EvidenceClass]:
    """The classes of evidence that all these gates let count."""
    allowed = set(COUNTING_CLASSES)
    for gate in gates:
        if gate.evidence is not None:
            allowed &= set(gate.evidence)
    if policy.recorders != "none":
        # Nobody signs what was asked just now; its record is signed.
        allowed.discard(EvidenceClass.LIVE)
    return allowed


def read(raw: bytes) -> tuple[Policy | None, list[Finding]]:
    """The policy, or every finding that keeps it from being read."""
    found, findings = judged(raw)
    return found, [] if found is not None else findings


def judged(raw: bytes) -> tuple[Policy | None, list[Finding]]:
    """As `read`, with what is wrong in a policy that can be read.

    That is for who edits it to hear. What was merged before must be read as it was, or what it let pass would fall.
    """
    document, findings = documents.parse(raw, FILE_NAME)
    if document is None:
        return None, findings
    found, findings = modelled(Policy, document)
    return found, findings if found is None else list(_nobodies(found, document))


def _nobodies(policy: Policy, document: Document) -> Iterator[Finding]:
    """Names of `recorders` that could sign nothing."""
    for number, name in enumerate(() if policy.recorders == "none" else policy.recorders):
        if name in policy.groups or name in policy.people:
            continue
        near = nearest(name, [*policy.groups, *policy.people])
        hint = f"did you mean `{near}`?" if near else "add them to `people`, or take the name out"
        place = document.place(("recorders", number))
        message = f"`recorders` names `{name}`, who is no group or person"
        yield Finding("SK105", message, FILE_NAME, place.line, place.column, hint=hint)
