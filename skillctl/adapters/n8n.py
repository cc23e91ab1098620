"""n8n by signed webhook: a rollout is triggered where the workflow answers JSON with its execution id.

Signature as in Standard Webhooks (standardwebhooks.com): `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from skillctl.adapters import webhook
from skillctl.domain.delivery import Job, Undeliverable
from skillctl.domain.rollout import Answer, Refused, Unclear, Unheard, heard

if TYPE_CHECKING:
    import httpx

_LONGEST_ID = 200
#: What the page says that n8n answers 200 with until its routes exist.
_STARTING = b"n8n is starting up"


class N8n:
    """One workflow's webhook, and the secret its signature is checked with; `now` gives Unix seconds.

    `acknowledge_url` is where the workflow says how the rollout ended; None where production has no such address.
    """

    def __init__(self, url: str, secret: str, now: Callable[[], int], acknowledge_url: str | None = None) -> None:
        self._url, self._secret, self._now = url, secret, now
        self._acknowledge_url = acknowledge_url

    @property
    def is_acknowledged(self) -> bool:
        """Whether the workflow is told where to say how a rollout ended."""
        return self._acknowledge_url is not None

    def trigger(self, job: Job, token: str) -> Answer:
        """Ask for the rollout of a release once; the same `webhook-id` each time, the token good for one answer."""
        sent_at = self._now()
        data = dict(job.payload)
        if self._acknowledge_url is not None:
            data["acknowledge"] = {"url": self._acknowledge_url, "token": token}
        when = datetime.fromtimestamp(sent_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = encoded({"type": "skills.released", "timestamp": when, "data": data})
        headers = {
            "Content-Type": "application/json",
            "webhook-id": job.key,
            "webhook-timestamp": str(sent_at),
            "webhook-signature": signature(self._secret, job.key, str(sent_at), body),
        }
        answer = webhook.exchange("POST", self._url, body, headers)
        if isinstance(answer, Undeliverable):
            return Refused(answer.reason)
        if isinstance(answer, webhook.Silence):
            return Unclear(answer.reason) if answer.may_be_heard else Unheard(answer.reason)
        after = webhook.seconds_of(answer.headers.get("Retry-After"))
        is_starting = not _is_json(answer) and _STARTING in answer.content
        return heard(answer.status_code, _is_json(answer), _execution_id(answer), after, is_starting=is_starting)

    def is_ours(self, headers: Mapping[str, Any], body: Any) -> bool:
        """Whether what a run was started with was signed by us; the parsed body is spelled as it was sent."""
        identity, timestamp = str(headers.get("webhook-id", "")), str(headers.get("webhook-timestamp", ""))
        expected = signature(self._secret, identity, timestamp, encoded(body))
        return hmac.compare_digest(expected.encode(), str(headers.get("webhook-signature", "")).encode())


def encoded(body: Any) -> bytes:
    """The bytes that are sent and signed."""
    return json.dumps(body, ensure_ascii=False).encode()


def signature(secret: str, identity: str, timestamp: str, body: bytes) -> str:
    """The `webhook-signature` of a body."""
    signed = f"{identity}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


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
