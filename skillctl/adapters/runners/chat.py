"""A model behind an OpenAI-compatible chat endpoint, over HTTP.

The calls run in an event loop of their own, because only there everything ends in time: looking up a name, an answer
that drips, and the wait before another attempt can all be left at any moment.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock, Thread
from typing import Any

import httpx
import stamina

from skillctl.adapters.clock import SystemClock
from skillctl.adapters.runners import chat_answer
from skillctl.adapters.runners.quoting import Quoting
from skillctl.domain.exchange import NoAnswer, Reply, Request
from skillctl.domain.runner import ChatModel
from skillctl.errors import UsageError

#: Bytes of an answer; of an error's body only what may be shown is read.
MOST = 8 * 1024 * 1024
_MOST_OF_AN_ERROR = 65536
#: Seconds; whoever asks to be left alone for longer is not waited for.
LONGEST_WAIT = 60.0
_CONNECT_SECONDS = 10.0
_AGAIN = frozenset({408, 409, 425, 429})
_NEVER = frozenset({501, 505})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# Kept for the next call; whoever calls bounds how many there are.
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=30)


class _Again(Exception):
    """No answer yet, and another attempt makes sense: after `wait` seconds, None leaves it to the back-off."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class ChatRunner:
    """One model; any number of threads may ask at the same time.

    `deadline` gives the seconds that are left for everything. UsageError where the address or the key cannot be one.
    """

    def __init__(
        self, config: ChatModel, base_url: str, key: str | None, *, deadline: Callable[[], float] | None = None
    ) -> None:
        self._config, self._key, self._deadline = config, key, deadline
        self._url = _address(base_url)
        self._host = self._url.netloc.decode("ascii")
        self._quoting = Quoting([key])
        self._clients = _Clients(_headers(config.key, key), self._url)
        self._lock, self._closed = Lock(), False
        self._running: set[asyncio.Task[Reply]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def answer(self, request: Request, _files: object = None) -> Reply:
        """The reply to a request whose body is that of a chat completion; NoAnswer says why there is none.

        Asked again, up to `attempts` times, where nothing was answered yet or the server is busy.
        """
        content = json.dumps(dict(request.body), allow_nan=False).encode()
        with self._lock:
            if self._closed:
                raise NoAnswer("interrupted")
            future = asyncio.run_coroutine_threadsafe(self._answer(content), self._loop)
        try:
            return future.result()
        except CancelledError:
            raise NoAnswer("interrupted") from None
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Leave the calls that still run, which have no answer then, and close the connections."""
        with self._lock:
            was_closed, self._closed = self._closed, True
        if was_closed:
            return
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        # Not all tasks of the loop: those that a call has started for itself are its own to end.
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._clients.close()
        # What reads a body that was not read to its end is closed by tasks of the loop.
        await self._loop.shutdown_asyncgens()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*rest, return_exceptions=True)

    async def _answer(self, content: bytes) -> Reply:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            async with asyncio.timeout(self._left()):
                return await self._in_some_attempt(content)
        except TimeoutError:
            raise NoAnswer("no answer in the time that was left for the run") from None
        finally:
            self._running.discard(task)

    async def _in_some_attempt(self, content: bytes) -> Reply:
        number = 0
        try:
            async for attempt in stamina.retry_context(
                _wish, attempts=self._config.attempts, timeout=None, wait_initial=1, wait_max=30, wait_jitter=1
            ):
                with attempt:
                    number = attempt.num
                    return await self._attempt(content)
        except _Again as last:
            raise NoAnswer(f"{last} ({number} attempts)" if number > 1 else str(last)) from None
        raise AssertionError

    async def _attempt(self, content: bytes) -> Reply:
        has_begun = False
        try:
            async with asyncio.timeout(self._config.timeout):
                with self._clients.one() as client:
                    async with client.stream("POST", self._url, content=content) as response:
                        has_begun = True
                        raw = await _body(response)
        except TimeoutError:
            problem = (
                f"no {'complete ' if has_begun else ''}answer from `{self._host}` within {self._config.timeout:g} s"
            )
        except httpx.RequestError as error:
            problem = f"no answer from `{self._host}`: {self._quoting.beginning(str(error) or type(error).__name__)}"
        else:
            return self._judged(response, raw)
        # Where the answer had begun the model has done its work, which is paid for: not to be done again.
        raise (NoAnswer if has_begun else _Again)(problem)

    def _judged(self, response: httpx.Response, raw: bytes) -> Reply:
        if not response.is_success:
            raise self._refused(response, raw)
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            named = self._quoting.beginning(kind) if kind else "no type"
            said = self._quoting.beginning(raw)
            raise NoAnswer(f"`{self._host}` answered with {named}, not with JSON: {said}; check `base_url`")
        if len(raw) > MOST:
            raise NoAnswer(f"the answer has more than {MOST:,} bytes")
        return chat_answer.reply(raw, self._quoting)

    def _refused(self, response: httpx.Response, raw: bytes) -> Exception:
        status = response.status_code
        reason = f"`{self._host}` answered {status}: {self._quoting.beginning(chat_answer.message_of(raw))}"
        if status in (401, 403):
            return NoAnswer(f"{reason}; {'check' if self._key else 'set'} `{self._config.key}`")
        if response.is_redirect:
            return NoAnswer(f"`{self._host}` answered {status}, and no redirect is followed; check `base_url`")
        if status not in _AGAIN and (status < 500 or status in _NEVER):
            return NoAnswer(reason)
        wait = _wished(response.headers)
        left = self._left()
        if wait is not None and wait > (LONGEST_WAIT if left is None else min(LONGEST_WAIT, left)):
            return NoAnswer(f"{reason}; it asks to be left alone for {wait:,.0f} s, which is too long")
        return _Again(reason, wait)

    def _left(self) -> float | None:
        return self._deadline() if self._deadline is not None else None


class _Clients:
    """A client for each call at a time, which keeps its connection; UsageError where none can be made.

    One client for all would go through all its connections at the beginning and at the end of each call.
    """

    def __init__(self, headers: Mapping[str, str], url: httpx.URL) -> None:
        self._headers = headers
        # A proxy that the environment names is for other machines than this one.
        self._asks_environment = url.host not in _LOOPBACK
        try:
            # Without encryption no certificate is asked for; loading those that are trusted takes longer than a call.
            encrypts = url.scheme == "https"
            self._verify = encrypts and httpx.create_ssl_context(trust_env=self._asks_environment)
            self._free = [self._made()]
        except (ImportError, OSError, ValueError, httpx.InvalidURL) as problem:
            # Its text may hold the proxy's password.
            hint = "check `HTTPS_PROXY`, `ALL_PROXY` (SOCKS is not spoken) and `SSL_CERT_FILE`"
            message = f"the proxy or the certificates of the environment cannot be used: {type(problem).__name__}"
            raise UsageError(message, hint=hint) from None

    @contextmanager
    def one(self) -> Iterator[httpx.AsyncClient]:
        """A client that nobody else has meanwhile: the last that was given back, whose connection is the youngest."""
        client = self._free.pop() if self._free else self._made()
        try:
            yield client
        finally:
            self._free.append(client)

    async def close(self) -> None:
        """Close the connections of all that were given back."""
        while self._free:
            await self._free.pop().aclose()

    def _made(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            headers=self._headers,
            timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
            limits=_LIMITS,
            verify=self._verify,
            trust_env=self._asks_environment,
        )


def _wish(problem: Exception) -> bool | float:
    """Whether to try again, or in how many seconds."""
    return isinstance(problem, _Again) and (True if problem.wait is None else problem.wait)


async def _body(response: httpx.Response) -> bytes:
    most = MOST if response.is_success else _MOST_OF_AN_ERROR
    read = bytearray()
    async for chunk in response.aiter_bytes():
        read += chunk
        if len(read) > most:
            break
    return bytes(read)


def _wished(headers: Mapping[str, Any]) -> float | None:
    """`Retry-After` in seconds (RFC 9110, 10.2.3); None where there is none, or none that lies ahead."""
    text = str(headers.get("Retry-After", "")).strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        wait = float(text)
    else:
        until = _moment(text)
        # By the clock of whoever says until when, so that ours may be wrong.
        now = _moment(str(headers.get("Date", ""))) or datetime.fromtimestamp(SystemClock().unix(), UTC)
        wait = (until - now).total_seconds() if until is not None else 0.0
    return wait if wait > 0 else None


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _address(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url.rstrip("/") + "/chat/completions")
        # What has no name in the DNS would be found out by each call.
        url.raw_host.decode("ascii").encode("idna")
    except (httpx.InvalidURL, UnicodeError):
        url = httpx.URL("")
    is_address = url.scheme in ("http", "https") and url.host and (url.port or 0) < 65536
    if not is_address or url.userinfo:
        hint = "check `base_url` of the runner in `skillctl.yaml`, and `AI_GATEWAY_BASE_URL`"
        raise UsageError("the address of the model is not `https://…` without a user or password", hint=hint)
    return url


def _headers(variable: str, key: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if not key:
        return headers
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise UsageError(f"what `{variable}` holds is no key: a space, a line break or a letter that no key has")
    return {**headers, "Authorization": f"Bearer {key}"}
