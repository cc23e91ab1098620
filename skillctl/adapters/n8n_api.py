"""n8n's public API: how one run stands, and which run our webhook has started."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from skillctl.adapters import webhook
from skillctl.domain import secrets
from skillctl.domain.delivery import Undeliverable
from skillctl.domain.rollout import Forbidden, Looked, NoRun, Run, Unclear

#: Bytes of a run with its data: it holds what started it several times over.
_MOST = 64 * 1024 * 1024
#: A list without a status leaves out what has not ended.
_STATUSES = ("new", "running", "waiting", None)
_PAGE, _PAGES, _CANDIDATES = 100, 20, 300
#: Seconds that a search may take; with the attempt before it, less than the lease of the job.
_LONGEST = 40
#: Seconds that the clock of n8n may differ from ours; the workflow refuses a signature that is older.
_SKEW = 300
_LONGEST_ERROR = 500


class Ours(Protocol):
    """Knows what was signed by us."""

    def is_ours(self, headers: Mapping[str, Any], body: Any) -> bool:
        """Whether what a run was started with was signed by us."""
        ...


class N8nApi:
    """The API of one n8n; no message holds its address or the key."""

    def __init__(self, origin: str, key: str, now: Callable[[], float]) -> None:
        self._origin, self._key, self._now = origin.rstrip("/"), key, now

    def run(self, execution: str) -> Looked:
        """How one run stands."""
        said = self._get(f"executions/{quote(execution, safe='')}", {"includeData": "true"})
        return _run(said, self._now()) if isinstance(said, dict) else said

    def look_up(self, webhook_id: str, seconds: int, ours: Ours) -> Looked:
        """The first run that a webhook of ours with this id started in the last so many seconds.

        Unclear where it cannot be said: n8n does not answer, too much ran, or a run cannot be told from ours.
        """
        begun, candidates = self._now(), list[str]()
        for status in _STATUSES:
            listed = self._listed(status, self._now() - seconds - _SKEW)
            if not isinstance(listed, list):
                return listed
            candidates += [one for one in listed if one not in candidates]
        if len(candidates) > _CANDIDATES:
            return Unclear(f"n8n has run more than {_CANDIDATES} workflows since")
        found: list[Run] = []
        is_doubtful = False
        for execution in candidates:
            if self._now() - begun > _LONGEST:
                return Unclear(f"to look through n8n's runs takes more than {_LONGEST} s")
            said = self._get(f"executions/{quote(execution, safe='')}", {"includeData": "true"})
            if isinstance(said, NoRun):
                continue
            if not isinstance(said, dict):
                return said
            mine = [ours.is_ours(headers, body) for headers, body in _starts(said, webhook_id)]
            if any(mine):
                found.append(_run(said, self._now()))
            elif mine or not isinstance(said.get("data"), dict):
                is_doubtful = True
        if found:
            return min(found, key=lambda run: (len(run.id), run.id))
        return (
            Unclear("a run cannot be told from ours: without data, or without our signature")
            if is_doubtful
            else NoRun()
        )

    def _listed(self, status: str | None, since: float) -> list[str] | Forbidden | Unclear:
        """The ids of the runs of a status that began since a moment; n8n lists the newest first."""
        ids: list[str] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            query = (
                {"limit": str(_PAGE)} | ({"status": status} if status else {}) | ({"cursor": cursor} if cursor else {})
            )
            said = self._get("executions", query)
            if isinstance(said, NoRun):
                return Unclear("n8n's API is not there")
            if not isinstance(said, dict):
                # An older one does not know every status.
                return [] if status == "new" and said == Unclear("n8n's API answered 400") else said
            rows = [row for row in _sequence(said.get("data")) if isinstance(row, dict) and "id" in row]
            recent = [row for row in rows if (_moment(row.get("startedAt")) or since) >= since]
            ids += [str(row["id"]) for row in recent]
            cursor = said.get("nextCursor")
            if not isinstance(cursor, str) or not cursor or len(recent) < len(rows):
                return ids
        return Unclear(f"n8n has run more than {_PAGE * _PAGES} workflows since")

    def _get(self, path: str, query: Mapping[str, str]) -> dict[str, Any] | NoRun | Forbidden | Unclear:
        url = f"{self._origin}/api/v1/{path}?{urlencode(query)}"
        headers = {"X-N8N-API-KEY": self._key, "Accept": "application/json"}
        answer = webhook.exchange("GET", url, b"", headers, _MOST)
        if isinstance(answer, Undeliverable):
            return Forbidden("the address of n8n's API is not a URL")
        if isinstance(answer, webhook.Silence):
            return Unclear(f"n8n's API: {answer.reason}")
        is_json = str(answer.headers.get("Content-Type", "")).startswith("application/json")
        if answer.status_code in (401, 403) and is_json:
            return Forbidden(f"n8n's API answered {answer.status_code}: `N8N_API_KEY` may not read executions")
        if answer.status_code == 404 and is_json:
            return NoRun()
        if answer.status_code != 200 or not is_json:
            return Unclear(f"n8n's API answered {answer.status_code}")
        try:
            said: Any = json.loads(answer.content)
        except (ValueError, RecursionError):
            return Unclear("n8n's API answered what is no JSON, or too much of it")
        return said if isinstance(said, dict) else Unclear("n8n's API answered no object")


def origin_of(url: str) -> str:
    """The scheme, host and port of a webhook's address, where n8n's API usually is."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _run(said: Mapping[str, Any], now: float) -> Run:
    stopped = _moment(said.get("stoppedAt"))
    error = _at(said, "data", "resultData", "error", "message")
    node = _at(said, "data", "resultData", "lastNodeExecuted")
    words = " ".join(f"{error}".split())[:_LONGEST_ERROR] if isinstance(error, str) and error.strip() else None
    if words and isinstance(node, str):
        words = f"{words} (in {' '.join(node.split())[:100]})"
    ended = None if stopped is None else max(int(now - stopped), 0)
    return Run(
        str(said.get("id", "")), str(said.get("status", "unknown")), ended, secrets.masked(words) if words else None
    )


def _starts(said: Mapping[str, Any], webhook_id: str) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Headers and body of each webhook call with this id that the data of a run holds, wherever n8n keeps it."""
    waiting: list[Any] = [said.get("data")]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            headers = one.get("headers")
            if isinstance(headers, dict) and headers.get("webhook-id") == webhook_id:
                yield headers, one.get("body")
                continue
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _moment(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (TypeError, ValueError):
        return None
