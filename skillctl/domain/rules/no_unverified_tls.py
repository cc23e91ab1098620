"""SK506: nobody's certificate goes unchecked."""

import re
from collections.abc import Iterator
from itertools import islice

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.prose import MOST, is_warning, spots
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject

_SIGNS = (
    "verify",
    "curl",
    "wget",
    "unverified",
    "sslverify",
    "reject_unauthorized",
    "rejectunauthorized",
    "stricthost",
)
_SHAPE = re.compile(
    r"\bverify\s*=\s*False\b|\bcurl\b[^\n|;&`]{0,200}?\s(?:-[a-zA-Z]{0,9}k[a-zA-Z]{0,9}|--insecure)\b|\bwget\b[^\n|;&`]{0,200}?\s--no-check-certificate\b"
    r"|_create_unverified_context|\bCERT_NONE\b|sslVerify[\s=]+[\"']?false|NODE_TLS_REJECT_UNAUTHORIZED\s*[=:]\s*[\"']?0"
    r"|rejectUnauthorized\s*:\s*false|StrictHostKeyChecking[\s=]+no\b"
)


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each switch of the kind, unless a Markdown text warns of it."""
    for path, text in subject.texts_with(_SIGNS):
        meant = (spot for spot in spots(_SHAPE, text) if not is_warning(spot, path))
        for spot in islice(meant, MOST):
            message = "whoever answers is not verified"
            hint = "name the certificate authority that signed it (`--cacert`, `verify=PATH`)"
            name = subject.name
            yield Finding("SK506", message, path, spot.line, spot.column, name, hint, Severity.WARNING)


RULE = Rule(
    code="SK506",
    severity=Severity.WARNING,
    title="certificates are verified",
    why=(
        "Without verification anybody on the way can answer in the place of Odoo, n8n or Supabase, and gets the keys "
        "and figures that are sent."
    ),
    bad="curl --insecure https://example.test/rates.json",
    good="curl --cacert company.pem https://example.test/rates.json",
    check=check,
    standard=True,
    security=True,
)
