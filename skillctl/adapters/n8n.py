"""n8n by signed webhook: a rollout is triggered where the workflow answers JSON with its execution id.

Signature as in Standard Webhooks (standardwebhooks.com): `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from skillctl.adapters import webhook
from skillctl.domain.delivery import Attempt, Delivered, Job, Retry, Undeliverable

if TYPE_CHECKING:
    import httpx

_LONGEST_ID = 200


class N8n:
    """One workflow's webhook, and the secret its signature is checked with; `now` gives Unix seconds."""

    def __init__(self, url: str, secret: str, now: Callable[[], int]) -> None:
        self._url = url
        self._secret = secret
        self._now = now

    def deliver(self, job: Job) -> Attempt:
        """Trigger the rollout of a release; the same `webhook-id` for every attempt at it."""
        body = json.dumps({"type": "skills.released", "data": job.payload}, ensure_ascii=False).encode()
        timestamp = str(self._now())
        headers = {
            "webhook-id": job.key,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(self._secret, job.key, timestamp, body),
        }
        answer = webhook.post(self._url, body, headers, is_starting=_is_starting)
        if isinstance(answer, Retry | Undeliverable):
            return answer
        execution = _execution_id(answer)
        if execution is None:
            # While it starts, n8n answers 200 with a page; that is not a rollout.
            return Retry("the server answered 200, but named no execution")
        return Delivered({"execution_id": execution})


def signature(secret: str, identity: str, timestamp: str, body: bytes) -> str:
    """The `webhook-signature` of a body."""
    signed = f"{identity}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def _is_starting(answer: "httpx.Response") -> bool:
    # Until its routes exist n8n says 404 with a page; a workflow that is not published says it in JSON.
    return answer.status_code == 404 and not _is_json(answer)


def _is_json(answer: "httpx.Response") -> bool:
    return str(answer.headers.get("Content-Type", "")).startswith("application/json")


def _execution_id(answer: "httpx.Response") -> str | None:
    if not _is_json(answer):
        return None
    try:
        said: Any = json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
    found = said.get("execution_id") if isinstance(said, dict) else None
    # An id is kept in the database and shown: of a length and of letters that both can bear.
    name = str(found)[:_LONGEST_ID] if isinstance(found, str | int) else ""
    return name if name.isprintable() and name else None
