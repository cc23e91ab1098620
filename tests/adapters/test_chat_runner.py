"""A model over HTTP: what each answer means, that every call ends in time, and that no key is ever told."""

import asyncio
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from skillctl.adapters.runners import chat_wait
from skillctl.adapters.runners.chat import ChatRunner
from skillctl.domain.exchange import Call, NoAnswer, Reply, Request
from skillctl.domain.runner import ChatModel
from skillctl.errors import UsageError
from tests.adapters.answering import refusing
from tests.standin.chat_server import (
    HTML,
    JSON,
    MODEL,
    PAGE,
    Behaviour,
    ChatServer,
    Handler,
    ahead,
    breaks_off,
    called,
    chat_server,
    completion,
    dated,
    drips,
    drips_head,
    drops,
    echoes,
    error,
    good,
    hangs,
    never_ends,
    says,
    secured,
)

KEY = "sk-hunter2/and-a-tail-that-nobody-may-see"
HELLO = Reply(text="hello there", input_tokens=12, output_tokens=5, finish="stop")
EVENTS = {"Content-Type": "text/event-stream"}


def request(**others: Any) -> Request:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "größe?"}], **others}
    return Request("greets", "with_skill", 1, body)


def runner(url: str, key: str | None = KEY, *, left: float | None = None, **config: Any) -> ChatRunner:
    model = ChatModel.model_validate({"name": MODEL, "timeout": 20.0, **config})
    return ChatRunner(model, url, key, deadline=None if left is None else lambda: left)


def asked(url: str, **config: Any) -> Reply | str:
    """The reply, or why there is none."""
    with closing(runner(url, **config)) as one:
        try:
            return one.answer(request())
        except NoAnswer as problem:
            return str(problem)


def told(*script: Behaviour, **config: Any) -> tuple[Reply | str, ChatServer]:
    """What a server of this script is understood to say; `HOST` stands for its host."""
    with chat_server(*script) as server:
        said = asked(server.url, **config)
    host = server.url.removeprefix("http://").removesuffix("/v1")
    return said.replace(host, "HOST") if isinstance(said, str) else said, server


@contextmanager
def no_waiting(attempts: int = 10) -> Iterator[None]:
    with stamina.set_testing(True, attempts=attempts, cap=True):
        yield


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited before each new attempt, though nobody waits."""
    waited: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        waited.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", noted)
    return waited


@contextmanager
def chat_model(*script: Behaviour) -> Iterator[str]:
    """A real server, where one is named, in the place of the stand-in."""
    url = os.environ.get("SKILLCTL_TEST_CHAT_URL")
    if url:
        yield url
    else:
        with chat_server(*script) as server:
            yield server.url


def test_a_model_answers() -> None:
    # A small model without instructions goes on with what it is given, so it is given a pattern.
    words = "Q: What is the capital of France?\nA: Paris\nQ: What is the capital of Spain?\nA:"
    body = {"messages": [{"role": "user", "content": words}], "temperature": 0, "max_tokens": 60, "stop": ["\n"]}
    with chat_model(good("Madrid")) as url, closing(runner(url, timeout=120.0)) as one:
        said = one.answer(request(**body))
    assert said.text
    assert said.finish == "stop"
    assert said.input_tokens
    assert said.output_tokens


def test_what_is_sent() -> None:
    said, server = told(secured(KEY, good()))
    assert said == HELLO
    (sent,) = server.asked
    assert (sent.path, sent.body) == ("/v1/chat/completions", dict(request().body))
    assert (sent.headers["authorization"], sent.headers["content-type"]) == (f"Bearer {KEY}", "application/json")


def test_no_key_is_no_header() -> None:
    said, server = told(good(), key=None)
    assert said == HELLO
    assert "authorization" not in server.asked[0].headers


PARTS = [
    {"type": "thinking", "thinking": [{"text": "hm"}]},
    {"type": "text", "text": "a"},
    {"type": "text", "text": "b"},
]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (completion({"content": "ü🙂"}), HELLO.model_copy(update={"text": "ü🙂"})),
        (completion({"content": PARTS}), HELLO.model_copy(update={"text": "ab"})),
        (completion({"content": "x"}, finish=None, usage=None), Reply(text="x")),
        (
            completion({"content": "x"}, usage={"prompt_tokens": "12", "completion_tokens": True}),
            Reply(text="x", finish="stop"),
        ),
        (
            completion({"content": "x"}, usage={"prompt_tokens": -1, "completion_tokens": 1e3}),
            Reply(text="x", finish="stop"),
        ),
        (completion({"content": "x", "refusal": None}, usage=[7]), Reply(text="x", finish="stop")),
        (
            completion(called("search", '{"q": "tax"}'), "tool_calls", usage=None),
            Reply(text="", calls=[Call(id="call_1", name="search", arguments={"q": "tax"})], finish="tool_calls"),
        ),
        (
            completion(called("search", {"q": [1]}, None), usage=None),
            Reply(text="", calls=[Call(id="call-1", name="search", arguments={"q": [1]})], finish="stop"),
        ),
        (
            completion({**called("now", ""), "content": "I look"}, usage=None),
            Reply(text="I look", calls=[Call(id="call_1", name="now", arguments={})], finish="stop"),
        ),
    ],
)
def test_what_is_an_answer(body: Any, expected: Reply) -> None:
    assert told(says(body))[0] == expected


NO_JSON = "the answer is no JSON object: "
NO_CHOICE = "the answer has no `choices` with a `message`: "
CUT_OFF = "the answer was cut off at `max_tokens`: raise it for this runner in `skillctl.yaml`"
BAD_ARGUMENTS = "the answer calls `search` with arguments that are no JSON object: "
NEVER = [
    (says(PAGE, 200, HTML), f"`HOST` answered with `text/html`, not with JSON: `{PAGE.decode()}`; check `base_url`"),
    (says(b"data: {}", 200, EVENTS), "answered with `text/event-stream`, not with JSON: `data: {}`; check `base_url`"),
    (says(b"{}", 200, {}), "answered with no type, not with JSON"),
    (says(b""), NO_JSON + "an empty text"),
    (says(b'{"choices": [{"mess'), NO_JSON + '`{"choices": [{"mess`'),
    (says(b"[" * 100_000), NO_JSON + "`[["),
    (says([]), NO_JSON + "`[]`"),
    (says(b'{"a": "\\ud83d"}'), NO_JSON),
    (says(b'{"a": "\xff"}'), NO_JSON),
    (says({"error": {"message": "overloaded"}}), NO_CHOICE + '`{"error": {"message": "overloaded"}}`'),
    (says(completion({}, choices=[])), NO_CHOICE),
    (says(completion({}, choices={})), NO_CHOICE),
    (says(completion({}, choices=[None])), NO_CHOICE),
    (says(completion({}, choices=[{"message": "x"}])), NO_CHOICE),
    (
        says(completion({"content": None, "refusal": "I can't\x1b[2J help"})),
        "refused: `I can't\\x1b[2J help`",
    ),
    (says(completion({"content": [{"type": "refusal", "refusal": "no"}]})), "the model refused: `no`"),
    (says(completion({"content": "bad"}, "content_filter")), "the answer was stopped by a content filter"),
    (says(completion({"content": "half of"}, "length")), CUT_OFF),
    (says(completion({"content": None}, "length")), CUT_OFF),
    (says(completion({"content": None})), "the answer has neither text nor tool calls"),
    (says(completion({"content": ""})), "the answer has neither text nor tool calls"),
    (says(completion({"content": 7, "tool_calls": 7})), "the answer has neither text nor tool calls"),
    (says(completion({"content": [7, {"type": "image"}, {}]})), "the answer has neither text nor tool calls"),
    (says(completion(called("search", '{"q": '))), BAD_ARGUMENTS + '`{"q":`'),
    (says(completion(called("search", "[1]"))), BAD_ARGUMENTS + "`[1]`"),
    (says(completion(called("search", 7))), BAD_ARGUMENTS + "`7`"),
    (says(completion(called("", "{}"))), "the answer asks for a tool without a name"),
    (says(completion({"tool_calls": [7]})), "the answer asks for a tool without a name"),
    (error(400, "no such\nparameter"), "`HOST` answered 400: `no such parameter`"),
    (says(PAGE, 404, HTML), f"`HOST` answered 404: `{PAGE.decode()}`"),
    (says({"error": "model not found"}, 404), "`HOST` answered 404: `model not found`"),
    (says(b"x" * 70_000, 413, HTML), "`HOST` answered 413: `xxx"),
    (says([7], 422), "`HOST` answered 422: `[7]`"),
    (error(501, "not implemented"), "`HOST` answered 501: `not implemented`"),
    (
        says(b"", 307, {"Location": "http://127.0.0.1:1/x"}),
        "answered 307, and no redirect is followed; check `base_url`",
    ),
    (error(403, "not for you"), "`HOST` answered 403: `not for you`; check `AI_GATEWAY_API_KEY`"),
    (
        says(b"no gzip", 200, {"Content-Encoding": "gzip"}),
        "no answer from `HOST`: `the answer ends too early, or cannot be unpacked`",
    ),
    (breaks_off, "no answer from `HOST`: `the answer ends too early, or cannot be unpacked`"),
    (never_ends, "the answer has more than 8,388,608 bytes"),
]


@pytest.mark.parametrize(("behave", "reason"), NEVER)
def test_what_is_no_answer_is_not_asked_again(behave: Behaviour, reason: str) -> None:
    said, server = told(behave)
    assert isinstance(said, str)
    assert reason in said
    assert said.isprintable()
    assert len(said) < 400
    assert len(server.asked) == 1


@pytest.mark.parametrize("key", [None, ""])
def test_a_missing_key_is_asked_for_by_its_name(key: str | None) -> None:
    said, _ = told(secured(KEY, good()), key=key)
    assert said == "`HOST` answered 401: `No API key provided.`; set `AI_GATEWAY_API_KEY`"


BUSY = [
    *((error(status, "wait"), f"`HOST` answered {status}: `wait`") for status in (408, 409, 425, 429, 500, 503, 529)),
    (says(PAGE, 502, HTML), f"`HOST` answered 502: `{PAGE.decode()}`"),
    (drops, "no answer from `HOST`: `Server disconnected`"),
]


@pytest.mark.parametrize(("behave", "reason"), BUSY)
def test_a_busy_server_is_asked_again(behave: Behaviour, reason: str) -> None:
    with no_waiting():
        said, server = told(behave, good())
        assert (said, len(server.asked)) == (HELLO, 2)
        said, server = told(behave, attempts=3)
        assert (said, len(server.asked)) == (f"{reason} (3 attempts)", 3)
        said, server = told(behave, good(), attempts=1)
        assert (said, len(server.asked)) == (reason, 1)


@pytest.mark.parametrize("behave", [hangs, drips_head])
def test_a_silent_server_is_asked_again(behave: Behaviour) -> None:
    with no_waiting():
        said, server = told(behave, timeout=0.2, attempts=2)
    assert (said, len(server.asked)) == ("no answer from `HOST` within 0.2 s (2 attempts)", 2)


def test_an_answer_that_drips_is_left_and_not_paid_for_twice() -> None:
    start = time.monotonic()
    said, server = told(drips, timeout=0.2)
    assert (said, len(server.asked)) == ("no complete answer from `HOST` within 0.2 s", 1)
    assert time.monotonic() - start < 5


def test_nobody_listens() -> None:
    with no_waiting():
        said = asked(refusing(), attempts=2)
    assert isinstance(said, str)
    assert said.startswith("no answer from `127.0.0.1:")
    assert said.endswith("(2 attempts)")


def test_the_waits_grow(waits: list[float]) -> None:
    told(error(500, "x"), attempts=4)
    assert [1 <= waits[0] <= 2, 2 <= waits[1] <= 3, 4 <= waits[2] <= 5] == [True] * 3
    assert len(waits) == 3


@pytest.mark.parametrize(
    ("wish", "shortest", "longest"),
    [
        ("17", 17, 17),
        (" 0.25 ", 0.25, 0.25),
        ("60", 60, 60),
        ("0", 1, 2),
        ("-5", 1, 2),
        ("soon", 1, 2),
        ("²", 1, 2),
        ("Wed, 21 Oct 2026 07:28:00 +9999999999", 1, 2),
    ],
)
def test_a_server_is_left_alone_for_as_long_as_it_asks(
    waits: list[float], wish: str, shortest: float, longest: float
) -> None:
    said, _ = told(error(429, "slow down", Retry_After=wish), good())
    assert said == HELLO
    assert len(waits) == 1
    assert shortest <= waits[0] <= longest


@pytest.mark.parametrize(("seconds", "shortest", "longest"), [(40, 30, 40), (-40, 1, 2)])
def test_or_until_when_it_asks(waits: list[float], seconds: int, shortest: float, longest: float) -> None:
    assert told(error(503, "later", Retry_After=dated(seconds)), good())[0] == HELLO
    assert len(waits) == 1
    assert shortest <= waits[0] <= longest


def test_until_when_is_by_the_clock_of_who_says_it(waits: list[float]) -> None:
    assert told(ahead(86400, error(503, "later", Retry_After=dated(86440))), good())[0] == HELLO
    assert len(waits) == 1
    assert 30 <= waits[0] <= 45


def test_until_too_late_is_not_waited_for(waits: list[float]) -> None:
    said, _ = told(error(503, "later", Retry_After=dated(3600)))
    assert isinstance(said, str)
    assert re.search(r"asks to be left alone for 3,\d{3} s, which is too long$", said)
    assert waits == []


@pytest.mark.parametrize(
    ("wish", "left", "seconds"),
    [("61", None, "61"), ("9" * 5000, None, "inf"), ("20", 19.0, "20"), ("1", 0.9, "1")],
)
def test_too_long_a_wait_is_none(waits: list[float], wish: str, left: float | None, seconds: str) -> None:
    said, server = told(error(429, "slow down", Retry_After=wish), left=left)
    assert isinstance(said, str)
    assert said.startswith(f"`HOST` answered 429: `slow down`; it asks to be left alone for {seconds}")
    assert said.endswith(" s, which is too long")
    assert (len(server.asked), waits) == (1, [])


@given(st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)))
def test_any_wish_is_a_time_ahead_or_none(wish: str, date: str) -> None:
    found = chat_wait.wished({"Retry-After": wish, "Date": date})
    assert found is None or found > 0


@pytest.mark.parametrize("left", [0.2, 0.0, -3.0])
@pytest.mark.parametrize("behave", [hangs, drips, error(500, "x")])
def test_nothing_goes_on_when_the_time_of_the_run_is_over(behave: Behaviour, left: float) -> None:
    start = time.monotonic()
    said, _ = told(behave, left=left)
    assert said == "no answer in the time that was left for the run"
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("behave", [hangs, drips, error(500, "x"), error(429, "x", Retry_After="59")])
def test_closing_ends_the_calls_and_the_waits(behave: Behaviour) -> None:
    with chat_server(behave) as server, ThreadPoolExecutor(4) as pool:
        one = runner(server.url)
        answers = [pool.submit(one.answer, request()) for _ in range(4)]
        assert server.is_asked.wait(20)
        one.close()
        assert [str(answer.exception(20)) for answer in answers] == ["interrupted"] * 4
        with pytest.raises(NoAnswer, match="interrupted"):
            one.answer(request())
        one.close()


def test_an_interrupt_ends_its_call() -> None:
    def interrupts(handler: Handler) -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        hangs(handler)

    with chat_server(interrupts) as server, closing(runner(server.url)) as one:
        with pytest.raises(KeyboardInterrupt):
            one.answer(request())
        assert server.is_left.wait(20)


def test_many_at_once_on_connections_that_are_kept() -> None:
    all_here = threading.Barrier(8)

    def together(handler: Handler) -> None:
        all_here.wait(20)
        echoes(handler)

    words = [f"word {number}" for number in range(24)]
    with chat_server(together) as server, closing(runner(server.url)) as one, ThreadPoolExecutor(8) as pool:
        said = pool.map(lambda text: one.answer(request(messages=[{"role": "user", "content": text}])).text, words)
        assert list(said) == words
        assert server.connections == 8


ECHO = {"error": {"message": f"bad key {KEY} in Bearer {KEY}", "code": KEY}}


@pytest.mark.parametrize(
    "behave",
    [
        secured("another", good()),
        says(ECHO),
        says(ECHO, 400),
        says(ECHO, 403),
        says(ECHO, 500),
        says(f"<html>{'x' * 180}{KEY}".encode(), 200, HTML),
        says(b" " * 65530 + KEY.encode(), 400, HTML),
        says(b"{" + KEY.encode()),
        says({}, 200, {"Content-Type": f"text/{KEY}"}),
        says({}, 429, {"Retry-After": KEY, "Content-Type": KEY}),
        says(completion({"content": None, "refusal": KEY})),
        says(completion({"content": None, "x": KEY})),
        says(completion(called(KEY, KEY))),
        says(b"", 302, {"Location": f"/{KEY}"}),
        lambda handler: handler.wfile.write(f"HTTP/9 {KEY}\r\n{KEY}\r\n\r\n".encode()),
        drops,
        hangs,
    ],
)
def test_no_reason_holds_the_key(behave: Behaviour) -> None:
    with no_waiting():
        said, _ = told(behave, attempts=2, timeout=0.3)
    assert isinstance(said, str)
    for part in (KEY, KEY[:10], KEY[-10:]):
        assert part not in said


@pytest.mark.parametrize("key", ["two words", "a\nb", "größe", "a\x7f"])
def test_what_cannot_be_a_key_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(UsageError, match="what `AI_GATEWAY_API_KEY` holds is no key") as refused:
        runner("http://127.0.0.1:1", key)
    assert key not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hunter2",
        "ftp://hunter2/x",
        "http://hunter2:abc/",
        "http://[::1/hunter2",
        "http://hunter2\n/",
        "https://u:hunter2@x/",
        "http://hunter2..test/",
        "http://hunter2.test:99999/",
        f"http://{'hunter2' * 12}.test/",
    ],
)
def test_what_cannot_be_an_address_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(UsageError, match="the address of the model is not") as refused:
        runner(url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("proxy", ["socks5://u:hunter2@127.0.0.1:1", "foo://hunter2", "http://[hunter2", "http://"])
def test_a_proxy_that_cannot_be_used_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(UsageError, match="the proxy that the environment names is not") as refused:
        runner("https://model.example.test/v1")
    assert "hunter2" not in str(refused.value)


def test_a_proxy_is_for_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    with chat_server(good("from the proxy")) as proxy, chat_server(good()) as server, no_waiting():
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/v1"))
        assert asked(server.url) == HELLO
        there = asked("http://model.example.test/v1")
    assert isinstance(there, Reply)
    assert there.text == "from the proxy"
    assert proxy.asked[0].path == "http://model.example.test/v1/chat/completions"


def test_a_proxy_that_asks_for_a_password_is_given_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with chat_server(good()) as proxy, no_waiting():
        monkeypatch.setenv("ALL_PROXY", proxy.url.removesuffix("/v1").replace("http://", "http://user:hunter2@"))
        assert asked("http://model.example.test/v1") == HELLO
        monkeypatch.setenv("NO_PROXY", "example.test")
        assert "hunter2" not in str(asked("http://model.example.test/v1", attempts=1))
    assert [sent.headers["proxy-authorization"] for sent in proxy.asked] == ["Basic dXNlcjpodW50ZXIy"]


def test_nothing_is_kept_of_an_answer_but_its_text() -> None:
    baking = says(completion({"content": "x"}), 200, {**JSON, "Set-Cookie": "who=me"})
    with chat_server(baking) as server, closing(runner(server.url)) as one:
        one.answer(request())
        one.answer(request())
    assert [("cookie" in sent.headers) for sent in server.asked] == [False, False]


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, which signed itself, and its key."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    named = ("-subj", "/CN=model", "-addext", "subjectAltName=IP:127.0.0.1")
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *named)
    subprocess.run((*made, "-keyout", key, "-out", certificate), check=True, capture_output=True)
    return certificate, key


def test_who_answers_must_be_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    certificate, key = certified(tmp_path)
    with chat_server(good(), encrypted=(certificate, key)) as server:
        assert "certificate verify failed" in str(asked(server.url))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert asked(server.url) == HELLO
        certificate.write_text("no certificate")
        assert "certificate verify failed" in str(asked(server.url))
