"""One POST of JSON to somebody else's server, and what its failures mean."""

from collections.abc import Callable, Mapping

import httpx

from skillctl.domain.delivery import Retry, Undeliverable

_TIMEOUT = httpx.Timeout(30, connect=5)
#: Seconds; whoever asks for more is asked again after a day.
LONGEST_WISH = 86400
_AGAIN = frozenset({408, 425, 429})


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    is_starting: Callable[[httpx.Response], bool] = lambda _answer: False,
) -> httpx.Response | Retry | Undeliverable:
    """The answer of a 2xx; else whether another attempt makes sense. No message holds the address: it is a secret."""
    try:
        response = httpx.post(
            url, content=body, headers={"Content-Type": "application/json", **(headers or {})}, timeout=_TIMEOUT
        )
    except (httpx.InvalidURL, UnicodeError):
        return Undeliverable("the webhook's address is not a URL")
    except httpx.UnsupportedProtocol:
        return Undeliverable("the webhook's address does not begin with `https://` or `http://`")
    except httpx.RequestError as problem:
        return Retry(f"no answer: {type(problem).__name__}")
    if response.is_success:
        return response
    if is_starting(response):
        return Retry("the server is starting")
    reason = f"the server answered {response.status_code}"
    if response.status_code in _AGAIN or (response.status_code >= 500 and response.status_code != 501):
        return Retry(reason, _seconds(response.headers.get("Retry-After")))
    return Undeliverable(reason)


def _seconds(text: str | None) -> int | None:
    if text is None or not (text.isascii() and text.isdigit()):
        return None
    return LONGEST_WISH if len(text) > len(str(LONGEST_WISH)) else min(int(text), LONGEST_WISH)
