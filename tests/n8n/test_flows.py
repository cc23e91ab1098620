"""What holds of every workflow, without an n8n: it is whole, has no secret and no code, and is in the guide."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.n8n.flows import FLOWS, Flow, node

PROJECT = Path(__file__).parents[2]
RELEASE = PROJECT / ".github" / "workflows" / "release.yml"
GUIDE = (PROJECT / "docs" / "n8n.md").read_text(encoding="utf-8")


def used(flow: Flow) -> dict[str, tuple[str, str]]:
    """Credentials by name: their type and id."""
    found = [one.get("credentials", {}) for one in flow["nodes"]]
    return {each["name"]: (kind, each["id"]) for one in found for kind, each in one.items()}


@pytest.mark.parametrize("name", FLOWS)
def test_a_workflow_is_whole(name: str) -> None:
    flow = FLOWS[name]
    names, ids = ([one[key] for one in flow["nodes"]] for key in ("name", "id"))
    assert len(set(names)) == len(names) == len(set(ids))
    ends = {link["node"] for outputs in flow["connections"].values() for output in outputs["main"] for link in output}
    starts = {one["name"] for one in flow["nodes"] if one["type"].endswith(("webhook", "Trigger"))}
    assert ends | starts == {one["name"] for one in flow["nodes"] if not one["type"].endswith("stickyNote")}
    assert ends | set(flow["connections"]) <= set(names)
    assert flow["active"] is False


@pytest.mark.parametrize("name", FLOWS)
def test_it_holds_no_secret_and_no_code(name: str) -> None:
    flow = FLOWS[name]
    assert {identity for _kind, identity in used(flow).values()} == {"REPLACE_ME"}
    assert not {"n8n-nodes-base.code", "n8n-nodes-base.function"} & {one["type"] for one in flow["nodes"]}
    assert "pinData" not in flow
    assert "$env" not in json.dumps(flow)


@pytest.mark.parametrize("name", FLOWS)
def test_the_guide_names_it_and_its_credentials(name: str) -> None:
    assert f"n8n/{name}.json" in GUIDE
    for credential in used(FLOWS[name]):
        assert f"`{credential}`" in GUIDE


def test_ids_are_those_of_one_workflow() -> None:
    assert len({flow["id"] for flow in FLOWS.values()}) == len(FLOWS)
    hooks = [one["parameters"]["path"] for flow in FLOWS.values() for one in flow["nodes"] if "webhook" in one["type"]]
    assert len(set(hooks)) == len(hooks)


def test_the_repository_s_workflow_is_started_as_n8n_does_it() -> None:
    """The name of a run is where `skill-sync` finds it again."""
    text = RELEASE.read_text(encoding="utf-8")
    # YAML 1.1 reads `on` as a truth.
    workflow: dict[Any, Any] = yaml.safe_load(text)
    assert list(workflow[True]["workflow_dispatch"]["inputs"]) == ["request_id"]
    assert "inputs.request_id" in workflow["run-name"]
    assert text.count("inputs.request_id") == workflow["run-name"].count("inputs.request_id")
    settings = node(FLOWS["skill-sync"], "Settings")["parameters"]["assignments"]["assignments"]
    assert {one["name"]: one["value"] for one in settings}["workflow"] == RELEASE.name


def test_github_would_take_every_workflow() -> None:
    files = sorted(RELEASE.parent.glob("*.yml"))
    command = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
