"""The gate's rules on one skill, as tables: what it was, what it is, and the codes of that."""

import itertools
from typing import Any

import pytest

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.gate.judged import GateReport, Judged
from skillctl.domain.gate.records import records, served
from skillctl.domain.gate.side import Side
from skillctl.domain.gate.steps import steps
from skillctl.domain.lifecycle import Status, is_step
from skillctl.domain.selection import Offer, digest_of
from skillctl.domain.serving import Serving
from skillctl.domain.skill import Definition
from skillctl.domain.tree import is_of_skill

OLD, NEW = "sha256:" + "1" * 64, "sha256:" + "2" * 64
WHY = {"reason": "old"}


def side(version: str | None = None, status: str = "draft", digest: str | None = NEW, **more: Any) -> Side:
    """A skill whose folder says this; without a version there is no folder."""
    if version is None:
        return Side("adder", **more)
    read = Definition.model_validate({"name": "adder", "version": version, "status": status, "owners": ["a"]})
    return Side("adder", read, "skills/adder/skill.yaml", digest=digest, has_folder=True, **more)


def serving(**said: Any) -> Serving:
    return Serving.model_validate(said)


def codes(before: Side, after: Side) -> list[str]:
    return [one.code for rule in (steps, records, served) for one in rule(before, after)]


@pytest.mark.parametrize(("source", "target"), list(itertools.product(Status, Status)))
def test_only_a_step_of_the_table_is_one(source: Status, target: Status) -> None:
    """For a version with everything that a step needs beside it."""
    approved = {"1.0.0": NEW} if target in (Status.APPROVED, Status.DEPRECATED) else {}
    said = serving(deprecated={"1.0.0": WHY} if target is Status.DEPRECATED else {}, reinstated={"1.0.0": WHY})
    found = codes(side("1.0.0", source.value), side("1.0.0", target.value, approved=approved, serving=said))
    assert found == ([] if source is target or is_step(source, target) else ["SK701"])


APPROVED = {"1.0.0": NEW}
SERVED = serving(serving="1.0.0")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (side(), side("1.0.0"), []),
        (side(), side("1.0.0", "candidate"), []),
        (side(), side("1.0.0", "approved"), ["SK701", "SK208"]),
        (side("1.0.0"), side(), []),
        (side("1.0.0"), side(has_folder=True), []),
        (side("0.9.0"), side("0.8.0", "candidate"), []),
        (side("1.0.0", "approved", approved=APPROVED), side("1.1.0", approved=APPROVED), []),
        (side("1.0.0", "approved", approved=APPROVED), side("0.9.0", approved=APPROVED), ["SK702"]),
        (side("1.0.0", "approved", approved=APPROVED), side("1.0.0+b", approved=APPROVED), ["SK702"]),
        (side("1.1.0", approved=APPROVED), side("1.0.0", "approved", approved=APPROVED), ["SK702"]),
        (side(has_folder=True, approved=APPROVED), side("1.0.0", "approved", approved=APPROVED), []),
        (side(approved=APPROVED), side("1.0.0", "draft", approved=APPROVED), ["SK702", "SK701"]),
        (
            side(approved=APPROVED),
            side("1.0.0", "deprecated", approved=APPROVED, serving=serving(deprecated={"1.0.0": WHY})),
            [],
        ),
        (side("1.0.0", "approved"), side("1.0.0", "approved", OLD, approved=APPROVED), ["SK412"]),
        (side("1.0.0", "approved"), side("1.0.0", "approved", None, approved=APPROVED), ["SK412"]),
        (side("1.0.0", "approved"), side("1.0.0", "deprecated", approved=APPROVED), ["SK701"]),
        (side("1.0.0", "deprecated"), side("1.0.0", "approved", approved=APPROVED), ["SK701"]),
        (side("1.0.0", "approved", approved=APPROVED), side(approved=APPROVED, serving=SERVED), ["SK410"]),
        (
            side("1.0.0", "approved", approved=APPROVED, serving=SERVED),
            side(approved=APPROVED, serving=serving(withdrawn={"1.0.0": WHY})),
            [],
        ),
    ],
)
def test_steps_of_versions(before: Side, after: Side, expected: list[str]) -> None:
    assert codes(before, after) == expected


ON_RECORD = {"approvals/adder/1.0.0/approval.json": "a", "approvals/adder/1.0.0/maria.sig": "b"}


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (ON_RECORD, []),
        (ON_RECORD | {"approvals/adder/1.0.0/jun.sig": "c"}, []),
        (ON_RECORD | {"approvals/adder/1.0.0/approval.json": "c"}, ["SK709"]),
        ({"approvals/adder/1.0.0/approval.json": "a"}, ["SK709"]),
        ({"approvals/adder/1.0.0/maria.sig": "b"}, ["SK411"]),
    ],
)
def test_what_is_on_record_stays(after: dict[str, str], expected: list[str]) -> None:
    assert codes(side(records=ON_RECORD), side(records=after)) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"serving": "1.0.0"}, []),
        ({}, {"serving": "1.1.0"}, ["SK401"]),
        ({}, {"serving": "1.0.0", "deprecated": {"1.0.0": WHY}}, []),
        ({}, {"serving": "1.0.0", "withdrawn": {"1.0.0": WHY}}, ["SK403"]),
        ({}, {"serving": "1.0.0", "revoked": {"1.0.0": WHY}}, ["SK403"]),
        ({"serving": "1.0.0"}, {}, ["SK407"]),
        ({"serving": "1.0.0"}, {"withdrawn": {"1.0.0": WHY}}, []),
        ({"serving": "1.0.0"}, {"revoked": {"1.0.0": WHY}}, []),
        ({"serving": "0.9.0"}, {"serving": "1.0.0"}, []),
        ({"revoked": {"1.0.0": WHY}}, {}, ["SK408"]),
        ({"withdrawn": {"1.0.0": WHY}}, {}, ["SK408"]),
        ({"withdrawn": {"1.0.0": WHY}}, {"reinstated": {"1.0.0": WHY}}, ["SK408"]),
        ({"withdrawn": {"1.0.0": WHY}}, {"revoked": {"1.0.0": WHY}}, []),
        ({"deprecated": {"1.0.0": WHY}}, {}, ["SK708"]),
        *(({"deprecated": {"1.0.0": WHY}}, {state: {"1.0.0": WHY}}, []) for state in ("reinstated", "withdrawn")),
    ],
)
def test_what_is_served(before: dict[str, Any], after: dict[str, Any], expected: list[str]) -> None:
    after_it = side(serving=serving(**after), approved={"1.0.0": OLD, "0.9.0": OLD})
    assert [one.code for one in served(side(serving=serving(**before)), after_it)] == expected


def test_a_report_is_open_where_no_error_is_in_it() -> None:
    told = Finding("SK707", "weaker", "b", severity=Severity.WARNING)
    one = Judged(side(), side("1.0.0"), (told,))
    assert (one.name, one.step) == ("adder", "nothing -> 1.0.0 draft")
    assert Judged(side(has_folder=True), side(has_folder=True), ()).step == "unreadable"
    assert GateReport("a", "b", [one], [], []).is_open
    closed = GateReport("a", "b", [one], [Finding("SK105", "bad", "a")], [])
    assert not closed.is_open
    assert [finding.code for finding in closed.all_findings] == ["SK105", "SK707"]


def test_findings_name_the_skill_and_its_place() -> None:
    (found,) = steps(side(), side("1.0.0", "approved", approved=APPROVED))
    assert (found.message[:7], found.file, found.skill) == ("adder: ", "skills/adder/skill.yaml", "adder")
    assert side().finding("SK701", "x").file == "skills/adder"


def test_the_catalogue_has_a_digest_of_what_selection_sees() -> None:
    offers = [Offer("a", "Adds.", ("sums",)), Offer("b", "Takes.")]
    assert digest_of(offers) == digest_of(list(offers)) != digest_of(offers[:1])
    assert digest_of([Offer("a", "Adds.")]) != digest_of(offers[:1])


@pytest.mark.parametrize(
    ("path", "expected"),
    [("skills/a/SKILL.md", True), ("approvals/a/serving.yaml", True), ("skills/README.md", False), ("docs/a/b", False)],
)
def test_what_lies_in_the_folder_of_a_skill(path: str, expected: bool) -> None:
    assert is_of_skill(path) is expected
