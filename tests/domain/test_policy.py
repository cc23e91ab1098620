"""`skillctl.yaml`: the strictest of all gates that meet a skill, and nothing else."""

import hashlib

import pytest

from skillctl.domain import policy
from skillctl.domain.environment import Mattermost
from skillctl.domain.evidence import EvidenceClass
from skillctl.domain.lifecycle import Status
from skillctl.domain.person import Person, RetiredKey
from skillctl.domain.policy import EffectiveGate, Policy
from tests.domain.made import told

D, R, L = EvidenceClass.DETERMINISTIC, EvidenceClass.RECORDED, EvidenceClass.LIVE

RULES = """\
people:
  maria: {emails: [maria@example.test], github: maria-r, mattermost: maria, keys: ["ssh-ed25519 AAAA"]}
  jun: {keys: [{key: "ssh-ed25519 CCCC", retired: "2026-01-31"}, "ssh-ed25519 DDDD"]}
  ci: {keys: ["ssh-ed25519 BBBB"], bot: true}
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
        ("x", [], Status.CANDIDATE, (8, (D, R), 1.0, 0)),
        ("x", [], Status.APPROVED, (0, (D, R), 0.9, 0)),
        ("x", ["finance"], Status.APPROVED, (0, (R,), 0.9, 2)),
        ("x", ["sums"], Status.APPROVED, (0, (D, R), 0.9, 0)),
        ("adder", [], Status.APPROVED, (3, (D, R), 0.9, 0)),
        ("adder", ["sums"], Status.APPROVED, (3, (D, R), 0.9, 1)),
        ("adder", ["sums", "ssc"], Status.APPROVED, (3, (R,), 0.9, 2)),
        ("x", [], Status.DEPRECATED, (0, (D, R), 1.0, 0)),
    ],
)
def test_the_strictest_value_of_each_key_wins(
    skill: str, tags: list[str], to: Status, expected: tuple[int, tuple[EvidenceClass, ...], float, int]
) -> None:
    found = policy.effective(rules(), skill, tags, to)
    asks_leads = "ssc" in tags or "finance" in tags
    assert found == EffectiveGate(to, *expected, approvers=("jun", "maria") if asks_leads else None)


def test_gates_that_allow_nothing_in_common_allow_nothing() -> None:
    text = "gates: [{to: approved, tags: [a], evidence: [live]}, {to: approved, tags: [b], evidence: [recorded]}]"
    assert policy.effective(rules(text), "x", ["a", "b"], Status.APPROVED).evidence == ()
    assert policy.effective(rules(text), "x", ["a"], Status.APPROVED).evidence == (L,)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], (None, None)),
        (["ask_rate: 0"], (0.0, None)),
        (["ask_rate: 0.5", "ask_rate: 0.7, margin: 0.2"], (0.7, 0.2)),
        (["margin: 0.1", "margin: 0.3"], (None, 0.1)),
        (["ask_rate: 0, margin: 0.1", "pass_rate: 1"], (0.0, 0.1)),
    ],
)
def test_of_rates_the_highest_and_of_margins_the_narrowest_holds(
    values: list[str], expected: tuple[float | None, float | None]
) -> None:
    text = "gates: [" + ", ".join(f"{{to: approved, {value}}}" for value in values) + "]"
    found = policy.effective(rules(text), "x", [], Status.APPROVED)
    assert (found.ask_rate, found.margin) == expected


@pytest.mark.parametrize(
    ("recorders", "allowed"),
    [("", (D, R, L)), ("recorders: none", (D, R, L)), ("recorders: [ci]", (D, R)), ("recorders: []", (D, R))],
)
def test_where_recorders_are_named_live_answers_count_for_nothing(
    recorders: str, allowed: tuple[EvidenceClass, ...]
) -> None:
    assert policy.effective(rules(f"people: {{}}\n{recorders}"), "x", [], Status.APPROVED).evidence == allowed


SIGNED = "; where there are `recorders`, `live` counts for nothing, and `recorded` needs the key of one of them"
KEY = 'people: {ci: {keys: ["ssh-ed25519 AAAA"]}}\nrecorders: [ci]\n'


def gates(top: str, *said: str) -> str:
    """A policy with gates to `approved`, each of which says so."""
    return f"{top}gates: [{', '.join(f'{{to: approved, {one}}}' for one in said)}]\n"


@pytest.mark.parametrize(
    ("text", "number", "hint"),
    [
        (gates("", "evidence: [live]", "evidence: [recorded]"), 0, ""),
        (gates("", "evidence: [live]", "tags: [a], evidence: [recorded]"), 1, ""),
        (gates("", "tags: [a], evidence: [live]", "tags: [a], names: [x], evidence: [recorded]"), 1, ""),
        (gates("", "names: [x, y], evidence: [live]", "names: [y], evidence: [recorded]"), 1, ""),
        (gates("", "tags: [a, b], evidence: [live]", "tags: [b], evidence: [recorded]"), 1, ""),
        # Each two of them have a class in common.
        (gates("", "evidence: [live, recorded]", "evidence: [recorded, deterministic]",
               "tags: [a], evidence: [live, deterministic]"), 2, ""),
        (gates(KEY, "evidence: [live]"), 0, SIGNED),
        (gates("recorders: [ci]\n", "evidence: [recorded]"), 0, SIGNED),
        (gates("recorders: []\n", "evidence: [recorded, live]"), 0, SIGNED),
        (gates("people: {ci: {}}\nrecorders: [ci]\n", "min_cases: 1", "tags: [a], evidence: [recorded]"), 1, SIGNED),
    ],
)  # fmt: skip
def test_a_policy_that_can_never_pass_is_refused(text: str, number: int, hint: str) -> None:
    read, findings = policy.read(text.encode())
    message = f"no evidence can open `gates.{number}` and the gates that always stand with it{hint}"
    assert (read, [(one.code, one.message) for one in findings]) == (None, [("SK105", message)])


@pytest.mark.parametrize(
    "text",
    [
        gates("", "tags: [a], evidence: [live]", "tags: [b], evidence: [recorded]"),
        gates("", "tags: [a, b], evidence: [live]", "tags: [b, c], evidence: [recorded]"),
        gates("", "names: [x], evidence: [live]", "tags: [b], evidence: [recorded]"),
        gates("", "evidence: [live]").replace("]}", "]}, {to: candidate, evidence: [recorded]}"),
        # To `candidate` nothing is asked of evidence.
        gates(KEY, "evidence: [live]").replace("approved", "candidate"),
        gates(KEY, "evidence: [recorded]"),
        gates("recorders: [ci]\n", "evidence: [deterministic, recorded]"),
    ],
)
def test_a_policy_that_some_skill_could_pass_is_not(text: str) -> None:
    assert rules(text).gates


HINT = "add them to `people`, or take the name out"


def test_who_may_record() -> None:
    text = """\
people: {ci: {keys: ["k1", "k2"]}, jun: {}, ana: {keys: ["k3"]}}
groups: {leads: [jun, ana]}
recorders: [ci, leads, nobody]
"""
    assert rules(text).recorder_keys() == {"ci": ["k1", "k2"], "jun": [], "ana": ["k3"]}
    assert rules(text.replace("[ci, leads, nobody]", "none")).recorder_keys() == {}


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("[ci, leads]", []),
        ("[]", []),
        ("none", []),
        (
            "[ci, leds]",
            [("SK105", 4, 17, "`recorders` names `leds`, who is no group or person", "did you mean `leads`?")],
        ),
        (
            "[zz, c]",
            [
                ("SK105", 4, 13, "`recorders` names `zz`, who is no group or person", HINT),
                ("SK105", 4, 17, "`recorders` names `c`, who is no group or person", "did you mean `ci`?"),
            ],
        ),
    ],
)
def test_recorders_who_are_nobody_are_told_and_leave_the_policy_as_it_reads(
    named: str, expected: list[tuple[str, int, int, str, str]]
) -> None:
    text = f"people: {{ci: {{keys: [k]}}, jun: {{}}}}\ngroups: {{leads: [jun]}}\nx-own: 1\nrecorders: {named}\n"
    judged, findings = policy.judged(text.encode())
    assert [(one.code, one.line, one.column, one.message, one.hint) for one in findings] == expected
    # What was merged long ago is read as it was: nothing that stands falls by it.
    assert (judged, []) == policy.read(text.encode())


def test_a_policy_that_cannot_be_read_is_judged_so() -> None:
    for text in (b"a: [", b"gates: 1"):
        assert policy.judged(text) == policy.read(text)
        assert policy.judged(text)[0] is None


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("recorders: [ci]", "recorders: [ci, me]", False),
        ("github: maria-r", "github: maria", False),
        ("{to: candidate, min_cases: 8}", "{to: candidate, min_cases: 9}", False),
        ("tags: [finance, ssc], evidence", "tags: [finance], evidence", False),
        ("N8N_PROD", "N8N_OTHER", False),
        ("pass_rate: 0.9", "pass_rate: 1", True),
        ("pass_rate: 0.9", "pass_rate: 0.9, ask_rate: 0", True),
        ("pass_rate: 0.9", "pass_rate: 0.9, ask_rate: 0.6", True),
        ("pass_rate: 0.9", "pass_rate: 0.9, margin: 0.2", True),
        ("evidence: [deterministic, recorded]", "evidence: [recorded]", True),
        ("min_cases: 3", "min_cases: 4", True),
        ("approvals: 1", "approvals: 2", True),
        ("approvals: 1", "approvals: 1, approvers: [jun]", True),
        ("jun: {keys: [", "jun: {emails: [j@example.test], keys: [", False),
    ],
)
def test_only_an_edit_that_meets_the_skill_changes_the_digest(old: str, new: str, changes: bool) -> None:
    assert old in RULES
    before = policy.effective(rules(), "adder", ["sums"], Status.APPROVED).digest
    after = policy.effective(rules(RULES.replace(old, new)), "adder", ["sums"], Status.APPROVED).digest
    assert (before != after) is changes


def test_a_key_signs_until_the_day_it_is_retired() -> None:
    jun = rules().people["jun"]
    assert jun.keys_on("2026-01-30") == ["ssh-ed25519 CCCC", "ssh-ed25519 DDDD"]
    assert jun.keys_on("2026-01-31") == jun.keys_on(None) == ["ssh-ed25519 DDDD"]


def test_approvers_are_those_whom_every_gate_lets_approve() -> None:
    text = RULES.replace("approvals: 1}", "approvals: 1, approvers: [maria]}")
    assert policy.effective(rules(text), "adder", ["sums"], Status.APPROVED).approvers == ("maria",)
    assert policy.effective(rules(text), "adder", ["sums", "ssc"], Status.APPROVED).approvers == ("maria",)
    apart = text.replace("approvers: [finance-leads, jun]", "approvals: 1, approvers: [jun]").replace(
        "approvals: 2, ", ""
    )
    assert policy.effective(rules(apart), "adder", ["sums", "ssc"], Status.APPROVED).approvers == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("approvals: 2", "approvals: 3"),
        (', "ssh-ed25519 DDDD"', ""),
        ("jun: {keys", "jun: {bot: true, keys"),
        ("approvers: [finance-leads, jun]", "approvers: [ci, jun]"),
    ],
)
def test_a_policy_that_asks_for_more_approvals_than_anybody_could_give_is_refused(old: str, new: str) -> None:
    assert old in RULES
    read, (finding,) = policy.read(RULES.replace(old, new).encode())
    assert read is None
    assert "of the people who may approve have a key and are no bot" in finding.message


def test_the_digest_is_a_hash_of_the_gate_in_one_spelling() -> None:
    one = EffectiveGate(Status.APPROVED, 0, (D,), 1, 0)
    assert one.digest == EffectiveGate(Status.APPROVED, 0, (D,), 1.0, 0).digest
    assert len({EffectiveGate(Status.APPROVED, 0, (D,), 1, 0, rate).digest for rate in (None, 0.0, 0.6)}) == 3
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
        (
            "gates: [{to: approved, ask_rate: 1}]",
            ("SK105", 1, 34, "`gates.0.ask_rate` is the number `1`; it must be less than 1"),
        ),
        (
            "gates: [{to: approved, margin: 1}]",
            ("SK105", 1, 32, "`gates.0.margin` is the number `1`; it must be at most 0.5"),
        ),
        (
            "gates: [{to: approved, pass_rate: .nan}]",
            ("SK104", 1, 35, "`gates.0.pass_rate` must be a number, not `.nan`"),
        ),
        (
            "runners: {taped: {replay: live}}",
            ("SK105", 1, 1, "runner `taped` replays `live`, which is no `model` or `command` of `runners`"),
        ),
        (
            "runners: {taped: {replay: dummy}, dummy: {fake: {}}}",
            ("SK105", 1, 1, "runner `taped` replays `dummy`, which is no `model` or `command` of `runners`"),
        ),
        (
            "runners: {taped: {replay: taped}}",
            ("SK105", 1, 1, "runner `taped` replays `taped`, which is no `model` or `command` of `runners`"),
        ),
        (
            "runners: {dummy: {fake: }}",
            ("SK105", 1, 18, "`runners.dummy`: a runner is exactly one of `model`, `command`, `replay`, `fake`"),
        ),
        (
            "runners: {Live: {fake: {}}}",
            ("SK105", 1, 17, "`runners.Live` is `Live`, which does not match `^[a-z0-9][a-z0-9._-]*$`"),
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


def test_without_which_variables_nothing_is_delivered() -> None:
    prod = rules("environments: {prod: {mattermost: {}, n8n: {secret: MINE}}}").environments["prod"]
    assert prod.mattermost is not None
    assert prod.n8n is not None
    assert (prod.mattermost.required, prod.n8n.required) == (["MATTERMOST_WEBHOOK_URL"], ["N8N_WEBHOOK_URL", "MINE"])
    assert (prod.n8n.api_key, prod.n8n.api_url, prod.on_rollout_failed) == ("N8N_API_KEY", "N8N_API_URL", "notify")


def test_whose_answers_an_alias_gives() -> None:
    read = rules("runners: {live: {model: {name: m}}, taped: {replay: live}, dummy: {fake: {}}}")
    assert read.source("taped") == read.source("live") == ("live", read.runners["live"])
    assert read.source("dummy") == ("dummy", read.runners["dummy"])
    assert read.source("other") is None


@pytest.mark.parametrize(
    ("text", "branch"),
    [
        ("", "main"),
        ("environments: {dev: {release_branch: other}}", "main"),
        ("environments: {dev: {}, prod: {store: supabase, release_branch: release}}", "release"),
    ],
)
def test_the_branch_that_is_released(text: str, branch: str) -> None:
    assert rules(f"people: {{}}\n{text}").release_branch == branch


def test_a_retired_key_is_told_from_its_day_on() -> None:
    person = Person(keys=["a", RetiredKey(key="b", retired="2026-01-02")])
    assert (person.keys_on("2026-01-01"), person.retired_on("2026-01-01")) == (["a", "b"], [])
    assert (person.keys_on("2026-01-02"), person.retired_on("2026-01-02")) == (["a"], [("b", "2026-01-02")])


def test_a_chat_is_named_by_variables_and_a_channel() -> None:
    def mattermost(said: str) -> Mattermost:
        found, findings = policy.read(f"environments: {{prod: {{mattermost: {said}, n8n: {{}}}}}}".encode())
        assert found is not None, findings
        named = found.environments["prod"].mattermost
        assert named is not None
        n8n = found.environments["prod"].n8n
        assert n8n is not None
        assert n8n.required == ["N8N_WEBHOOK_URL", "N8N_WEBHOOK_SECRET"]
        assert n8n.variables == [*n8n.required, "N8N_API_KEY", "N8N_API_URL"]
        return named

    assert mattermost("{}").required == ["MATTERMOST_WEBHOOK_URL"]
    bot = mattermost(f"{{url: CHAT, channel: {'c' * 26}, dashboard: 'https://d.test/a?b=1'}}")
    assert bot.required == ["CHAT", "MATTERMOST_TOKEN"]
    assert bot.variables == ["MATTERMOST_WEBHOOK_URL", "CHAT", "MATTERMOST_TOKEN", "MATTERMOST_COMMAND_TOKEN"]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("{dashboard: 'https://u:hunter2@d.test'}", "it must be an address that begins with"),
        ("{dashboard: 'javascript:hunter2'}", "it must be an address that begins with"),
        ("{channel: hunter2}", "channel"),
        ("{token: hunter2}", "it must be the name of an environment variable"),
    ],
)
def test_what_is_no_chat_is_not_repeated(said: str, message: str) -> None:
    found, findings = policy.read(f"environments: {{prod: {{mattermost: {said}}}}}".encode())
    assert found is None
    assert message in findings[0].message
    assert "hunter2" not in findings[0].message or "channel" in said
