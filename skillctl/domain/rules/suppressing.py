"""The codes about suppressions themselves (`x-skillctl-ignore` in `skill.yaml`)."""

from skillctl.domain.finding import Severity
from skillctl.domain.rules.rule import Rule

RULES = (
    Rule(
        "SK601",
        Severity.ERROR,
        "a suppression names a code and a reason",
        "Whoever meets it later must know what was looked at and why it may stand. What cannot be read, an approval "
        "that is missing and the suppressions themselves cannot be suppressed.",
        "x-skillctl-ignore: [{code: SK212}]",
        'x-skillctl-ignore: [{code: SK212, reason: "the trade calls it so"}]',
    ),
    Rule(
        "SK602",
        Severity.ERROR,
        "a suppression has not ended",
        "A day was set because somebody meant to look again. From then on the finding stands, and so does this one.",
        'until: "2020-01-31"',
        'until: "2999-12-31"',
    ),
    Rule(
        "SK603",
        Severity.WARNING,
        "a suppression suppresses something",
        "One that is left over would hide the next problem of its kind, which nobody has looked at.",
        "code: SK213",
        "code: SK212",
    ),
    Rule(
        "SK604",
        Severity.ERROR,
        "an error of security is not suppressed by the change that brings it in",
        "Otherwise whoever brings in the attack also brings the line that hides it. What was in the base before can "
        "be suppressed, by a change that is seen to do that. The base is `--base REV`; without it, what the release "
        "branch and this branch have in common, or the last commit on the release branch itself.",
        "code: SK502",
        'x-skillctl-ignore: [{code: SK212, reason: "the trade calls it so"}]',
    ),
)
