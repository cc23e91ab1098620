"""The key of production is one that may act as the service, and will be for long."""

import base64
import json
from typing import Any

from skillctl.domain.doctor.diagnosis import Check, Diagnosis, failed, ok, skipped, warning
from skillctl.domain.doctor.facts import Facts

_MAKE = "make a secret key under Project Settings, API Keys, and set `SUPABASE_SECRET_KEY` to it (`sb_secret_…`)"
_WRONG = {
    "publishable": "the key is a publishable one (`sb_publishable_…`), which can call nothing here",
    "anon": "the key is the older `anon` one, which can call nothing here",
    "expired": "the key is a token that has expired",
}


def kind_of(key: str, now: float) -> str:
    """What kind of key this is, as `Configured.key` has it; `now` is in seconds since 1970."""
    if key.startswith("sb_secret_"):
        return "secret"
    if key.startswith("sb_publishable_"):
        return "publishable"
    claims = _claims(key)
    expires = claims.get("exp")
    if isinstance(expires, int | float) and expires < now:
        return "expired"
    role = claims.get("role")
    return role if role in ("anon", "service_role") else "unknown"


def _claims(token: str) -> dict[str, Any]:
    """What a JWT says of itself, unverified; nothing where it is none."""
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _look(facts: Facts) -> Diagnosis:
    kind = facts.configured.key if facts.configured is not None else None
    if facts.configured is None or kind is None:
        return skipped("no key is used: production is not configured, or reached by a connection string")
    if kind in _WRONG:
        return failed(_WRONG[kind], _MAKE)
    if kind == "service_role":
        return warning("the key is the older `service_role` token, of which Supabase announced the end for 2026", _MAKE)
    if kind == "unknown":
        return warning("the key is of no kind that is known", _MAKE)
    return ok("a secret key")


CHECK = Check("key", _look)
