"""SK501: no file of a skill or its suite holds a secret."""

import math
import re
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from skillctl.domain.finding import Finding, Severity
from skillctl.domain.prose import MOST, Spot, spots
from skillctl.domain.rules.rule import Rule
from skillctl.domain.rules.subject import Subject

#: What it is, a text that is always in it, and its shape; the secret itself is the last group, or all of it.
_SHAPES = tuple(
    (kind, sign, re.compile(shape))
    for kind, sign, shape in (
        ("an AWS access key", "AKIA", r"\bAKIA[A-Z0-9]{16}\b"),
        ("an AWS access key", "ASIA", r"\bASIA[A-Z0-9]{16}\b"),
        ("a GitHub token", "gh", r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
        ("a GitHub token", "github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{60,}\b"),
        ("a GitLab token", "glpat-", r"\bglpat-[A-Za-z0-9_-]{20,}"),
        ("a Slack token", "xox", r"\bxox[abeprs]-[A-Za-z0-9-]{10,}"),
        ("a Slack webhook", "hooks.slack.com", r"hooks\.slack\.com/services/T\w+/B\w+/(\w{16,})"),
        ("a Mattermost webhook", "/hooks/", r"/hooks/([a-z0-9]{26})\b"),
        ("an API key", "sk-", r"(?<![\w-])sk-[A-Za-z0-9_-]{20,}"),
        ("a Stripe key", "_live_", r"\b[sr]k_live_[A-Za-z0-9]{16,}"),
        ("a Google API key", "AIza", r"\bAIza[A-Za-z0-9_-]{35}"),
        ("a Supabase secret key", "sb_secret_", r"\bsb_secret_[A-Za-z0-9_-]{16,}"),
        ("a Supabase access token", "sbp_", r"\bsbp_[a-f0-9]{40}\b"),
        ("a DigitalOcean token", "_v1_", r"\bdo[opr]_v1_[a-f0-9]{64}\b"),
        ("an npm token", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
        ("a Hugging Face token", "hf_", r"\bhf_[A-Za-z0-9]{30,}\b"),
        ("a password in an address", "://", r"\b[a-z][a-z0-9+]{0,15}://[^\s:/@'\"]{1,100}:([^\s:/@'\"]{8,200})@[\w.-]"),
    )
)
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?=(?:\s|\\n)+[A-Za-z0-9+/=]{16})")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,300}\.(eyJ[A-Za-z0-9_-]{8,2000})\.[A-Za-z0-9_-]{16,}")
_NAMES = ("password", "passwd", "secret", "token", "api_key", "apikey", "api-key", "access_key", "private_key")
_ASSIGNED = re.compile(r"[\w-]{0,20}[\"']?\s{0,4}(?::|=|:=|=>)\s{0,4}([\"'])([^\"'\s]{10,200})\1")
#: Documentation, templates and variables.
_NO_SECRET = re.compile(r"example|changeme|placeholder|dummy|your|xxxx|\*\*\*|\.\.\.|…|[<>{}$%]|environ", re.IGNORECASE)
#: Bits for each character that words and placeholders do not reach, and random keys do.
_RANDOM = 3.0
_SHOWN = 4


def check(subject: Subject) -> Iterator[Finding]:
    """A finding for each text of the shape of a secret; it shows four of its characters."""
    for path, text in subject.texts.items():
        for kind, spot, secret in islice(_secrets(text), MOST):
            message = f"this looks like {kind}: `{secret[:_SHOWN]}…`"
            hint = "take it out, revoke it (it stays in the history of Git), and read it from the environment"
            yield Finding("SK501", message, path, spot.line, spot.column, subject.name, hint)


def _secrets(text: str) -> Iterator[tuple[str, Spot, str]]:
    for kind, sign, shape in _SHAPES:
        if sign in text:
            for spot in spots(shape, text):
                secret = spot.match[spot.match.lastindex or 0]
                if _is_random(secret):
                    yield kind, spot, secret
    if "PRIVATE KEY" in text:
        for spot in spots(_PRIVATE_KEY, text):
            yield "a private key", spot, spot.match[0]
    if "eyJ" in text:
        for spot in spots(_JWT, text):
            if b"service_role" in _payload(spot.match[1]):
                yield "a service-role key of Supabase", spot, spot.match[0]
    yield from _assigned(text)


def _assigned(text: str) -> Iterator[tuple[str, Spot, str]]:
    """Values in quotes that are given to a name of a secret."""
    lower = text.lower()
    for name in _NAMES:
        if name in lower:
            shape = re.compile(f"{name}{_ASSIGNED.pattern}", re.IGNORECASE)
            for spot in spots(shape, text):
                value = spot.match[2]
                if _is_random(value) and re.search(r"\d", value) and re.search(r"[A-Za-z]", value):
                    yield "a secret", spot, value


def _is_random(value: str) -> bool:
    if _NO_SECRET.search(value):
        return False
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts) >= _RANDOM


def _payload(part: str) -> bytes:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return b""


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
    security=True,
)
