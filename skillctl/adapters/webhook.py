"""One POST of JSON to somebody else's server, and what its failures mean."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future

import httpx

from skillctl.domain.delivery import Retry, Undeliverable

_TIMEOUT = httpx.Timeout(30, connect=5)
#: Seconds from the first to the last byte; well below the lease of the job.
_LONGEST = 60.0
#: Bytes of an answer that are read; the rest is cut off.
_MOST = 1024 * 1024
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
        response = _within_time(url, body, {"Content-Type": "application/json", **(headers or {})})
    except TimeoutError:
        return Retry(f"no complete answer within {_LONGEST:g} s")
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


def _within_time(url: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
    """The answer with at most the first mebibyte of its body; TimeoutError where it takes too long.

    In a thread, because a time-out of httpx begins anew with each byte, and looking up a name has none.
    """
    answer: Future[httpx.Response] = Future()
    gone = threading.Event()

    def ask() -> None:
        try:
            answer.set_result(_ask(url, body, headers, gone))
        except Exception as problem:
            answer.set_exception(problem)

    threading.Thread(target=ask, daemon=True).start()
    try:
        return answer.result(_LONGEST)
    finally:
        gone.set()


def _ask(url: str, body: bytes, headers: Mapping[str, str], gone: threading.Event) -> httpx.Response:
    read = b""
    with httpx.stream("POST", url, content=body, headers=dict(headers), timeout=_TIMEOUT) as response:
        for chunk in response.iter_bytes():
            read += chunk
            if gone.is_set() or len(read) > _MOST:
                break
    kept = {name: response.headers[name] for name in ("Content-Type", "Retry-After") if name in response.headers}
    return httpx.Response(response.status_code, headers=kept, content=read[:_MOST])


def _seconds(text: str | None) -> int | None:
    if text is None or not (text.isascii() and text.isdigit()):
        return None
    return LONGEST_WISH if len(text) > len(str(LONGEST_WISH)) else min(int(text), LONGEST_WISH)
