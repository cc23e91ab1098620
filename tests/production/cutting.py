"""A proxy between a client and its server that cuts the line at a chosen moment."""

import contextlib
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum


class When(Enum):
    """Before the server hears of it; while it works on it; when it has answered, and nobody has heard it yet."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


@dataclass(frozen=True)
class Cut:
    """Cut the line round what the client sends with these bytes in it; `until` says that the server works on it."""

    sees: bytes
    when: When
    until: Callable[[], None] = lambda: None


@dataclass
class Proxy:
    """A running proxy; its `cuts` are made one after the other, each once. `upstream` may become another port."""

    port: int
    upstream: int
    cuts: deque[Cut] = field(default_factory=deque)
    lines: set[socket.socket] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def cut_all(self) -> None:
        """Every line that there is now."""
        with self.lock:
            lines = list(self.lines)
        _hang_up(*lines)

    def next_cut(self, said: bytes) -> Cut | None:
        """The cut that what was sent calls for."""
        with self.lock:
            if self.cuts and self.cuts[0].sees in said:
                return self.cuts.popleft()
        return None


@contextlib.contextmanager
def proxy(upstream: int) -> Iterator[Proxy]:
    """Passes on what comes in at a free port of 127.0.0.1 to a port of a server there."""
    listening = socket.create_server(("127.0.0.1", 0))
    running = Proxy(listening.getsockname()[1], upstream)
    accepting = threading.Thread(target=_accept, args=(listening, running), daemon=True)
    accepting.start()
    try:
        yield running
    finally:
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        accepting.join()


def _accept(listening: socket.socket, running: Proxy) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, running), daemon=True).start()


def _serve(client: socket.socket, running: Proxy) -> None:
    try:
        server = socket.create_connection(("127.0.0.1", running.upstream))
    except OSError:
        client.close()
        return
    for end in (client, server):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    is_deaf = threading.Event()
    back = threading.Thread(target=_back, args=(client, server, is_deaf), daemon=True)
    back.start()
    with client, server:
        with running.lock:
            running.lines |= {client, server}
        _there(client, server, running, is_deaf)
        _hang_up(client, server)
        back.join()
        with running.lock:
            running.lines -= {client, server}


def _there(client: socket.socket, server: socket.socket, running: Proxy, is_deaf: threading.Event) -> None:
    seen = b""
    with contextlib.suppress(OSError):
        while part := client.recv(1 << 20):
            # What is looked for may come in two parts.
            seen = seen[-100:] + part
            cut = running.next_cut(seen)
            if cut is None:
                server.sendall(part)
                continue
            seen = b""
            if cut.when is When.BEFORE:
                return
            if cut.when is When.AFTER:
                is_deaf.set()
                server.sendall(part)
                continue
            server.sendall(part)
            threading.Thread(target=_cut_when, args=(cut, client, server), daemon=True).start()


def _cut_when(cut: Cut, client: socket.socket, server: socket.socket) -> None:
    cut.until()
    _hang_up(client, server)


def _back(client: socket.socket, server: socket.socket, is_deaf: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while part := server.recv(1 << 20):
            if is_deaf.is_set():
                break
            client.sendall(part)
    _hang_up(client, server)


def _hang_up(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
