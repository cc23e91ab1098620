"""SK501: no file of a skill or its suite holds a secret."""

from collections.abc import Iterator
from itertools import islice

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.prose import MOST
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject
from skillctl.domain.secrets import likely, secrets


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each text of the shape of a secret; it shows four of its characters."""
    shapes = likely(subject.words)
    for path, text in subject.texts.items() if shapes else ():
        for secret in islice(secrets(text, shapes), MOST):
            message = f"this looks like {secret.kind}: `{secret.shown}`"
            hint = "take it out, revoke it (it stays in the history of Git), and read it from the environment"
            yield Finding("SK501", message, path, secret.spot.line, secret.spot.column, subject.name, hint)


RULE = Rule(
    code="SK501",
    severity=Severity.ERROR,
    title="no file holds a secret",
    why=(
        "Skills are copied to every consumer and stay in the history of Git for ever. Keys of known shapes are found, "
        "and random values in quotes that are given to a name such as `password`; placeholders, variables and "
        "documented examples are left alone."
    ),
    bad='password = "kT94vRq2LmZ8wXc1"',
    good='password = "${ODOO_PASSWORD}"',
    check=check,
    standard=True,
    security=True,
)
