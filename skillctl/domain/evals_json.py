"""`evals.json` of the Agent Skills convention, as the suite it says.

Formats: agentskills.io, "evaluating skills" (`assertions`), and skill-creator (`expectations`). Their assertions are
sentences, which only a judge can answer: they become rubrics.
"""

from typing import Any

from msgspec.structs import replace
from yaml.nodes import MappingNode, ScalarNode

from skillctl.domain.document import Document

FILE_NAME = "evals.json"
#: The convention's own keys at the top, by ours.
_KEYS = {"skill_name": "skill", "evals": "cases"}
_SENTENCES = ("assertions", "expectations")


def translated(document: Document, name: str) -> Document:
    """The document as `suite.yaml` would say it, with its cases where they stand in this one.

    What is not of the convention's form stays, for the schema to refuse; keys that it does not have are left out.
    """
    listed = document.data.get("evals")
    cases = [_case(item) for item in listed] if isinstance(listed, list) else listed
    data = {"skill": document.data.get("skill_name", name), "cases": cases}
    return replace(document, data=data, node=_in_our_words(document.node))


def _in_our_words(node: MappingNode) -> MappingNode:
    pairs = [
        (ScalarNode(key.tag, _KEYS.get(key.value, key.value), key.start_mark, key.end_mark), value)
        for key, value in node.value
    ]
    return MappingNode(node.tag, pairs, node.start_mark, node.end_mark)


def _case(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    number = item.get("id")
    lines = next((item[key] for key in _SENTENCES if item.get(key)), None)
    if lines is None and item.get("expected_output"):
        lines = [item["expected_output"]]
    return {
        "id": f"eval-{number}" if isinstance(number, int) else number,
        "ask": {"prompt": item.get("prompt"), "attached": item.get("files") or []},
        "expect": [] if lines is None else [{"rubric": lines}],
    }
