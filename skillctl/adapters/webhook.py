"""One request to somebody else's server, bounded in time and size, and what the failures of a webhook mean."""

import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from functools import cache

import httpx
from msgspec import Struct

from skillctl.domain.delivery import Retry, Undeliverable

_TIMEOUT = httpx.Timeout(30, connect=5)
#: Seconds from the first to the last byte; well below the lease of the job.
_LONGEST = 60.0
#: Bytes of an answer that are read; the rest is cut off.
MOST = 1024 * 1024
#: Seconds; whoever asks for more is asked again after a day.
LONGEST_WISH = 86400
_AGAIN = frozenset({408, 425, 429})


class Silence(Struct, frozen=True):
    """There is no answer; `may_be_heard` says whether the request may have arrived all the same."""

    reason: str
    may_be_heard: bool


def post(url: str, body: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response | Retry | Undeliverable:
    """The answer of a 2xx; else whether another attempt makes sense. No message holds the address: it is a secret."""
    return judged(exchange("POST", url, body, {"Content-Type": "application/json", **(headers or {})}))


def judged(response: httpx.Response | Silence | Undeliverable) -> httpx.Response | Retry | Undeliverable:
    """The answer of a 2xx; else whether another attempt makes sense."""
    if isinstance(response, Undeliverable):
        return response
    if isinstance(response, Silence):
        return Retry(response.reason)
    if response.is_success:
        return response
    reason = f"the server answered {response.status_code}"
    if response.status_code in _AGAIN or (response.status_code >= 500 and response.status_code != 501):
        return Retry(reason, seconds_of(response.headers.get("Retry-After")))
    return Undeliverable(reason)


def exchange(
    method: str, url: str, body: bytes, headers: Mapping[str, str], most: int = MOST
) -> httpx.Response | Silence | Undeliverable:
    """Whatever the other side answers, at most so many bytes of it."""
    try:
        return _within_time(method, url, body, headers, most)
    except TimeoutError:
        return Silence(f"no complete answer within {_LONGEST:g} s", may_be_heard=True)
    except (httpx.InvalidURL, UnicodeError):
        return Undeliverable("the webhook's address is not a URL")
    except httpx.UnsupportedProtocol:
        return Undeliverable("the webhook's address does not begin with `https://` or `http://`")
    except httpx.RequestError as problem:
        # Without a connection nothing was sent.
        is_unsent = isinstance(problem, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        return Silence(f"no answer: {type(problem).__name__}", may_be_heard=not is_unsent)


def _within_time(method: str, url: str, body: bytes, headers: Mapping[str, str], most: int) -> httpx.Response:
    """The answer with at most so much of its body; TimeoutError where it takes too long.

    In a thread, because a time-out of httpx begins anew with each byte, and looking up a name has none.
    """
    answer: Future[httpx.Response] = Future()
    gone = threading.Event()

    def ask() -> None:
        try:
            answer.set_result(_ask(method, url, body, headers, most, gone))
        except Exception as problem:
            answer.set_exception(problem)

    threading.Thread(target=ask, daemon=True).start()
    try:
        return answer.result(_LONGEST)
    finally:
        gone.set()


@cache
def _certificates() -> ssl.SSLContext:
    # To read them takes longer than most answers.
    return httpx.create_ssl_context()


def _ask(
    method: str, url: str, body: bytes, headers: Mapping[str, str], most: int, gone: threading.Event
) -> httpx.Response:
    read = bytearray()
    told = dict(headers)
    with httpx.stream(method, url, content=body, headers=told, timeout=_TIMEOUT, verify=_certificates()) as response:
        for chunk in response.iter_bytes():
            read += chunk
            if gone.is_set() or len(read) > most:
                break
    kept = {name: response.headers[name] for name in ("Content-Type", "Retry-After") if name in response.headers}
    return httpx.Response(response.status_code, headers=kept, content=bytes(read[:most]))


def seconds_of(text: str | None) -> int | None:
    """The pause that a `Retry-After` asks for; None where it asks for none, or in another way."""
    if text is None or not (text.isascii() and text.isdigit()):
        return None
    return LONGEST_WISH if len(text) > len(str(LONGEST_WISH)) else min(int(text), LONGEST_WISH)
