"""The workflows of the repository, as they are imported, and what an importer fills in."""

import copy
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "n8n"
Flow = dict[str, Any]
FLOWS: dict[str, Flow] = {
    file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.json"))
}


def node(flow: Flow, name: str) -> Flow:
    """The node of a name; what is changed in it is changed in the workflow."""
    found: list[Flow] = [one for one in flow["nodes"] if one["name"] == name]
    assert len(found) == 1, name
    return found[0]


def filled(name: str, credentials: dict[str, str]) -> Flow:
    """A copy with the ids of credentials, by their names, in the place of the placeholders."""
    flow: Flow = copy.deepcopy(FLOWS[name])
    for one in flow["nodes"]:
        for credential in one.get("credentials", {}).values():
            credential["id"] = credentials[credential["name"]]
    return flow
