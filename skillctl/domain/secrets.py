"""Secrets in a text: keys of known shapes, and random values that are given to the name of a secret."""

import math
import re
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from skillctl.domain.finding import Finding
from skillctl.domain.prose import Spot, compiled, spots


class Shape(Struct, frozen=True):
    """What a secret looks like: `sign`, in lower case and without spaces, is always near it.

    `group` of the pattern is the secret itself.
    """

    kind: str
    sign: str
    pattern: str
    group: int = 0
    flags: int = 0


class Secret(Struct, frozen=True):
    """A secret in a text; `start` and `end` are its characters."""

    kind: str
    spot: Spot
    start: int
    end: int

    @property
    def shown(self) -> str:
        """As much of it as may be shown."""
        return f"{self.spot.match.string[self.start : min(self.start + _SHOWN, self.end)]}…"


_KEYS = (
    ("an AWS access key", "akia", r"\bAKIA[A-Z0-9]{16}\b", 0),
    ("an AWS access key", "asia", r"\bASIA[A-Z0-9]{16}\b", 0),
    *(
        ("a GitHub token", sign, rf"\b{sign}[A-Za-z0-9]{{36,}}\b", 0)
        for sign in ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")
    ),
    ("a GitHub token", "github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{60,}\b", 0),
    ("a GitLab token", "glpat-", r"\bglpat-[A-Za-z0-9_-]{20,}", 0),
    ("a Slack token", "xox", r"\bxox[abeprs]-[A-Za-z0-9-]{10,}", 0),
    ("a Slack webhook", "hooks.slack.com", r"hooks\.slack\.com/services/T\w+/B\w+/(\w{16,})", 1),
    ("a Mattermost webhook", "/hooks/", r"/hooks/([a-z0-9]{26})\b", 1),
    ("an API key", "sk-", r"(?<![\w-])sk-[A-Za-z0-9_-]{20,}", 0),
    ("a Stripe key", "_live_", r"\b[sr]k_live_[A-Za-z0-9]{16,}", 0),
    ("a Google API key", "aiza", r"\bAIza[A-Za-z0-9_-]{35}", 0),
    ("a Supabase secret key", "sb_secret_", r"\bsb_secret_[A-Za-z0-9_-]{16,}", 0),
    ("a Supabase access token", "sbp_", r"\bsbp_[a-f0-9]{40}\b", 0),
    ("a DigitalOcean token", "_v1_", r"\bdo[opr]_v1_[a-f0-9]{64}\b", 0),
    ("an npm token", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b", 0),
    ("a Hugging Face token", "hf_", r"\bhf_[A-Za-z0-9]{30,}\b", 0),
    ("a password in an address", "://", r"\b[a-z][a-z0-9+]{0,15}://[^\s:/@'\"]{1,100}:([^\s:/@'\"]{8,200})@[\w.-]", 1),
)
_PRIVATE_KEY = Shape(
    "a private key",
    "private",
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?=(?:\s|\\n)+[A-Za-z0-9+/=]{16})"
    r"(?:(?!-----)[\s\S]){0,20000}",
)
_JWT = Shape(
    "a service-role key of Supabase",
    "eyj",
    r"\beyJ[A-Za-z0-9_-]{8,300}\.(eyJ[A-Za-z0-9_-]{8,2000})\.[A-Za-z0-9_-]{16,}",
)
_NAMES = ("password", "passwd", "secret", "token", "api_key", "apikey", "api-key", "access_key", "private_key")
_ASSIGNED = r"[\w-]{0,20}[\"']?\s{0,4}(?::|=|:=|=>)\s{0,4}([\"'])([^\"'\s]{10,200})\1"
_GIVEN = tuple(Shape("a secret", name, f"{name}{_ASSIGNED}", 2, re.IGNORECASE) for name in _NAMES)
SHAPES = (
    *(Shape(kind, sign, shape, group) for kind, sign, shape, group in _KEYS),
    _PRIVATE_KEY,
    _JWT,
    *_GIVEN,
)
#: Documentation, templates and variables.
_NO_SECRET = re.compile(r"example|changeme|placeholder|dummy|your|xxxx|\*\*\*|\.\.\.|…|[<>{}$%]|environ", re.IGNORECASE)
#: Where tokens are had is no token; a password in an address has a shape of its own.
_ADDRESS = re.compile(r"[a-z][a-z0-9+]{1,15}://", re.IGNORECASE)
#: Bits for each character that words and placeholders do not reach, and random keys do.
_RANDOM = 3.0
_SHOWN = 4


def likely(words: str) -> list[Shape]:
    """The shapes that a text of these words, in lower case, can hold at all."""
    return [shape for shape in SHAPES if shape.sign in words]


def secrets(text: str, shapes: Iterable[Shape]) -> Iterator[Secret]:
    """The secrets of these shapes."""
    for shape in shapes:
        for spot in spots(compiled(shape.pattern, shape.flags), text):
            if _is_secret(shape, spot.match):
                start, end = spot.match.span(shape.group)
                yield Secret(shape.kind, spot, start, end)


def masked(text: str) -> str:
    """The text with an asterisk for each character of a secret but its first four; lines stay where they are."""
    shapes = likely(text.casefold())
    found = [(one.start + _SHOWN, one.end) for one in secrets(text, shapes)] if shapes else []
    for start, end in found:
        hidden = "".join(char if char in "\r\n" else "*" for char in text[start:end])
        text = text[:start] + hidden + text[end:]
    return text


def without(findings: Iterable[Finding]) -> list[Finding]:
    """Findings that quote what somebody wrote, with the secrets in it masked."""
    return [
        replace(one, message=masked(one.message), hint=masked(one.hint) if one.hint else one.hint) for one in findings
    ]


def _is_secret(shape: Shape, match: re.Match[str]) -> bool:
    if shape is _PRIVATE_KEY:
        return True
    if shape is _JWT:
        return b"service_role" in _payload(match[1])
    value = match[shape.group]
    if shape in _GIVEN and (_ADDRESS.match(value) or not (re.search(r"\d", value) and re.search(r"[A-Za-z]", value))):
        return False
    return _is_random(value)


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
