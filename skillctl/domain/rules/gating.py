"""The codes that `gate` gives, when a change is judged."""

from skillctl.domain.finding import Severity
from skillctl.domain.rules.rule import Rule

RULES = (
    Rule(
        "SK701",
        Severity.ERROR,
        "a version takes one step at a time",
        "draft -> candidate -> approved -> deprecated, candidate -> draft for rework, and deprecated -> "
        "approved with a reason. `approved` needs a `candidate` in the base, so what is approved was merged first.",
        "status: approved   where the base says   status: draft",
        "status: approved   where the base says   status: candidate",
    ),
    Rule(
        "SK702",
        Severity.ERROR,
        "a new version is greater than every approved one",
        "An old number with other bytes would be two things of one name. To serve an older version again, "
        "`serving.yaml` says so, and the folder goes on.",
        'version: "1.0.0"   after 1.1.0 was approved',
        "skillctl rollback adder --to 1.0.0",
    ),
    Rule(
        "SK703",
        Severity.ERROR,
        "an approval comes in with its promotion, and changes nothing else",
        "The content is in the base as candidate already, byte for byte. What is swapped in with its approval "
        "was looked at by nobody.",
        "an `approval.json` beside an edited `SKILL.md`",
        "skillctl promote adder --to approved",
    ),
    Rule(
        "SK704",
        Severity.ERROR,
        "a promotion is proved under the policy of its base",
        "The evidence must be of exactly this content, suite, policy, catalogue and runner, of a class that "
        "counts, and must reach what the gates of the base ask for.",
        "an `approval.json` whose evidence was measured before the last edit",
        "skillctl eval adder && skillctl promote adder --to approved",
    ),
    Rule(
        "SK705",
        Severity.ERROR,
        "enough people approved, who may",
        "Counted are people of the base policy, by their signature over the approval; no authors, no bots, "
        "nobody twice. One more is needed where the version may do more than the one before.",
        "gates: [{to: approved, approvals: 2}]   and one signature",
        "skillctl approve adder",
    ),
    Rule(
        "SK706",
        Severity.ERROR,
        "a weaker suite is approved by somebody else",
        "A change must not weaken its own test. A case that is gone, or asks for less, takes the signature of "
        "an approver of the base who has not written the change.",
        "expect: [{number: 500, tolerance: 100}]   where the base says   tolerance: 0.01",
        "skillctl approve adder --suite",
    ),
    Rule(
        "SK707",
        Severity.WARNING,
        "what gets weaker is told",
        "The change is judged by its base all the same; but what comes after it is judged by what it says. "
        "Whoever merges it should have seen that.",
        "gates: [{to: approved, pass_rate: 0.5}]   where the base says   pass_rate: 1.0",
        "gates: [{to: approved, pass_rate: 1.0}]",
    ),
    Rule(
        "SK708",
        Severity.ERROR,
        "a notice is taken back with a reason",
        "Who relied on a version was told that it ends. That it does not end after all is said under `reinstated`.",
        "a version that is missing under `deprecated`",
        'reinstated: {"1.0.0": {reason: "the replacement is late"}}',
    ),
    Rule(
        "SK709",
        Severity.ERROR,
        "what is on record never changes",
        "Approvals and signatures prove what was served. Other ones would prove something else, afterwards.",
        "an `approval.json` that differs from that of the base",
        "git checkout origin/main -- approvals/adder/1.0.0/approval.json",
    ),
    Rule(
        "SK710",
        Severity.ERROR,
        "measured again, the free cases say the same",
        "`gate --rerun` runs what costs nothing: the suite of the change, and that of its base. A base case "
        "that fails on the new content needs the same approval as one that is taken out.",
        "evidence that says `passed` of a script that fails",
        "skillctl eval adder",
    ),
)
