"""Tools of real MCP servers, and what is said of servers that are none."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from skillctl.adapters.mcp_secrets import Secrets
from skillctl.adapters.mcp_tools import McpTools
from skillctl.adapters.processes import gone_within
from skillctl.domain.checks import Produced
from skillctl.domain.runner import Server
from tests.adapters.mcp_servers import BY_HAND, LAB, TOKEN, VARIABLES, answered, by_hand, over_http, tools

DOORS = ("stdio", "http", "http-legacy")


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[McpTools]:
    """The same server behind three doors; all tests share the connections, as the cases of a run do."""
    with ExitStack() as stack:
        servers = {
            "stdio": Server(command=[sys.executable, LAB], env=["ODOO_PASSWORD", "ODOO_DB"]),
            "http": stack.enter_context(over_http("modern")),
            "http-legacy": stack.enter_context(over_http("legacy")),
        }
        folder = tmp_path_factory.mktemp("repository")
        yield stack.enter_context(McpTools(servers, folder, VARIABLES))


@pytest.fixture
def hand(tmp_path: Path) -> Iterator[McpTools]:
    with tools(tmp_path, by_hand()) as made:
        yield made


@pytest.mark.parametrize("door", DOORS)
class TestARealServer:
    def test_structured_content_is_the_answer(self, labs: McpTools, door: str) -> None:
        found = answered(labs.call(door, "search_read", {"model": "res.partner", "limit": 1}, 20))
        assert found == {"model": "res.partner", "records": [{"id": 1, "name": "Azucena Ltée"}]}

    def test_a_server_keeps_what_it_was_told(self, labs: McpTools, door: str) -> None:
        made = answered(labs.call(door, "create", {"model": "res.partner", "values": {"name": "Ready Mat"}}, 20))
        found = answered(labs.call(door, "search_read", {"model": "res.partner"}, 20))
        assert found["records"][-1] == {"id": made["result"], "name": "Ready Mat"}

    def test_texts_are_joined_where_nothing_is_structured(self, labs: McpTools, door: str) -> None:
        assert labs.call(door, "report", {"title": "Aged"}, 20) == Produced(0, "Aged\ntotal 1,000.00")

    def test_an_error_of_the_tool_is_an_answer(self, labs: McpTools, door: str) -> None:
        said = "Error executing tool search_read: Object res.user doesn't exist"
        assert labs.call(door, "search_read", {"model": "res.user"}, 20) == Produced(1, said, said)

    def test_a_wrong_argument_is_an_answer_too(self, labs: McpTools, door: str) -> None:
        said = labs.call(door, "search_read", {"modle": "res.user"}, 20)
        assert isinstance(said, Produced)
        assert said.exit_code == 1
        assert "Field required" in said.stdout

    def test_an_unknown_tool_is_named_with_the_nearest(self, labs: McpTools, door: str) -> None:
        why = f"server `{door}` has no tool `serch_read`; did you mean `search_read`?"
        assert labs.call(door, "serch_read", {}, 20) == why
        assert labs.call(door, "zzz", {}, 20) == f"server `{door}` has no tool `zzz`"

    def test_calls_run_at_the_same_time(self, labs: McpTools, door: str) -> None:
        with ThreadPoolExecutor(2) as threads:
            said = list(threads.map(lambda _: labs.call(door, "meet", {}, 20), range(2)))
        assert [answered(one) for one in said] == [{"result": "met"}] * 2

    def test_an_answer_may_have_a_million_bytes_and_no_more(self, labs: McpTools, door: str) -> None:
        most = 1024 * 1024
        assert labs.call(door, "export", {"size": most}, 20) == Produced(0, "x" * most)
        for size in (most + 1, 5_000_000):
            assert (
                labs.call(door, "export", {"size": size}, 20)
                == f"server `{door}` answered with more than 1,048,576 bytes"
            )

    def test_the_era_is_the_one_meant(self, labs: McpTools, door: str) -> None:
        answered(labs.call(door, "number", {}, 20))
        spoken = labs._connections[door][0]._client.protocol_version
        assert spoken == ("2025-11-25" if door == "http-legacy" else "2026-07-28")

    def test_one_process_serves_all_calls(self, labs: McpTools, door: str) -> None:
        first, second = (answered(labs.call(door, "number", {}, 20)) for _ in range(2))
        assert first == second


def test_a_program_is_given_what_is_named_and_answers_without_its_secrets(labs: McpTools) -> None:
    given = answered(labs.call("stdio", "environment", {}, 20))
    assert Path(given.pop("cwd")).name.startswith("skillctl-server-")
    assert len(given.pop("SKILLCTL_MCP_SERVER")) == 32
    given.pop("LC_CTYPE", None)
    names = ("PATH", "HOME", "LANG", "ODOO_DB")
    assert given == {name: VARIABLES[name] for name in names} | {"ODOO_PASSWORD": "$ODOO_PASSWORD"}


def test_the_older_protocol_with_a_list_of_many_pages(hand: McpTools) -> None:
    assert answered(hand.call("lab", "echo", {"name": "é", "n": [1.5, None]}, 20)) == {"name": "é", "n": [1.5, None]}


@pytest.mark.parametrize(
    ("way", "why"),
    [
        ("exits", "ended with exit code 1: `no module named odoo, password $ODOO_PASSWORD`"),
        ("garbage", "does not speak MCP: it printed `Welcome to Odoo!`"),
        ("mute", "closed its standard input or output"),
        ("deaf", "closed its standard input or output"),
        ("ancient", "does not keep to MCP: `Unsupported protocol version from the server: 1999-01-01`"),
    ],
)
def test_a_program_that_is_no_server(tmp_path: Path, way: str, why: str) -> None:
    with tools(tmp_path, by_hand(way)) as made:
        assert made.call("lab", "echo", {}, 20) == f"server `lab` {why}"
        # It is not tried again: nothing was started that could answer otherwise.
        made._folder = tmp_path / "nowhere"
        assert made.call("lab", "echo", {}, 20) == f"server `lab` {why}"


def test_a_program_that_never_answers(tmp_path: Path) -> None:
    with tools(tmp_path, by_hand("silent"), 0.5) as made:
        why = made.call("lab", "echo", {}, 20)
    assert why == "server `lab` did not answer within 0.5 s: `waiting for the database`"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("odoo-nowhere", "could not be started: `odoo-nowhere`: No such file or directory"),
        ("odoo\0nowhere", "could not be asked (ValueError)"),
    ],
)
def test_a_program_that_is_not_there(tmp_path: Path, command: str, why: str) -> None:
    with tools(tmp_path, Server(command=[command], env=["ODOO_URL"])) as made:
        assert made.call("lab", "echo", {}, 20) == f"server `lab` {why} (not set: `ODOO_URL`)"


@pytest.mark.parametrize("way", ["floods", "stubborn", "endless"])
def test_what_a_server_prints_besides_is_left_aside(
    tmp_path: Path, way: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with tools(tmp_path, by_hand(way)) as made:
        assert answered(made.call("lab", "echo", {"a": 1}, 20)) == {"a": 1}
    assert capfd.readouterr() == ("", "")


def test_a_server_that_dies_is_started_again(hand: McpTools) -> None:
    why = "server `lab` ended with exit code 3: `Traceback⏎MemoryError: the lab is full`, in the middle of the call"
    assert hand.call("lab", "die", {}, 20) == why
    assert answered(hand.call("lab", "echo", {"a": 1}, 20)) == {"a": 1}


@pytest.mark.parametrize(
    ("tool", "why"),
    [
        ("big", "answered with more than 1,048,576 bytes"),
        ("huge", "sent a message of more than 16,777,216 bytes, in the middle of the call"),
        ("shapeless", "answered what is not MCP"),
        ("nan", "answered with what is not JSON"),
        ("refuse", "answered with an error: `no access with $ODOO_PASSWORD` (-32000)"),
        (
            "wrong",
            "does not keep to MCP: `Invalid structured content returned by tool wrong: 'id' is a required property`",
        ),
    ],
)
def test_what_is_no_answer(hand: McpTools, tool: str, why: str) -> None:
    assert hand.call("lab", tool, {}, 20) == f"server `lab` {why}"
    assert answered(hand.call("lab", "echo", {}, 20)) == {}


def test_a_tool_that_is_too_slow(hand: McpTools, tmp_path: Path) -> None:
    told = os.fspath(tmp_path / "told")
    assert (
        hand.call("lab", "hang", {"told": told}, 0.2) == "server `lab` gave no answer to `hang` within 0.2 s (time-out)"
    )
    assert answered(hand.call("lab", "echo", {}, 20)) == {}


@contextmanager
def reached(pipe: Path) -> Iterator[None]:
    """On leaving, a server has written into this named pipe."""
    os.mkfifo(pipe)
    told = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield
        poll = select.poll()
        poll.register(told, select.POLLIN)
        assert poll.poll(20_000)
    finally:
        os.close(told)


def test_all_calls_learn_of_the_end(hand: McpTools, tmp_path: Path) -> None:
    told = tmp_path / "told"
    with ThreadPoolExecutor(1) as thread:
        with reached(told):
            other = thread.submit(hand.call, "lab", "hang", {"told": os.fspath(told)}, 30)
        why = hand.call("lab", "die", {}, 20)
        assert other.result(20) == why


def test_close_ends_calls_and_whatever_the_program_started(hand: McpTools, tmp_path: Path) -> None:
    said = hand.call("lab", "leave", {}, 20)
    assert isinstance(said, Produced)
    told = tmp_path / "told"
    with ThreadPoolExecutor(1) as thread:
        with reached(told):
            call = thread.submit(hand.call, "lab", "hang", {"told": os.fspath(told)}, 30)
        hand.close()
        assert call.result(20) == "server `lab` was closed, in the middle of the call"
    assert [gone_within(int(number), 5) for number in said.stdout.split()] == [True, True]
    hand.close()


def test_close_does_not_wait_for_a_server_to_start(tmp_path: Path) -> None:
    told = tmp_path / "told"
    with tools(tmp_path, by_hand("silent", os.fspath(told))) as made, ThreadPoolExecutor(1) as thread:
        with reached(told):
            call = thread.submit(made.call, "lab", "echo", {}, 30)
        made.close()
        assert call.result(10) == "server `lab` was closed"


INTERRUPTED = """
import signal, sys
from pathlib import Path
from skillctl.adapters.mcp_tools import McpTools
from skillctl.domain.runner import Server
signal.signal(signal.SIGINT, signal.default_int_handler)
assert "mcp" not in sys.modules and "anyio" not in sys.modules
tools = McpTools({"lab": Server(command=[sys.executable, sys.argv[1], "well"])}, Path("."), {})
print(tools.call("lab", "leave", {}, 20).stdout, flush=True)
tools.call("lab", "hang", {"told": "/dev/null"}, 600)
"""


def test_whoever_is_interrupted_leaves_nothing_behind(project: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, BY_HAND]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left = process.stdout.readline().split()
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert errors.endswith("KeyboardInterrupt\n"), errors
    assert len(left) == 2
    assert [gone_within(int(number), 5) for number in left] == [True, True]


def test_the_sdk_logs_nothing_to_the_terminal(project: Path) -> None:
    logged = "import logging\nimport skillctl.adapters.mcp_connection\n" + "".join(
        f"logging.getLogger({name!r}).error('noise')\n" for name in ("mcp.client.stdio", "client")
    )
    done = subprocess.run([sys.executable, "-c", logged], cwd=project, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_an_alias_that_is_not_defined(tmp_path: Path) -> None:
    with tools(tmp_path, by_hand()) as made:
        assert made.call("labs", "echo", {}, 20) == "there is no server `labs` in `skillctl.yaml`; did you mean `lab`?"
        assert made.call("zzz", "echo", {}, 20) == "there is no server `zzz` in `skillctl.yaml`"


@pytest.mark.parametrize("value", [float("nan"), b"", "\ud83d"])
def test_arguments_that_are_not_json(hand: McpTools, value: Any) -> None:
    assert hand.call("lab", "echo", {"a": value}, 20) == "the arguments of `echo` are not JSON"


def test_without_the_sdk(hand: McpTools, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("connection", "address", "program"):
        monkeypatch.delitem(sys.modules, f"skillctl.adapters.mcp_{name}", raising=False)
    monkeypatch.setitem(sys.modules, "mcp", None)
    why = "the MCP SDK is not installed: install `skillctl-lifecycle[mcp]`"
    assert hand.call("lab", "echo", {}, 20) == why


def test_secrets() -> None:
    server = Server(url="https://odoo.example.test", env=["ODOO_PASSWORD", "ODOO_DB", "PIN_KEY"], token="ODOO_TOKEN")
    secrets = Secrets(server, {**VARIABLES, "PIN_KEY": "123"})
    text = f"{TOKEN} 'hunter\"2\"hunter' {json.dumps(VARIABLES['ODOO_PASSWORD'])} odoo_lab 123 not for servers"
    without = "$ODOO_TOKEN '$ODOO_PASSWORD' \"$ODOO_PASSWORD\" {} 123 not for servers"
    assert secrets.masked(text) == without.format("odoo_lab")
    assert secrets.quoted(text) == f"`{without.format('$ODOO_DB')}`"
