"""SK216: what the instructions point at lies in the skill's folder."""

import posixpath
import re
from collections.abc import Iterator
from itertools import islice

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.prose import spots
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject

#: The target of a link, and a path that climbs to one of the standard's folders.
_LINK = re.compile(r"\]\(<?(?![a-zA-Z][\w+.-]*:|#)([^)\s>]+)")
_CLIMB = re.compile(
    r"(?<![\w./-])((?:\./)?(?:\.\./){1,9}(?:[\w.-]{1,64}/){0,9}(?:scripts|references|assets|skills)/[\w./-]{0,200}\w)"
)

#: More links than this, no person follows.
_LOOKED_AT = 1000


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each reference out of the folder, in the Markdown files of the skill."""
    folder = subject.skill.folder
    for path, text in subject.texts.items():
        if not path.startswith(folder + "/") or not path.lower().endswith(".md"):
            continue
        seen: set[tuple[int, str]] = set()
        for sign, pattern in (("](", _LINK), ("../", _CLIMB)):
            if sign not in text:
                continue
            for spot in islice(spots(pattern, text), _LOOKED_AT):
                target = spot.match[1]
                if (spot.line, target) not in seen and _is_outside(path.removeprefix(folder + "/"), target):
                    seen.add((spot.line, target))
                    message = f"`{target}` leads out of the skill's folder"
                    hint = "copy what is needed into `references/` or `assets/`"
                    column = spot.column + spot.match.start(1) - spot.match.start()
                    yield Finding("SK216", message, path, spot.line, column, subject.name, hint)


def _is_outside(file: str, target: str) -> bool:
    """Whether a target is outside, seen from the file and from the folder itself, as both are usual."""
    if target.startswith("/"):
        return True
    bases = (posixpath.dirname(file), "")
    return all(posixpath.normpath(posixpath.join(base, target)).startswith("..") for base in bases)


RULE = Rule(
    code="SK216",
    severity=Severity.ERROR,
    title="references stay inside the skill's folder",
    why=(
        "A skill is published as its folder and nothing else. What lies outside is not there in production, is not "
        "part of the digest, and can change without any approval."
    ),
    bad="[rates](../taxes/references/rates.md)",
    good="[rates](references/rates.md)",
    check=check,
    standard=True,
)
