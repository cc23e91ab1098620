"""The plan: what a commit wants against what production holds, skill by skill."""

import pytest
from msgspec.structs import replace

from skillctl.domain import conflicts, release
from skillctl.domain.finding import Finding
from skillctl.domain.production import Current, SkillState, VersionState
from skillctl.domain.release import Action, Desired, Entry, LedgerStep, plan

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
NOTICE = {"reason": "replaced"}


def skill(serving: str | None, **versions: str) -> SkillState:
    """Versions by state; `v1_0_0="deprecated"` is 1.0.0, deprecated."""
    return SkillState(
        serving,
        {
            name[1:].replace("_", "."): VersionState(A, state, None if state == "approved" else NOTICE)
            for name, state in versions.items()
        },
    )


def entry(wanted: Desired | None, held: SkillState | None) -> Entry:
    """The plan for one skill."""
    desired = {"adder": wanted} if wanted else {}
    current = Current(None, None, None, {"adder": held} if held else {})
    (only,) = plan("c" * 40, desired, current).entries
    return only


def step(version: str, action: Action, source: str, target: str) -> LedgerStep:
    return LedgerStep(version, action, source, target)


PUBLISHED = {"source": "candidate", "target": "approved"}


@pytest.mark.parametrize(
    ("wanted", "held", "expected"),
    [
        pytest.param(
            skill("1.0.0", v1_0_0="approved"),
            None,
            Entry(
                "adder", Action.PUBLISH, "1.0.0", "1.0.0", None, publish=("1.0.0",),
                steps=(step("1.0.0", Action.PUBLISH, **PUBLISHED),),
            ),
            id="new",
        ),
        pytest.param(
            skill("1.10.0", v1_10_0="approved", v1_9_0="deprecated", v1_0_0="deprecated"),
            skill("1.0.0", v1_0_0="approved"),
            Entry(
                "adder", Action.PUBLISH, "1.10.0", "1.10.0", "1.0.0",
                publish=("1.9.0", "1.10.0"), states=("1.0.0", "1.9.0"),
                steps=(
                    step("1.9.0", Action.PUBLISH, **PUBLISHED),
                    step("1.10.0", Action.PUBLISH, **PUBLISHED),
                    step("1.0.0", Action.DEPRECATE, "approved", "deprecated"),
                    step("1.9.0", Action.DEPRECATE, "approved", "deprecated"),
                ),
            ),
            id="several at once, ordered as versions",
        ),
        pytest.param(
            skill("1.0.0", v1_0_0="approved", v2_0_0="approved"),
            skill("2.0.0", v1_0_0="approved", v2_0_0="approved"),
            Entry("adder", Action.ROLLBACK, "1.0.0", "1.0.0", "2.0.0"),
            id="an older version is served",
        ),
        pytest.param(
            skill("1.0.0", v1_0_0="deprecated"),
            skill("1.0.0", v1_0_0="approved"),
            Entry(
                "adder", Action.DEPRECATE, "1.0.0", "1.0.0", "1.0.0", states=("1.0.0",),
                steps=(step("1.0.0", Action.DEPRECATE, "approved", "deprecated"),),
            ),
            id="deprecated",
        ),
        pytest.param(
            skill("1.0.0", v1_0_0="approved"),
            skill("1.0.0", v1_0_0="deprecated"),
            Entry(
                "adder", Action.REINSTATE, "1.0.0", "1.0.0", "1.0.0", states=("1.0.0",),
                steps=(step("1.0.0", Action.REINSTATE, "deprecated", "approved"),),
            ),
            id="reinstated",
        ),
        pytest.param(
            skill(None, v1_0_0="withdrawn"),
            skill("1.0.0", v1_0_0="deprecated"),
            Entry(
                "adder", Action.WITHDRAW, "1.0.0", None, "1.0.0", states=("1.0.0",),
                steps=(step("1.0.0", Action.WITHDRAW, "deprecated", "withdrawn"),),
            ),
            id="withdrawn",
        ),
        pytest.param(
            skill(None, v1_0_0="revoked"),
            skill("1.0.0", v1_0_0="approved"),
            Entry(
                "adder", Action.REVOKE, "1.0.0", None, "1.0.0", states=("1.0.0",),
                steps=(step("1.0.0", Action.REVOKE, "approved", "revoked"),),
            ),
            id="revoked",
        ),
        pytest.param(
            skill("1.0.0", v1_0_0="approved"),
            skill("1.0.0", v1_0_0="approved"),
            Entry("adder", Action.UNCHANGED, "1.0.0", "1.0.0", "1.0.0"),
            id="unchanged",
        ),
    ],
)  # fmt: skip
def test_each_difference(wanted: SkillState, held: SkillState | None, expected: Entry) -> None:
    found = entry(Desired("adder", wanted), held)
    assert replace(found, digest=None, was_digest=None) == expected
    assert (found.digest is None, found.was_digest is None) == (found.serving is None, found.was_serving is None)


def test_another_notice_is_an_update_and_no_step() -> None:
    held = SkillState("1.0.0", {"1.0.0": VersionState(A, "deprecated", {"reason": "old words"})})
    found = entry(Desired("adder", skill("1.0.0", v1_0_0="deprecated")), held)
    assert (found.action, found.version, found.states, found.steps) == (Action.UPDATE, "1.0.0", ("1.0.0",), ())


def test_a_version_in_work_keeps_what_is_served() -> None:
    state = skill("1.0.0", v1_0_0="approved")
    found = entry(Desired("adder", state, working="1.1.0"), state)
    assert (found.action, found.serving, found.note) == (Action.KEPT, "1.0.0", "1.1.0 is in work")
    assert (
        plan("c", {"adder": Desired("adder", state, "1.1.0")}, Current(None, None, None, {"adder": state})).changes
        == ()
    )


def test_a_skill_that_was_judged_and_refused_keeps_serving() -> None:
    problem = Finding("SK403", "no", "x")
    found = entry(
        Desired("adder", skill("2.0.0", v1_0_0="approved", v2_0_0="approved"), problems=(problem,)),
        skill("1.0.0", v1_0_0="approved"),
    )
    assert (found.action, found.version, found.serving) == (Action.BLOCKED, "2.0.0", "1.0.0")
    assert found.digest == found.was_digest == A
    assert found.problems == (problem,)
    assert (found.publish, found.states, found.steps) == ((), (), ())


def test_approved_content_never_changes_and_is_never_forgotten() -> None:
    held = SkillState("1.0.0", {"1.0.0": VersionState(B, "approved", None), "0.9.0": VersionState(A, "approved", None)})
    found = entry(Desired("adder", skill("1.0.0", v1_0_0="approved")), held)
    assert found.action is Action.BLOCKED
    # What is served goes on to be, whatever the commit would have under its name.
    assert (found.serving, found.digest, found.was_digest) == ("1.0.0", B, B)
    assert [(problem.code, problem.file) for problem in found.problems] == [
        ("SK412", "approvals/adder/1.0.0/approval.json"),
        ("SK411", "approvals/adder/0.9.0/approval.json"),
    ]


def test_what_is_revoked_stays_revoked() -> None:
    found = entry(Desired("adder", skill(None, v1_0_0="withdrawn")), skill(None, v1_0_0="revoked"))
    assert (found.action, [problem.code for problem in found.problems]) == (Action.BLOCKED, ["SK408"])
    assert entry(Desired("adder", skill(None, v1_0_0="revoked")), skill(None, v1_0_0="revoked")).problems == ()


@pytest.mark.parametrize("state", ["approved", "deprecated"])
def test_a_served_version_leaves_only_by_an_entry_that_withdraws_it(state: str) -> None:
    found = entry(Desired("adder", skill(None, v1_0_0=state)), skill("1.0.0", v1_0_0="approved"))
    assert (found.action, found.serving) == (Action.BLOCKED, "1.0.0")
    assert [problem.code for problem in found.problems] == ["SK407"]


def test_how_much_is_withdrawn_at_once() -> None:
    held = {f"s{number}": skill("1.0.0", v1_0_0="approved") for number in range(10)} | {"never": skill(None)}
    gone = {name: Desired(name, skill(None, v1_0_0="withdrawn")) for name in ("s1", "s2")}
    kept = {name: Desired(name, state) for name, state in held.items() if name not in gone}
    made = plan("c", kept | gone, Current(None, None, None, held))
    assert release.withdrawals(made) == ("s1", "s2")
    assert release.withdraws_too_much(made, 0.1, 1)
    assert not release.withdraws_too_much(made, 0.2, 1)
    assert not release.withdraws_too_much(made, 0.1, 2)


def test_a_deleted_folder_is_an_error_unless_nothing_was_served() -> None:
    gone = entry(None, skill("1.0.0", v1_0_0="approved"))
    assert (gone.action, gone.serving, gone.problems[0].code) == (Action.BLOCKED, "1.0.0", "SK410")
    assert entry(None, skill(None, v1_0_0="withdrawn")).action is Action.UNCHANGED


def test_one_blocked_skill_holds_no_other_back() -> None:
    fine = Desired("b", skill("1.0.0", v1_0_0="approved"))
    bad = Desired("a", skill("1.0.0", v1_0_0="approved"), problems=(Finding("SK403", "no", "x"),))
    made = plan("c", {"b": fine, "a": bad}, Current(None, None, None, {}))
    assert [entry.skill for entry in made.entries] == ["a", "b"]
    assert [entry.skill for entry in made.blocked] == ["a"]
    assert [entry.skill for entry in made.changes] == ["b"]


def served(count: int, *, gone: int) -> release.Plan:
    """A plan over so many served skills that withdraws some of them."""
    held = {f"s{number}": skill("1.0.0", v1_0_0="approved") for number in range(count)}
    wanted = {
        name: Desired(name, skill(None, v1_0_0="withdrawn") if number < gone else state)
        for number, (name, state) in enumerate(held.items())
    }
    return plan("c" * 40, wanted, Current(None, None, None, held))


@pytest.mark.parametrize(
    ("count", "gone", "too_much"), [(100, 5, False), (100, 10, False), (100, 11, True), (6, 5, False), (6, 6, True)]
)
def test_how_much_may_be_withdrawn_at_once(count: int, gone: int, too_much: bool) -> None:
    made = served(count, gone=gone)
    assert len(release.withdrawals(made)) == gone
    assert release.withdraws_too_much(made, 0.1, 5) is too_much


def test_an_approval_that_comes_late_is_blocked() -> None:
    late = entry(
        Desired("adder", skill("1.1.0", v1_0_0="approved", v1_1_0="approved")), skill("1.1.0", v1_1_0="approved")
    )
    assert (late.action, [finding.code for finding in late.problems]) == (Action.BLOCKED, ["SK414"])


def test_a_folder_that_is_gone_is_named() -> None:
    assert conflicts.folder_is_gone("adder").code == "SK410"
