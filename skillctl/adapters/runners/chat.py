"""A model behind an OpenAI-compatible chat endpoint, over HTTP.

The calls run in an event loop of their own, because only there everything ends in time: looking up a name, an answer
that drips, and the wait before another attempt can all be left at any moment.
"""

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from threading import Lock, Thread
from urllib.request import getproxies, proxy_bypass

import aiohttp
import certifi
import stamina
from stamina.instrumentation import set_on_retry_hooks
from yarl import URL

from skillctl.adapters.runners import chat_answer, chat_wait
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
_KEPT_SECONDS = 30.0


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
        self._host = self._url.authority
        self._quoting = Quoting([key])
        # It would log every retry, to a person who is told how it ended.
        set_on_retry_hooks([])
        headers, proxy, trusted = _headers(config.key, key), _proxy(self._url), _trusted(self._url)
        self._lock, self._closed = Lock(), False
        self._running: set[asyncio.Task[Reply]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._session = asyncio.run_coroutine_threadsafe(_session(headers, proxy, trusted), self._loop).result()

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
        await self._session.close()
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
        try:
            return await self._attempt(content)
        except _Again as first:
            return await self._again(content, first)

    async def _again(self, content: bytes, first: _Again) -> Reply:
        """In some attempt after the first, which is told of here: what repeats takes nearly as long as a call."""
        number = 0
        try:
            async for attempt in stamina.retry_context(
                _wish, attempts=self._config.attempts, timeout=None, wait_initial=1, wait_max=30, wait_jitter=1
            ):
                with attempt:
                    number = attempt.num
                    if number == 1:
                        raise first
                    return await self._attempt(content)
        except _Again as last:
            raise NoAnswer(f"{last} ({number} attempts)" if number > 1 else str(last)) from None
        raise AssertionError

    async def _attempt(self, content: bytes) -> Reply:
        has_begun = is_final = False
        try:
            async with asyncio.timeout(self._config.timeout):
                async with self._session.post(self._url, data=content, allow_redirects=False) as response:
                    has_begun = is_final = True
                    raw = await _body(response)
        except TimeoutError:
            problem = (
                f"no {'complete ' if has_begun else ''}answer from `{self._host}` within {self._config.timeout:g} s"
            )
        except aiohttp.ClientError as error:
            is_final = is_final or isinstance(error, aiohttp.ClientSSLError)
            problem = f"no answer from `{self._host}`: {self._quoting.beginning(_said(error))}"
        else:
            return self._judged(response, raw)
        # Where the answer had begun the model has done its work, which is paid for: not to be done again.
        raise (NoAnswer if is_final else _Again)(problem)

    def _judged(self, response: aiohttp.ClientResponse, raw: bytes) -> Reply:
        if not _is_success(response):
            raise self._refused(response, raw)
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            named = self._quoting.beginning(kind) if kind else "no type"
            said = self._quoting.beginning(raw)
            raise NoAnswer(f"`{self._host}` answered with {named}, not with JSON: {said}; check `base_url`")
        if len(raw) > MOST:
            raise NoAnswer(f"the answer has more than {MOST:,} bytes")
        return chat_answer.reply(raw, self._quoting)

    def _refused(self, response: aiohttp.ClientResponse, raw: bytes) -> Exception:
        status = response.status
        reason = f"`{self._host}` answered {status}: {self._quoting.beginning(chat_answer.message_of(raw))}"
        if status in (401, 403):
            return NoAnswer(f"{reason}; {'check' if self._key else 'set'} `{self._config.key}`")
        if 300 <= status < 400:
            return NoAnswer(f"`{self._host}` answered {status}, and no redirect is followed; check `base_url`")
        if status not in _AGAIN and (status < 500 or status in _NEVER):
            return NoAnswer(reason)
        wait = chat_wait.wished(response.headers)
        left = self._left()
        if wait is not None and wait > (LONGEST_WAIT if left is None else min(LONGEST_WAIT, left)):
            return NoAnswer(f"{reason}; it asks to be left alone for {wait:,.0f} s, which is too long")
        return _Again(reason, wait)

    def _left(self) -> float | None:
        return self._deadline() if self._deadline is not None else None


async def _session(
    headers: Mapping[str, str], proxy: str | None, trusted: ssl.SSLContext | bool
) -> aiohttp.ClientSession:
    # Whoever calls bounds how many connections there are. No answer leaves anything behind for the next, as cookies do.
    return aiohttp.ClientSession(
        headers=headers,
        connector=aiohttp.TCPConnector(limit=0, ssl=trusted, keepalive_timeout=_KEPT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
        proxy=proxy,
    )


def _proxy(url: URL) -> str | None:
    """The proxy that the environment names for this address; UsageError where it is none."""
    host = url.host or ""
    # A proxy is for other machines than this one.
    if host in _LOOPBACK or proxy_bypass(host):
        return None
    named = getproxies()
    proxy = named.get(url.scheme) or named.get("all")
    if not proxy:
        return None
    try:
        found = URL(proxy if "://" in proxy else f"http://{proxy}")
    except ValueError:
        found = URL()
    if found.scheme not in ("http", "https") or not found.host:
        # Its text may hold a password.
        message = "the proxy that the environment names is not `http://…` or `https://…`"
        raise UsageError(message, hint="check `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY` (SOCKS is not spoken)")
    return str(found)


def _trusted(url: URL) -> ssl.SSLContext | bool:
    """Whom to trust: as the environment says, else the machine, else, where it has no list of its own, Mozilla's."""
    if url.scheme != "https":
        return True
    paths = ssl.get_default_verify_paths()
    has_own = paths.cafile or paths.capath
    return ssl.create_default_context(cafile=None if has_own else certifi.where())


def _said(error: aiohttp.ClientError) -> str:
    if isinstance(error, aiohttp.ClientPayloadError):
        # Its text names a status that no server gave.
        return "the answer ends too early, or cannot be unpacked"
    return str(getattr(error, "message", "") or error or type(error).__name__)


def _is_success(response: aiohttp.ClientResponse) -> bool:
    return 200 <= response.status < 300


def _wish(problem: Exception) -> bool | float:
    """Whether to try again, or in how many seconds."""
    return isinstance(problem, _Again) and (True if problem.wait is None else problem.wait)


async def _body(response: aiohttp.ClientResponse) -> bytes:
    most = MOST if _is_success(response) else _MOST_OF_AN_ERROR
    read = bytearray()
    async for chunk in response.content.iter_any():
        read += chunk
        if len(read) > most:
            break
    return bytes(read)


def _address(base_url: str) -> URL:
    try:
        url = URL(base_url.rstrip("/") + "/chat/completions")
        # What has no name in the DNS would be found out by each call.
        (url.raw_host or "").encode("idna")
    except ValueError:
        url = URL()
    is_plain = base_url.isprintable() and " " not in base_url and url.user is None
    if url.scheme not in ("http", "https") or not url.host or not is_plain:
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
