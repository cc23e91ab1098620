"""However slowly or much the other side answers, an attempt ends in time and takes little memory."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from skillctl.adapters import webhook
from skillctl.adapters.n8n import N8n
from skillctl.domain.delivery import Delivered, Job, Retry
from tests.adapters.answering import answering

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100000000\r\n\r\n"


@contextmanager
def sending(first: bytes, then: bytes, pause: float) -> Iterator[str]:
    """A server that sends `first` and then `then` again and again, until nobody listens."""
    ended = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(first)
                while not ended.wait(pause):
                    connection.sendall(then)
            except OSError:
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/hooks/x"
        finally:
            ended.set()
            thread.join()


@pytest.mark.parametrize("first", [b"HTTP/1.1 200 OK\r\nX-Slow: ", HEAD])
def test_an_answer_that_drips_is_left(monkeypatch: pytest.MonkeyPatch, first: bytes) -> None:
    monkeypatch.setattr(webhook, "_LONGEST", 0.3)
    with sending(first, b"x", 0.02) as url:
        start = time.monotonic()
        assert webhook.post(url, b"{}") == Retry("no complete answer within 0.3 s")
        assert time.monotonic() - start < 2


def test_an_answer_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    with sending(HEAD, b"x" * 65536, 0) as url:
        answer = webhook.post(url, b"{}")
    assert not isinstance(answer, Retry)
    assert len(getattr(answer, "content", b"")) == webhook.MOST


@pytest.mark.parametrize("name", ["a\\u0000b", "\\u001b[2J", "a\\nb", "\\ud83d"])
def test_an_execution_whose_name_cannot_be_kept_is_none(name: str) -> None:
    found = _execution(f'{{"execution_id": "{name}"}}')
    assert found == Retry("the server answered 200, but named no execution")


def test_a_long_name_of_an_execution_is_cut() -> None:
    assert _execution(f'{{"execution_id": "{"x" * 5000}"}}') == Delivered({"execution_id": "x" * 200})


def _execution(body: str) -> object:
    with answering(200, body.encode(), {"Content-Type": "application/json"}) as server:
        return N8n(server.url, "hunter2", lambda: 1).deliver(Job("j", "rollout", {}, 1, "key"))
