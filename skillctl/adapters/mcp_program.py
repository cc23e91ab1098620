"""A program that speaks MCP over its standard input and output: started in a clean environment, bounded, ended.

The SDK has a transport of its own for this. It gives the program more of our environment, keeps a line however long
it grows, logs each line that is no message with its trace, and takes up to four seconds to end a program.
"""

import asyncio
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from threading import Lock

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from skillctl.adapters.processes import end_group, end_marked, ended_within
from skillctl.adapters.runners.programs import located

#: Bytes of one message; the same answer may stand in it twice, and escaped.
LONGEST = 16 * 1024 * 1024
#: Lines in a row that are no message; a program that prints a greeting first can still be talked to.
_MOST_STRAYS = 50
#: Seconds that a program has to end by itself once its standard input is closed.
_GRACE = 1.0
#: Bytes of standard error that are kept, and lines of them that are shown.
_TAIL, _LAST = 4096, 3
_MARK = "SKILLCTL_MCP_SERVER"

Reading = MemoryObjectReceiveStream[SessionMessage | Exception]
Writing = MemoryObjectSendStream[SessionMessage]


class Program:
    """One run of a program. `over` is set as soon as nothing more can come from it.

    It is the leader of a process group; what it starts elsewhere is found by a variable in its environment (Linux).
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        quoted: Callable[[str], str],
        over: anyio.Event,
    ) -> None:
        self._mark = uuid.uuid4().hex
        self._quoted = quoted
        self._over = over
        self._broken: str | None = None
        self._is_gone = False
        self._ended_itself = False
        self._strays = 0
        self._stray = ""
        self._errors = _Tail()
        self._ending = Lock()
        # Not in the repository: a program loads what it finds where it starts, and that would be the change's to say.
        self._scratch = tempfile.TemporaryDirectory(prefix="skillctl-server-", ignore_cleanup_errors=True)
        try:
            self._process = subprocess.Popen(
                [located(word, folder, is_program=not at) for at, word in enumerate(command)],
                cwd=self._scratch.name,
                env={**environment, _MARK: self._mark},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except BaseException:
            self._scratch.cleanup()
            raise

    @property
    def problem(self) -> str | None:
        """What became of it, if it did not keep to the protocol or has ended."""
        if self._broken or not self._is_gone:
            return self._broken
        code = self._process.returncode
        if code is None or not self._ended_itself:
            return f"closed its standard input or output{self.said}"
        return (f"ended with exit code {code}" if code >= 0 else f"was ended by signal {-code}") + self.said

    @property
    def said(self) -> str:
        """What it printed besides messages, as the end of a sentence; empty if nothing."""
        lines = self._errors.kept.decode("utf-8", "replace").split("\n")
        last = "\n".join([line.strip() for line in lines if line.strip()][-_LAST:]) or self._stray
        return f": {self._quoted(last)}" if last else ""

    @asynccontextmanager
    async def streams(self) -> AsyncIterator[tuple[Reading, Writing]]:
        """The messages of the program, and those for it; on leaving, it and what it started is ended."""
        arrived, reading = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        writing, sent = anyio.create_memory_object_stream[SessionMessage](0)
        feed, fed, output, pipes = await self._pipes()
        try:
            async with anyio.create_task_group() as tasks, arrived, reading, writing, sent:
                tasks.start_soon(self._receive, output, arrived)
                tasks.start_soon(self._send, feed, sent)
                tasks.start_soon(self._watch, fed, arrived)
                try:
                    yield reading, writing
                finally:
                    tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                # Without waiting for the program to read what it was sent.
                if not feed.is_closing():
                    feed.transport.abort()
                await asyncio.to_thread(self.end, 0.0 if self._broken else _GRACE)
                with anyio.move_on_after(_GRACE):
                    await self._errors.ended.wait()
                for pipe in pipes:
                    pipe.close()
                # They are closed in the next round of the loop.
                await asyncio.sleep(0)

    async def _pipes(
        self,
    ) -> tuple[asyncio.StreamWriter, asyncio.StreamReader, asyncio.StreamReader, list[asyncio.ReadTransport]]:
        """Where to write, what ends when that is not read any more, where to read, and what is to be closed."""
        loop, fed, output = asyncio.get_running_loop(), asyncio.StreamReader(), asyncio.StreamReader(limit=LONGEST)
        # The protocol of a reader is the only public one that knows when a writer has to wait.
        feeding, flow = await loop.connect_write_pipe(lambda: asyncio.StreamReaderProtocol(fed), self._process.stdin)
        out, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(output), self._process.stdout)
        errors, _ = await loop.connect_read_pipe(lambda: self._errors, self._process.stderr)
        return asyncio.StreamWriter(feeding, flow, None, loop), fed, output, [out, errors]

    async def _receive(
        self, output: asyncio.StreamReader, arrived: MemoryObjectSendStream[SessionMessage | Exception]
    ) -> None:
        try:
            while True:
                line = await output.readuntil(b"\n")
                try:
                    message = jsonrpc_message_adapter.validate_json(line, by_name=False)
                except ValueError:
                    self._strays += 1
                    self._stray = self._stray or line.decode("utf-8", "replace").strip()[:_TAIL]
                    if self._strays > _MOST_STRAYS:
                        self._broken = f"does not speak MCP: it printed {self._quoted(self._stray)}"
                        return
                else:
                    self._strays = 0
                    await arrived.send(SessionMessage(message))
        except asyncio.LimitOverrunError:
            self._broken = f"sent a message of more than {LONGEST:,} bytes"
        except (asyncio.IncompleteReadError, OSError):
            self._is_gone = True
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            # Nobody wants to hear more.
            return
        finally:
            self._over.set()
            arrived.close()

    async def _send(self, feed: asyncio.StreamWriter, sent: MemoryObjectReceiveStream[SessionMessage]) -> None:
        with suppress(OSError):
            async for note in sent:
                feed.write(note.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
                await feed.drain()

    async def _watch(
        self, fed: asyncio.StreamReader, arrived: MemoryObjectSendStream[SessionMessage | Exception]
    ) -> None:
        """Wait until the program does not listen any more; what it still says is heard."""
        with suppress(OSError):
            await fed.read()
        await asyncio.sleep(_GRACE)
        self._is_gone = True
        self._over.set()
        arrived.close()

    def end(self, grace: float = 0.0) -> None:
        """End it, what it started included, after that many seconds in which it may do so itself."""
        with self._ending:
            if self._process.returncode is None:
                self._ended_itself = ended_within(self._process, grace)
                end_group(self._process)
                end_marked(f"{_MARK}={self._mark}")
                self._scratch.cleanup()


class _Tail(asyncio.Protocol):
    """The last bytes of what a program says on standard error."""

    def __init__(self) -> None:
        self.kept = b""
        self.ended = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        """Keep the end."""
        self.kept += data
        if len(self.kept) > _TAIL:
            # From the start of a line, so that no secret is cut in two.
            self.kept = self.kept[-_TAIL:].partition(b"\n")[2]

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that no more will come."""
        del exc
        self.ended.set()
