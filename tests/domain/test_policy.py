"""`skillctl.yaml`: the strictest of all gates that meet a skill, and nothing else."""

import hashlib

import pytest

from skillctl.domain import policy
from skillctl.domain.evidence import EvidenceClass
from skillctl.domain.lifecycle import Status
from skillctl.domain.policy import EffectiveGate, Policy
from tests.domain.made import told

D, R, L = EvidenceClass.DETERMINISTIC, EvidenceClass.RECORDED, EvidenceClass.LIVE

RULES = """\
people: {maria: {emails: [maria@example.test], github: maria-r, mattermost: maria, keys: ["ssh-ed25519 AAAA"]}, jun: {}}
groups: {finance-leads: [maria, jun]}
gates:
  - {to: candidate, min_cases: 8}
  - {to: approved, evidence: [deterministic, recorded], pass_rate: 0.9}
  - {to: approved, tags: [finance, ssc], evidence: [recorded, live], approvals: 2, approvers: [finance-leads, jun]}
  - {to: approved, names: [adder], pass_rate: 0.5, min_cases: 3}
  - {to: approved, names: [adder], tags: [sums], min_cases: 2, approvals: 1}
recorders: [ci]
auto_promote: [adder]
environments:
  dev: {}
  prod: {store: supabase, release_branch: main, mattermost: {}, n8n: {webhook: N8N_PROD}}
"""


def rules(text: str = RULES) -> Policy:
    read, findings = policy.read(text.encode())
    assert read is not None, findings
    return read


@pytest.mark.parametrize(
    ("skill", "tags", "to", "expected"),
    [
        ("x", [], Status.CANDIDATE, (8, (D, R, L), 1.0, 0)),
        ("x", [], Status.APPROVED, (0, (D, R), 0.9, 0)),
        ("x", ["finance"], Status.APPROVED, (0, (R,), 0.9, 2)),
        ("x", ["sums"], Status.APPROVED, (0, (D, R), 0.9, 0)),
        ("adder", [], Status.APPROVED, (3, (D, R), 0.9, 0)),
        ("adder", ["sums"], Status.APPROVED, (3, (D, R), 0.9, 1)),
        ("adder", ["sums", "ssc"], Status.APPROVED, (3, (R,), 0.9, 2)),
        ("x", [], Status.DEPRECATED, (0, (D, R, L), 1.0, 0)),
    ],
)
def test_the_strictest_value_of_each_key_wins(
    skill: str, tags: list[str], to: Status, expected: tuple[int, tuple[EvidenceClass, ...], float, int]
) -> None:
    found = policy.effective(rules(), skill, tags, to)
    assert found == EffectiveGate(to, *expected)


def test_gates_that_allow_nothing_in_common_allow_nothing() -> None:
    text = "gates: [{to: approved, evidence: [live]}, {to: approved, evidence: [recorded]}]"
    assert policy.effective(rules(text), "x", [], Status.APPROVED).evidence == ()


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("recorders: [ci]", "recorders: [ci, me]", False),
        ("github: maria-r", "github: maria", False),
        ("{to: candidate, min_cases: 8}", "{to: candidate, min_cases: 9}", False),
        ("tags: [finance, ssc], evidence", "tags: [finance], evidence", False),
        ("N8N_PROD", "N8N_OTHER", False),
        ("pass_rate: 0.9", "pass_rate: 1", True),
        ("evidence: [deterministic, recorded]", "evidence: [deterministic]", True),
        ("min_cases: 3", "min_cases: 4", True),
        ("approvals: 1", "approvals: 3", True),
    ],
)
def test_only_an_edit_that_meets_the_skill_changes_the_digest(old: str, new: str, changes: bool) -> None:
    assert old in RULES
    before = policy.effective(rules(), "adder", ["sums"], Status.APPROVED).digest
    after = policy.effective(rules(RULES.replace(old, new)), "adder", ["sums"], Status.APPROVED).digest
    assert (before != after) is changes


def test_the_digest_is_a_hash_of_the_gate_in_one_spelling() -> None:
    one = EffectiveGate(Status.APPROVED, 0, (D,), 1, 0)
    assert one.digest == EffectiveGate(Status.APPROVED, 0, (D,), 1.0, 0).digest
    # The pinned digits are what `sha256sum` says of this text.
    text = '{"approvals":0,"evidence":["deterministic"],"min_cases":0,"pass_rate":1.0,"to":"approved"}'
    assert one.digest == "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    assert one.digest == "sha256:d896799346d643892cf8bede4a0126b1609c839d7692d840e5da355bc2ba4a15"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "gates: [{to: draft}]",
            ("SK105", 1, 14, "`gates.0.to` is `draft`; it must be one of `candidate`, `approved`"),
        ),
        ("recorders: nobody", ("SK105", 1, 12, "`recorders`: it must be a list of names, or `none`")),
        ("groups: {leads: [ana]}", ("SK105", 1, 1, "group `leads` names `ana`, who is not in `people`")),
        (
            "gates: [{to: approved, approvers: [ana]}]",
            ("SK105", 1, 1, "`approvers` names `ana`, who is no group or person"),
        ),
        (
            "gates: [{to: approved, evidence: [rehearsal]}]",
            ("SK105", 1, 9, "`gates.0`: a rehearsal is never evidence; take it out of `evidence`"),
        ),
        (
            "environments: {prod: {n8n: {secret: hunter2}}}",
            (
                "SK105",
                1,
                37,
                "`environments.prod.n8n.secret`: it must be the name of an environment variable, never its value",
            ),
        ),
    ],
)
def test_what_no_policy_may_say(text: str, expected: tuple[str, int, int, str]) -> None:
    read, findings = policy.read(text.encode())
    assert read is None
    assert told(findings) == [expected]


def test_a_policy_that_cannot_be_parsed_and_an_empty_selection() -> None:
    assert policy.read(b"a: [")[0] is None
    assert rules("recorders: none").recorders == "none"
    assert rules().environments["prod"].n8n is not None


@pytest.mark.parametrize(("share", "fraction"), [("10 %", 0.1), ("5%", 0.05), ("0 %", 0.0), ("100 %", 1.0)])
def test_the_share_that_may_be_withdrawn_unasked(share: str, fraction: float) -> None:
    read = rules(f"environments: {{prod: {{max_withdrawn: {{share: {share}, above: 3}}}}}}")
    assert read.environments["prod"].max_withdrawn.fraction == fraction
    assert policy.read(b"environments: {prod: {max_withdrawn: {share: 101 %}}}")[0] is None


def test_how_much_one_release_may_withdraw() -> None:
    read = policy.read(b"environments: {prod: {max_withdrawn: {share: 25 %, above: 2}, mattermost: {}}, dev: {}}")[0]
    assert read is not None
    prod, dev = read.environments["prod"], read.environments["dev"]
    assert (prod.max_withdrawn.fraction, prod.max_withdrawn.above) == (0.25, 2)
    assert (dev.max_withdrawn.fraction, dev.max_withdrawn.above) == (0.1, 5)
    assert (prod.destinations, dev.destinations) == (["mattermost"], [])
