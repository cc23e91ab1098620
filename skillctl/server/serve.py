"""Runs an application until it is told to stop; questions that came in are answered first."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.applications import Starlette

from skillctl.errors import UsageError

#: Seconds that open questions have when it is told to stop.
_GRACE = 15
#: Connections at a time; more are told to come again.
_MOST_CONNECTIONS = 100


class _Server(uvicorn.Server):
    """One that leaves the signals to us: uvicorn would raise them again when it has stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(app: Starlette, host: str, port: int, told: Callable[[str], None]) -> None:
    """Serve on a host and port (0: a free one) until SIGINT or SIGTERM; `told` is given the address when it is open."""
    with _listening(host, port) as door:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=_GRACE,
        )
        asyncio.run(_serve(_Server(config), door, told))


async def _serve(server: uvicorn.Server, door: socket.socket, told: Callable[[str], None]) -> None:
    def stop() -> None:
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    host, port = door.getsockname()[:2]
    told(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
    await server.serve(sockets=[door])


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        door = socket.socket(family, kind, protocol)
    except OSError as problem:
        raise _no_door(host, port, problem) from None
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(place)
        # Open before it is said to be.
        door.listen(128)
    except OSError as problem:
        door.close()
        raise _no_door(host, port, problem) from None
    return door


def _no_door(host: str, port: int, problem: OSError) -> UsageError:
    words = (problem.strerror or str(problem)).lower()
    return UsageError(f"cannot listen on {host}:{port}: {words}", hint="give another `--host` or `--port`")
