"""What is said of addresses that are no MCP server, and what they are sent."""

import socket
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from skillctl.adapters.mcp_tools import McpTools
from skillctl.domain.runner import Server
from tests.adapters.answering import answering, refusing
from tests.adapters.mcp_servers import TOKEN, answered, over_http, tools


@pytest.mark.parametrize(
    ("status", "body", "kind", "why"),
    [
        (401, b"unauthorized letmein-letmein", "text/plain", "answered 401 (its token is `ODOO_TOKEN`)"),
        (403, b"{}", "application/json", "answered 403 (its token is `ODOO_TOKEN`)"),
        (404, b"<html>", "text/html", "answered 404"),
        (503, b"", "text/plain", "answered 503"),
        (200, b"<html>Welcome</html>", "text/html; charset=utf-8", "does not speak MCP: it answered `text/html`"),
        (200, b"{}", "application/json", "answered with an error: `Failed to parse JSON response: "),
        (200, b" " * 20_000_000, "application/json", "answered with more than 16,777,216 bytes"),
        (
            400,
            b'{"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": "no letmein-letmein"}}',
            "application/json",
            "answered with an error: `no $ODOO_TOKEN` (-32600)",
        ),
        (0, b"", "text/plain", "cannot be reached (RemoteProtocolError)"),
    ],
)
def test_an_address_that_is_no_server(tmp_path: Path, status: int, body: bytes, kind: str, why: str) -> None:
    with (
        answering(status, body, {"Content-Type": kind}) as server,
        tools(tmp_path, Server(url=server.url, token="ODOO_TOKEN")) as made,
    ):
        said = made.call("lab", "echo", {}, 20)
        assert isinstance(said, str)
        assert said.startswith(f"server `lab` {why}")
        assert {sent["authorization"] for sent in server.headers} == {f"Bearer {TOKEN}"}
        asked = len(server.bodies)
        assert made.call("lab", "echo", {}, 20) == said
        assert len(server.bodies) == asked


def test_a_redirect_takes_the_token_to_nobody_else(tmp_path: Path) -> None:
    with answering(200) as other, answering(307, headers={"Location": f"{other.url}/mcp"}) as server:
        with tools(tmp_path, Server(url=server.url, token="ODOO_TOKEN")) as made:
            said = made.call("lab", "echo", {}, 20)
        assert isinstance(said, str)
        assert "not followed" in said
        assert other.headers == []


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({}, "answered 401 (its token is `ODOO_TOKEN`, which is not set)"),
        ({"ODOO_TOKEN": "two\nlines"}, "cannot be asked: `ODOO_TOKEN` holds no token"),
    ],
)
def test_a_token_that_is_none(tmp_path: Path, variables: Mapping[str, str], why: str) -> None:
    with answering(401) as server:
        with McpTools({"lab": Server(url=server.url, token="ODOO_TOKEN")}, tmp_path, variables) as made:
            assert made.call("lab", "echo", {}, 20) == f"server `lab` {why}"
        assert all("authorization" not in sent for sent in server.headers)


def test_an_address_that_never_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with tools(tmp_path, Server(url=url), 0.5) as made:
            assert made.call("lab", "echo", {}, 20) == "server `lab` did not answer within 0.5 s"


def test_an_address_where_nobody_listens(tmp_path: Path) -> None:
    with tools(tmp_path, Server(url=refusing())) as made:
        assert made.call("lab", "echo", {}, 20) == "server `lab` cannot be reached (ConnectError)"


def test_an_address_that_goes_away(tmp_path: Path) -> None:
    with ExitStack() as serving, ExitStack() as calling:
        made = calling.enter_context(tools(tmp_path, serving.enter_context(over_http("modern"))))
        answered(made.call("lab", "number", {}, 20))
        serving.close()
        for _ in ("the connection that stood", "a new one"):
            assert made.call("lab", "number", {}, 20) == "server `lab` cannot be reached (ConnectError)"
