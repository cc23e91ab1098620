"""What a change does to the policy: what is asked of some skill decides, not how it is written."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillctl.domain.lifecycle import Status
from skillctl.domain.policy import EffectiveGate, Policy, effective
from skillctl.domain.verdict import ask_rate
from skillctl.domain.weakening import Change, policy_changes, tag_changes
from tests.domain.test_policy import RULES, rules

W, S, C = "weakened", "stricter", "changed"
PEOPLE = """\
people:
  maria: {emails: [Maria@Example.test], keys: ["ssh-ed25519 AAAA", {key: "ssh-ed25519 RRRR", retired: "2026-01-31"}]}
  jun: {github: jun-r, keys: ["ssh-ed25519 BBBB"]}
  ci: {keys: ["ssh-ed25519 CCCC"], bot: true}
groups: {leads: [maria]}
"""


def told(found: list[Change]) -> list[tuple[str, str, str, str]]:
    return [(one.kind, one.what, one.before, one.after) for one in found]


def changes(before: str, after: str) -> list[tuple[str, str, str, str]]:
    return told(policy_changes(rules(before), rules(after)))


def gates(*said: str) -> str:
    return f"{PEOPLE}gates: [{', '.join(f'{{to: approved, {one}}}' for one in said)}]\n"


OTHER_TAG = "gate to `approved` of skill tagged `other`"
EVERY, FINANCE = "gate to `approved` of every skill", "gate to `approved` of skill tagged `finance`"


@pytest.mark.parametrize("text", [RULES, PEOPLE, "{}", gates("approvals: 1", "tags: [a, b], names: [x], margin: 0.1")])
def test_nothing_changed_is_no_change(text: str) -> None:
    assert changes(text, text) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (gates("approvals: 1", "min_cases: 2"), gates("min_cases: 2, approvals: 1")),
        (gates("approvals: 1", "tags: [a], approvals: 1"), gates("approvals: 1")),
        (gates("tags: [a, b], min_cases: 2"), gates("tags: [b], min_cases: 2", "tags: [a], min_cases: 2")),
        (gates("pass_rate: 1.0"), gates("min_cases: 0")),
        (gates("ask_rate: 0.6"), gates("min_cases: 0")),
        (gates("names: [x, y], approvals: 1"), gates("names: [y], approvals: 1", "names: [x], approvals: 1")),
        (gates("approvers: [leads]"), gates("approvers: [maria]")),
        (PEOPLE, PEOPLE.replace("Maria@Example.test", "maria@example.test").replace("19 BBBB", "19  BBBB")),
        (PEOPLE, PEOPLE.replace('19 AAAA",', '19 AAAA", {key: "ssh-ed25519 AAAA", retired: "2020-01-01"},')),
        ("environments: {dev: {}}", "environments: {dev: {store: sqlite, max_withdrawn: {share: 10%}}}"),
    ],
)  # fmt: skip
def test_another_spelling_is_no_change(before: str, after: str) -> None:
    assert changes(before, after) == []
    assert changes(after, before) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("min_cases: 5", "min_cases: 4", [(W, f"{EVERY}: `min_cases`", "5", "4")]),
        ("min_cases: 5", "min_cases: 6", [(S, f"{EVERY}: `min_cases`", "5", "6")]),
        ("pass_rate: 0.9", "pass_rate: 0.8", [(W, f"{EVERY}: `pass_rate`", "0.9", "0.8")]),
        ("min_cases: 0", "pass_rate: 0.8", [(W, f"{EVERY}: `pass_rate`", "1", "0.8")]),
        ("min_cases: 0", "ask_rate: 0.5", [(W, f"{EVERY}: `ask_rate`", "0.6", "0.5")]),
        ("min_cases: 0", "ask_rate: 0.7", [(S, f"{EVERY}: `ask_rate`", "0.6", "0.7")]),
        ("margin: 0.1", "margin: 0.2", [(W, f"{EVERY}: `margin`", "0.1", "0.2")]),
        ("margin: 0.5", "min_cases: 0", [(W, f"{EVERY}: `margin`", "0.5", "nothing")]),
        ("min_cases: 0", "margin: 0.5", [(S, f"{EVERY}: `margin`", "nothing", "0.5")]),
        ("approvals: 1", "approvals: 0", [(W, f"{EVERY}: `approvals`", "1", "0")]),
        ("evidence: [deterministic]", "evidence: [deterministic, live]",
         [(W, f"{EVERY}: `evidence`", "deterministic", "deterministic, live")]),
        ("evidence: [deterministic]", "evidence: [recorded]",
         [(W, f"{EVERY}: `evidence`", "deterministic", "recorded")]),
        ("evidence: [deterministic, live]", "evidence: [live]",
         [(S, f"{EVERY}: `evidence`", "deterministic, live", "live")]),
        ("approvers: [leads]", "approvers: [leads, jun]", [(W, f"{EVERY}: `approvers`", "maria", "jun, maria")]),
        ("approvers: [leads]", "approvers: [jun]", [(W, f"{EVERY}: `approvers`", "maria", "jun")]),
        ("approvers: [leads, jun]", "approvers: [jun]", [(S, f"{EVERY}: `approvers`", "jun, maria", "jun")]),
        ("approvers: [jun]", "min_cases: 0", [(W, f"{EVERY}: `approvers`", "jun", "everybody in `people`")]),
        ("min_cases: 0", "approvers: [jun]", [(S, f"{EVERY}: `approvers`", "everybody in `people`", "jun")]),
        ("min_cases: 2", "tags: [finance], min_cases: 2", [(W, f"{EVERY}: `min_cases`", "2", "0")]),
        ("tags: [finance], min_cases: 2", "min_cases: 2", [(S, f"{EVERY}: `min_cases`", "0", "2")]),
        ("tags: [finance], min_cases: 2", "tags: [other], min_cases: 2",
         [(W, f"{FINANCE}: `min_cases`", "2", "0"), (S, f"{OTHER_TAG}: `min_cases`", "0", "2")]),
        ("names: [x], min_cases: 2", "names: [x], tags: [finance], min_cases: 2",
         [(W, "gate to `approved` of skill `x`: `min_cases`", "2", "0")]),
        ("tags: [finance], names: [x], min_cases: 2", "tags: [finance], names: [x], min_cases: 1",
         [(W, "gate to `approved` of skill `x` tagged `finance`: `min_cases`", "2", "1")]),
    ],
)  # fmt: skip
def test_gates(before: str, after: str, expected: list[tuple[str, str, str, str]]) -> None:
    assert changes(gates(before), gates(after)) == expected


def test_a_gate_that_is_gone_is_weaker_where_it_stood() -> None:
    assert changes(gates("min_cases: 1", "tags: [finance], approvals: 2"), gates("min_cases: 1")) == [
        (W, f"{FINANCE}: `approvals`", "2", "0")
    ]
    assert changes(gates("approvals: 1"), gates("approvals: 1").replace("approved", "candidate")) == [
        (S, "gate to `candidate` of every skill: `approvals`", "0", "1"),
        (W, f"{EVERY}: `approvals`", "1", "0"),
    ]


def test_a_rate_that_two_gates_held_up_together() -> None:
    """Where one of them says no more, the other one's holds, though each alone asks for no less than before."""
    before, after = gates("tags: [a], pass_rate: 0.9", "tags: [b], pass_rate: 0.5"), gates("tags: [b], pass_rate: 0.5")
    assert changes(before, after) == [
        (S, "gate to `approved` of skill tagged `a`: `pass_rate`", "0.9", "1"),
        (W, "gate to `approved` of skill tagged `a` and `b`: `pass_rate`", "0.9", "0.5"),
    ]
    for one, other in (("[x]", "[x, y]"), ("[x]", "[]"), ("[]", "[x]")):
        old = gates(f"names: {one}, tags: [a], ask_rate: 0.4", f"names: {other}, tags: [b], ask_rate: 0.2")
        new = gates(f"names: {other}, tags: [b], ask_rate: 0.2")
        assert (W, "gate to `approved` of skill `x` tagged `a` and `b`: `ask_rate`", "0.4", "0.2") in changes(old, new)
    apart = gates("names: [x], tags: [a], ask_rate: 0.4", "names: [y], tags: [b], ask_rate: 0.2")
    assert [kind for kind, *_ in changes(apart, gates("names: [y], tags: [b], ask_rate: 0.2"))] == [S]


P = "person `maria`"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"ssh-ed25519 AAAA", ', '"ssh-ed25519 AAAA", "ssh-ed25519 DDDD", ',
         [(W, f"{P}: a key is new", "nothing", "ssh-ed25519 DDDD")]),
        ('"ssh-ed25519 AAAA", ', "", [(S, f"{P}: a key is gone", "ssh-ed25519 AAAA", "nothing")]),
        ("AAAA", "DDDD", [(W, f"{P}: a key is new", "nothing", "ssh-ed25519 DDDD"),
                          (S, f"{P}: a key is gone", "ssh-ed25519 AAAA", "nothing")]),
        ('{key: "ssh-ed25519 RRRR", retired: "2026-01-31"}', '"ssh-ed25519 RRRR"',
         [(W, f"{P}: a key retires", "2026-01-31", "never")]),
        ("2026-01-31", "2026-02-01", [(W, f"{P}: a key retires", "2026-01-31", "2026-02-01")]),
        ("2026-01-31", "2025-12-31", [(S, f"{P}: a key retires", "2026-01-31", "2025-12-31")]),
        ("emails: [Maria@Example.test], ", "", [(W, f"{P}: a mail is gone", "maria@example.test", "nothing")]),
        ("[Maria@Example.test]", "[Maria@Example.test, m@x.test]", [(W, f"{P}: a mail is new", "nothing", "m@x.test")]),
        ("bot: true", "bot: false", [(W, "person `ci`: `bot`", "a bot", "no bot")]),
        ('"ssh-ed25519 BBBB"]', '"ssh-ed25519 BBBB"], bot: true', [(S, "person `jun`: `bot`", "no bot", "a bot")]),
        ("github: jun-r, ", "", [(C, "person `jun`: `github`", "jun-r", "nothing")]),
        ("  jun:", "  ana: {mattermost: a}\n  jun:", [(C, "person `ana`", "nothing", "a person with 0 keys")]),
        ("  jun:", "  ana: {keys: [k]}\n  jun:", [(C, "person `ana`", "nothing", "a person with 1 key"),
                                                 (W, "person `ana`: a key is new", "nothing", "k")]),
        ("  jun:", "  bob: {bot: true, keys: [k]}\n  jun:", [(C, "person `bob`", "nothing", "a bot with 1 key"),
                                                            (W, "person `bob`: a key is new", "nothing", "k")]),
        ('  ci: {keys: ["ssh-ed25519 CCCC"], bot: true}\n', "", [(S, "person `ci`", "a bot with 1 key", "nothing")]),
        ("leads: [maria]", "leads: [maria, jun]", [(W, "group `leads`: a member is new", "nothing", "jun")]),
        ("leads: [maria]", "leads: []", [(S, "group `leads`: a member is gone", "maria", "nothing")]),
        ("leads: [maria]", "", [(C, "group `leads`", "maria", "nothing")]),
        ("leads: [maria]", "leads: [maria], all: []", [(C, "group `all`", "nothing", "nobody")]),
    ],
)  # fmt: skip
def test_people(old: str, new: str, expected: list[tuple[str, str, str, str]]) -> None:
    assert old in PEOPLE
    assert changes(PEOPLE, PEOPLE.replace(old, new)) == expected


def test_a_key_given_to_somebody_else_is_new_there() -> None:
    moved = PEOPLE.replace("jun:", "ana:")
    assert [row[:2] for row in changes(PEOPLE, moved)] == [
        (C, "person `ana`"), (W, "person `ana`: a key is new"), (S, "person `jun`"),
    ]  # fmt: skip


ENV = "environments: {prod: {store: supabase, mattermost: {}}, dev: {}}"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("recorders: [ci]", "recorders: none", [(W, "`recorders`", "ci", "none")]),
        ("recorders: none", "recorders: [leads, jun]", [(S, "`recorders`", "none", "jun, maria")]),
        ("", "recorders: []", [(S, "`recorders`", "none", "nobody")]),
        ("recorders: [ci]", "recorders: [leads, jun]", [(W, "`recorders`", "nothing", "jun"),
                                                       (W, "`recorders`", "nothing", "maria"),
                                                       (S, "`recorders`", "ci", "nothing")]),
        ("auto_promote: [a]", "auto_promote: [b]", [(W, "`auto_promote`", "nothing", "b"),
                                                    (S, "`auto_promote`", "a", "nothing")]),
        ("runners: {default: {model: {name: m}}}", "runners: {default: {fake: {}}, new: {fake: {answers: {a: b}}}}",
         [(C, "runner `default`", '{model: {name: "m"}}', "{fake: {}}"),
          (C, "runner `new`", "nothing", '{fake: {answers: {a: "b"}}}')]),
        ("servers: {odoo: {command: [a]}, b: {command: [b]}}", "servers: {b: {command: [b]}}",
         [(C, "server `odoo`", '{command: ["a"]}', "nothing")]),
        (ENV, ENV.replace("store: supabase", "store: sqlite"),
         [(W, "environment `prod`: `store`", "supabase", "sqlite")]),
        (ENV, ENV.replace("dev: {}", "dev: {store: supabase}"),
         [(C, "environment `dev`: `store`", "sqlite", "supabase")]),
        (ENV, ENV.replace("supabase,", "supabase, release_branch: x,"),
         [(W, "environment `prod`: `release_branch`", "main", "x")]),
        (ENV, ENV.replace("dev: {}", "dev: {release_branch: x}"),
         [(C, "environment `dev`: `release_branch`", "main", "x")]),
        (ENV, ENV.replace("{prod", "{a: {store: supabase, release_branch: x}, prod"),
         [(C, "environment `a`", "nothing", "store `supabase`"),
          (W, "the branch that production is released from", "main", "x")]),
        (ENV, ENV.replace("{prod: {", "{prod: {max_withdrawn: {share: 20 %, above: 3}, "),
         [(W, "environment `prod`: `max_withdrawn.share`", "10 %", "20 %"),
          (S, "environment `prod`: `max_withdrawn.above`", "5", "3")]),
        (ENV, ENV.replace(", mattermost: {}", ""),
         [(W, "environment `prod`: `mattermost`", "MATTERMOST_WEBHOOK_URL", "nothing")]),
        (ENV, ENV.replace("mattermost: {}", f"mattermost: {{channel: {'c' * 26}, dashboard: 'https://d.test'}}"),
         [(C, "environment `prod`: `mattermost`", "MATTERMOST_WEBHOOK_URL",
           f"MATTERMOST_URL, MATTERMOST_TOKEN, {'c' * 26}, https://d.test")]),
        (ENV, ENV.replace("mattermost: {}", "mattermost: {webhook: OTHER}, n8n: {}"),
         [(C, "environment `prod`: `mattermost`", "MATTERMOST_WEBHOOK_URL", "OTHER"),
          (S, "environment `prod`: `n8n`", "nothing",
           "N8N_WEBHOOK_URL, N8N_WEBHOOK_SECRET")]),
        (ENV, ENV.replace("mattermost: {}", "mattermost: {}, on_rollout_failed: hold"),
         [(S, "environment `prod`: `on_rollout_failed`", "notify", "hold")]),
        (ENV.replace("mattermost: {}", "mattermost: {}, on_rollout_failed: hold"), ENV,
         [(W, "environment `prod`: `on_rollout_failed`", "hold", "notify")]),
        (ENV, "environments: {dev: {}}", [(W, "environment `prod`", "store `supabase`", "nothing")]),
        (ENV, ENV.replace(", dev: {}", ""), [(C, "environment `dev`", "store `sqlite`", "nothing")]),
    ],
)  # fmt: skip
def test_the_rest(before: str, after: str, expected: list[tuple[str, str, str, str]]) -> None:
    found = changes(f"{PEOPLE}{before}\n", f"{PEOPLE}{after}\n")
    # What recorders do to the classes of evidence is said of the gates.
    assert [row for row in found if "`evidence`" not in row[1]] == expected


TAGGED = gates(
    "tags: [finance], approvals: 2",
    "tags: [easy], pass_rate: 0.5",
    "tags: [x], names: [other]",
    "tags: [soft], ask_rate: 0.1",
)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["finance", "free"], ["finance", "more"], []),
        (["finance"], [], [(W, "tag `finance`", "selects it for the gate to `approved`", "nothing")]),
        ([], ["finance"], [(S, "tag `finance`", "nothing", "selects it for the gate to `approved`")]),
        ([], ["easy"], [(W, "tag `easy`", "nothing", "selects it for the gate to `approved`")]),
        ([], ["soft"], [(W, "tag `soft`", "nothing", "selects it for the gate to `approved`")]),
        (["x"], [], []),
    ],
)  # fmt: skip
def test_tags(before: list[str], after: list[str], expected: list[tuple[str, str, str, str]]) -> None:
    assert told(tag_changes(rules(TAGGED), "adder", before, after)) == expected


# Properties

TAGS, NAMES = ("a", "b"), ("x", "y")
SAID: dict[str, st.SearchStrategy[Any]] = {
    "min_cases": st.integers(0, 2),
    "evidence": st.sampled_from([["live"], ["live", "recorded"], ["live", "deterministic"]]),
    "pass_rate": st.sampled_from([0.0, 0.5, 1.0]),
    "ask_rate": st.sampled_from([0.5, 0.6, 0.7]),
    "margin": st.sampled_from([0.1, 0.2]),
    "approvers": st.sampled_from([["maria"], ["jun"], ["maria", "jun"]]),
}
GATES = st.builds(
    lambda said, tags, names, to: {"to": to, "tags": tags, "names": names, **said},
    st.fixed_dictionaries({}, optional=SAID),
    st.lists(st.sampled_from(TAGS), unique=True),
    st.lists(st.sampled_from(NAMES), unique=True),
    st.sampled_from(["approved", "approved", "candidate"]),
)
POLICIES = st.lists(GATES, max_size=4).map(
    lambda listed: Policy.model_validate(
        {"people": {"maria": {"keys": ["k"]}, "jun": {"keys": ["l"]}}, "gates": listed}
    )
)


def asks_less(one: EffectiveGate, other: EffectiveGate) -> bool:
    """Whether the one gate lets something through that the other does not."""
    people = [{"maria", "jun"} if gate.approvers is None else set(gate.approvers) for gate in (one, other)]
    return (
        one.min_cases < other.min_cases
        or not set(one.evidence) <= set(other.evidence)
        or one.pass_rate < other.pass_rate
        or ask_rate(one) < ask_rate(other)
        or (other.margin or 9) < (one.margin or 9)
        or not people[0] <= people[1]
    )


@given(POLICIES, POLICIES)
def test_a_skill_that_is_asked_for_less_is_never_missed(before: Policy, after: Policy) -> None:
    """Against every skill there could be: of each name, and with each set of tags."""
    skills = [
        (name, tags)
        for name in ("z", *NAMES)
        for size in range(len(TAGS) + 1)
        for tags in combinations(TAGS, size)
    ]  # fmt: skip
    less = any(
        asks_less(effective(after, *skill, to), effective(before, *skill, to))
        for skill in skills
        for to in (Status.CANDIDATE, Status.APPROVED)
    )
    named = {one.what for one in policy_changes(before, after) if one.kind == W}
    # To name everybody an approver is not to name any; a person who comes later would be one only then.
    named -= {what for what in named if what.endswith("`approvers`") and not less}
    assert bool(named) is less
