"""SK503: nothing reads the credentials of whoever runs the skill."""

import re
from collections.abc import Iterator
from itertools import islice

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.prose import MOST, is_warning, spots
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject

_SIGNS = (".ssh", ".aws", "environ", ".git/config", ".netrc", ".git-credentials", ".kube/config", ".docker/config")
_PLACE = re.compile(
    r"(?:~|\$\{?HOME\}?|/root|/home/[\w.-]+)/(?:\.ssh(?:/[\w.*-]+)?|\.aws(?:/\w+)?|\.netrc|\.git-credentials|\.kube/config"
    r"|\.docker/config\.json)|\bhome\(\)\s*/\s*[\"']\.(?:ssh|aws|netrc)|/proc/(?:self|\d+|\*|\$\{?\w+\}?|\$\$)/environ"
    r"|(?<![\w-])\.git/config\b"
)
#: What makes a mention in a text for people a command to an agent.
_READ = re.compile(
    r"\b(?:cat|cp|scp|rsync|tar|zip|head|tail|less|more|base64|xxd|curl|grep|open|read|print|show|include|copy|send|upload"
    r"|post|collect|source|paste|output)\b",
    re.IGNORECASE,
)


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each place of credentials in a script, and for each that a text says to read."""
    for path, text in subject.texts_with(_SIGNS):
        is_prose = path.lower().endswith((".md", ".txt", ".rst"))
        meant = (
            spot
            for spot in spots(_PLACE, text)
            if not is_warning(spot, path) and (not is_prose or _READ.search(spot.lead))
        )
        for spot in islice(meant, MOST):
            message = f"`{spot.match[0]}` holds credentials of whoever runs this"
            hint = "ask for what is needed as an input, or name an environment variable"
            yield Finding("SK503", message, path, spot.line, spot.column, subject.name, hint)


RULE = Rule(
    code="SK503",
    severity=Severity.ERROR,
    title="nobody's credentials are read",
    why=(
        "An agent runs with the rights of a person. Keys in `~/.ssh` and `~/.aws`, the environment of other processes "
        "and the tokens in `.git/config` are what a stolen skill goes for first. A text may name these places; it may "
        "not say to read them, unless it warns of it."
    ),
    bad="cat ~/.aws/credentials",
    good="The key comes from `AWS_ACCESS_KEY_ID`.",
    check=check,
    standard=True,
    security=True,
)
