"""SK217: what `SKILL.md` does not mention itself is not hidden behind another reference."""

import re
from collections.abc import Iterator
from itertools import islice

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.prose import spots
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject

_REFERENCE = re.compile(r"(?<![\w/.-])(?:\./)?((?:references)/[\w./-]*[\w-])|\]\((?:\./)?([\w-][\w.-]*\.md)[)#]")

#: More references than this, no agent follows.
_LOOKED_AT = 100


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each file that only another reference leads to."""
    skill = subject.skill
    for path, text in subject.texts.items():
        file = path.removeprefix(skill.folder + "/")
        if not file.startswith("references/") or not file.endswith(".md"):
            continue
        for spot in islice(spots(_REFERENCE, text), _LOOKED_AT):
            target = spot.match[1] or f"{file.rpartition('/')[0]}/{spot.match[2]}"
            if target in skill.files and target != file and target not in skill.instructions:
                message = f"`{target}` is mentioned here, but not in the instructions"
                hint = f"mention `{target}` in `SKILL.md`"
                yield Finding("SK217", message, path, spot.line, spot.column, subject.name, hint, Severity.WARNING)


RULE = Rule(
    code="SK217",
    severity=Severity.WARNING,
    title="references are one level deep",
    why=(
        "Agents read the files that the instructions name, and often only the beginning of what those name in turn. "
        "The standard asks for references one level deep from `SKILL.md`."
    ),
    bad="See [steps](steps.md).",
    good="[rates](references/rates.md)",
    check=check,
    standard=True,
)
