"""MCP servers for the tests: the official SDK's behind each door, and one by hand that goes wrong."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from skillctl.adapters.mcp_tools import McpTools
from skillctl.domain.checks import Produced
from skillctl.domain.runner import Server

STANDIN = Path(__file__).parents[1] / "standin"
LAB, BY_HAND = str(STANDIN / "odoo_lab.py"), str(STANDIN / "mcp_by_hand.py")
TOKEN = "letmein-letmein"
VARIABLES = {
    "PATH": os.environ["PATH"],
    "HOME": "/nobody",
    "LANG": "C.UTF-8",
    "ODOO_TOKEN": TOKEN,
    "ODOO_PASSWORD": 'hunter"2"hunter',
    "ODOO_DB": "odoo_lab",
    "OTHER": "not for servers",
}


def by_hand(*way: str) -> Server:
    """A program that speaks the older protocol, and goes wrong in its way."""
    return Server(command=[sys.executable, BY_HAND, *(way or ["well"])], env=["ODOO_PASSWORD", "ODOO_DB"])


@contextmanager
def over_http(era: str) -> Iterator[Server]:
    """The SDK's server at an address that wants the token."""
    command = [sys.executable, LAB, era, TOKEN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Server(url=f"http://127.0.0.1:{int(process.stdout.readline())}/mcp", token="ODOO_TOKEN")
        process.stdin.close()


@contextmanager
def tools(folder: Path, server: Server, starting: float = 30) -> Iterator[McpTools]:
    """The tools of one server, `lab`."""
    with McpTools({"lab": server}, folder, VARIABLES, starting=starting) as made:
        yield made


def answered(said: Produced | str) -> Any:
    """The JSON of an answer that must be one."""
    assert isinstance(said, Produced), said
    assert (said.exit_code, said.stderr) == (0, ""), said
    return json.loads(said.stdout)
