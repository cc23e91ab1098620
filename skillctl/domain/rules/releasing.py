"""The codes that `plan`, `sync` and `load` give, when a commit is compared with what was approved and published."""

from skillctl.domain.finding import Severity
from skillctl.domain.rules.rule import Rule

RULES = (
    Rule(
        "SK009",
        Severity.ERROR,
        "a skill's folder has an identity",
        "The digest is taken over plain files of bounded size; what has no digest can be neither measured nor loaded.",
        "700 files in one skill",
        "512 files at most, 16 MB together",
    ),
    Rule(
        "SK403",
        Severity.ERROR,
        "a served version is neither withdrawn nor revoked",
        "Production cannot offer a version and forbid it at once.",
        'serving: "1.0.0"   with   withdrawn: {"1.0.0": ...}',
        'serving: "1.1.0"   with   withdrawn: {"1.0.0": ...}',
    ),
    Rule(
        "SK404",
        Severity.ERROR,
        "the approved bytes are in this clone",
        "A version is published from the blobs its approval lists. A shallow clone does not have the older ones.",
        "git clone --depth 1",
        "git fetch --unshallow",
    ),
    Rule(
        "SK405",
        Severity.ERROR,
        "an approval says what its files say",
        "Its digest, its file hashes and its status are computed again from the bytes. Where they differ, somebody "
        "edited the approval or made it by hand.",
        "an `approval.json` that was changed by an editor",
        "git restore approvals/adder/1.0.0/approval.json",
    ),
    Rule(
        "SK406",
        Severity.ERROR,
        "an approval stands on evidence for exactly this, and on its signatures",
        "The evidence must be of this skill, this suite and the policy of its base, and must satisfy that policy; "
        "where it asks for approvals, enough people must have signed. Copied or stale evidence proves something else.",
        "evidence of 1.0.0 copied to 1.1.0",
        "skillctl eval adder && skillctl promote adder",
    ),
    Rule(
        "SK407",
        Severity.ERROR,
        "a served version leaves production by an entry that says so",
        "A line that is missing from `serving.yaml` is more often a slip than a decision.",
        "serving: null",
        'withdrawn: {"1.0.0": {reason: "superseded"}}',
    ),
    Rule(
        "SK408",
        Severity.ERROR,
        "what is revoked or withdrawn stays so",
        "A revocation forbids a digest for ever, and a withdrawal ends a version, whatever a later commit says.",
        "serving.yaml without the revoked version",
        'revoked: {"1.0.0": {reason: "leaked a key"}}',
    ),
    Rule(
        "SK410",
        Severity.ERROR,
        "a skill that was approved keeps its folder",
        "A deleted folder does not take a skill from production: that is an entry in `serving.yaml`, with its reason.",
        "git rm -r skills/adder",
        'withdrawn: {"1.0.0": {reason: "no longer needed"}}',
    ),
    Rule(
        "SK411",
        Severity.ERROR,
        "an approval is never deleted",
        "Production holds the version, and its proof must stay where everybody can read it.",
        "git rm approvals/adder/1.0.0/approval.json",
        'withdrawn: {"1.0.0": {reason: "no longer needed"}}',
    ),
    Rule(
        "SK412",
        Severity.ERROR,
        "approved content never changes",
        "Whoever pinned a version must get the bytes that were measured. Other content is another version.",
        "an edit in `skills/adder` while 1.0.0 is approved",
        "skillctl revise adder",
    ),
    Rule(
        "SK414",
        Severity.ERROR,
        "versions are published in their order",
        "An approval that comes in after a greater version was published can never be published itself.",
        "1.0.1 is approved after 1.1.0 was published",
        "1.1.1 is approved after 1.1.0 was published",
    ),
    Rule(
        "SK415",
        Severity.ERROR,
        "a signature beside an approval is one that counts",
        "It is over the bytes of that very `approval.json`, by a key that was its person's when it came in, as the "
        "policy before it had them. One that is none of this is stale, or was copied or made by somebody else.",
        "cp approvals/adder/1.0.0/maria.sig approvals/adder/1.1.0/",
        "skillctl approve adder",
    ),
    Rule(
        "SK420",
        Severity.ERROR,
        "the ledger of production is what was written",
        "Each promotion seals the one before it, and each release its parent and all promotions up to it. A row that "
        "was changed, removed or made anew breaks a seal, and a revocation that no row tells of is none.",
        "update mcp.promotions set actor = 'jun' where seq = 2",
        "restore the row from the backup of the database",
    ),
    Rule(
        "SK421",
        Severity.ERROR,
        "the ledger still holds a head that was kept elsewhere",
        "Whoever owns the database can write all of its ledger anew, and every seal holds again. The heads in the "
        "notices of its releases are not theirs to change: one that is no longer there tells of it.",
        "skillctl verify --ledger --head 0123456789abcdef0123   after the ledger was written anew",
        "skillctl verify --ledger --head 24b20d6181046028b619   with the head of the last notice",
    ),
    Rule(
        "SK431",
        Severity.ERROR,
        "production serves and says what its commit says",
        "Somebody changed by hand what is served, a state or a notice, or something is missing of what was published.",
        "update mcp.skills set served_version = null",
        "skillctl verify --fix",
    ),
    Rule(
        "SK432",
        Severity.ERROR,
        "what was published is what was approved, byte for byte",
        "Production's functions never change it, and neither does `verify --fix`: only an owner who switched the "
        "guards off can have done so, and nobody knows what else he did.",
        "update mcp.version_files set sha256 = ...",
        "restore a backup, or fill a new database: skillctl sync --rebuild",
    ),
    Rule(
        "SK433",
        Severity.ERROR,
        "every row in production was written by a release",
        "A hold, a revocation or evidence that no release set was set by hand, and one that is gone was taken away so.",
        "delete from mcp.holds",
        "skillctl hold set adder --reason ...",
    ),
)
