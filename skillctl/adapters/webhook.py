"""One POST of JSON to somebody else's server, and what its failures mean."""

from collections.abc import Mapping

import httpx

from skillctl.domain.delivery import Retry, Undeliverable

_TIMEOUT = httpx.Timeout(30, connect=5)
_AGAIN = frozenset({408, 425, 429})


def post(url: str, body: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response | Retry | Undeliverable:
    """The answer of a 2xx; else whether another attempt makes sense. No message holds the address: it is a secret."""
    try:
        response = httpx.post(
            url, content=body, headers={"Content-Type": "application/json", **(headers or {})}, timeout=_TIMEOUT
        )
    except httpx.InvalidURL:
        return Undeliverable("the webhook's address is not a URL")
    except httpx.UnsupportedProtocol:
        return Undeliverable("the webhook's address does not begin with `https://` or `http://`")
    except httpx.TransportError as problem:
        return Retry(f"no answer: {type(problem).__name__}")
    if response.is_success:
        return response
    reason = f"the server answered {response.status_code}"
    if response.status_code in _AGAIN or (response.status_code >= 500 and response.status_code != 501):
        return Retry(reason, _seconds(response.headers.get("Retry-After")))
    return Undeliverable(reason)


def _seconds(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
