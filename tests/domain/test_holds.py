"""What people stopped in production, in the plan: it holds until the commit agrees, or somebody ends it."""

import pytest

from skillctl.domain.production import Current, Hold, Revocation, SkillState, VersionState
from skillctl.domain.release import Action, Desired, Entry, plan

GOOD, BAD = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def state(serving: str | None, **states: str) -> SkillState:
    """Versions 1.0.0 (good) and 1.1.0 (bad), each in a state."""
    digests = {"v1_0_0": GOOD, "v1_1_0": BAD}
    found = {name[1:].replace("_", "."): VersionState(digests[name], one, None) for name, one in states.items()}
    return SkillState(serving, found)


BOTH = {"v1_0_0": "approved", "v1_1_0": "approved"}


def hold(kind: str = "rollback") -> Hold:
    digests = frozenset({BAD} if kind == "rollback" else ())
    return Hold("adder", kind, "1.0.0", digests, "wrong sums", "maria", "2026-11-29")  # type: ignore[arg-type]


def entry(wanted: SkillState | None, held: SkillState | None, stop: Hold, working: str | None = None) -> Entry:
    desired = {"adder": Desired("adder", wanted, working)} if wanted else {}
    current = Current("r", "c" * 40, "h", {"adder": held} if held else {}, holds={"adder": stop})
    (only,) = plan("d" * 40, desired, current).entries
    return only


def test_what_was_rolled_back_does_not_come_back() -> None:
    found = entry(state("1.1.0", **BOTH), state("1.0.0", **BOTH), hold())
    assert (found.action, found.serving, found.lifts) == (Action.HOLD, "1.0.0", False)
    assert found.note == "rollback by maria: wrong sums"
    assert (found.digest, found.was_digest) == (GOOD, GOOD)


@pytest.mark.parametrize("working", [None, "1.2.0"])
def test_a_commit_that_serves_the_same_ends_a_rollback(working: str | None) -> None:
    found = entry(state("1.0.0", **BOTH), state("1.0.0", **BOTH), hold(), working)
    assert (found.action, found.lifts, found.note) == (Action.UNHOLD, True, "agrees with the rollback by maria")


def test_a_commit_that_serves_nothing_ends_a_rollback_with_what_it_changes() -> None:
    gone = {"v1_0_0": "withdrawn", "v1_1_0": "withdrawn"}
    found = entry(state(None, **gone), state("1.0.0", **BOTH), hold())
    assert (found.action, found.lifts, found.serving) == (Action.WITHDRAW, True, None)


@pytest.mark.parametrize("wanted", [state("1.0.0", **BOTH), state("1.1.0", **BOTH), None])
def test_nothing_of_a_held_skill_changes(wanted: SkillState | None) -> None:
    held = state("1.0.0", **BOTH) if wanted else None
    assert entry(wanted, held, hold("hold")).action is Action.HOLD


def test_a_blocked_skill_is_blocked_though_it_is_held() -> None:
    found = entry(None, state("1.0.0", **BOTH), hold("hold"))
    assert (found.action, found.hold) == (Action.BLOCKED, hold("hold"))


def test_what_is_gone_and_serves_nothing_is_unchanged() -> None:
    (found,) = plan("d" * 40, {}, Current("r", "c", "h", {"adder": state(None, v1_0_0="withdrawn")})).entries
    assert found.action is Action.UNCHANGED


@pytest.mark.parametrize("known", [True, False])
def test_what_was_revoked_in_production_blocks_the_skill(known: bool) -> None:
    revocations = {BAD: Revocation(BAD, "adder", "1.1.0", "it leaks", "maria")} if known else {}
    held = state("1.0.0", v1_0_0="approved", v1_1_0="revoked")
    current = Current("r", "c" * 40, "h", {"adder": held}, revocations=revocations)
    (found,) = plan("d" * 40, {"adder": Desired("adder", state("1.1.0", **BOTH))}, current).entries
    assert (found.action, [one.code for one in found.problems]) == (Action.BLOCKED, ["SK408"])
    assert ("it leaks" in found.problems[0].message) is known


@pytest.mark.parametrize(
    ("states", "action"),
    [
        ({"v1_0_0": "approved", "v1_1_0": "deprecated"}, Action.DEPRECATE),
        ({"v1_0_0": "approved", "v1_1_0": "withdrawn"}, Action.WITHDRAW),
        (BOTH, Action.ROLLBACK),
    ],
)
def test_an_older_version_is_served_by_what_retires_the_newer_one(states: dict[str, str], action: Action) -> None:
    desired = {"adder": Desired("adder", state("1.0.0", **states))}
    current = Current("r", "c" * 40, "h", {"adder": state("1.1.0", **BOTH)})
    (found,) = plan("d" * 40, desired, current).entries
    assert found.action is action


def test_a_notice_alone_is_an_update() -> None:
    wanted = SkillState("1.0.0", {"1.0.0": VersionState(GOOD, "approved", {"reason": "x"})})
    current = Current("r", "c", "h", {"adder": state("1.0.0", v1_0_0="approved")})
    (found,) = plan("d", {"adder": Desired("adder", wanted)}, current).entries
    assert found.action is Action.UPDATE
