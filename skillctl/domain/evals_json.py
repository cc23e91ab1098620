"""`evals.json` of the Agent Skills convention, as the suite it says.

Formats: agentskills.io, "evaluating skills" (`assertions`), and skill-creator (`expectations`). Their assertions are
sentences, which only a judge can answer: they become rubrics.
"""

from dataclasses import replace
from typing import Any

from skillctl.domain.document import Document

FILE_NAME = "evals.json"
_SENTENCES = ("assertions", "expectations")


def translated(document: Document, name: str) -> Document:
    """The document as `suite.yaml` would say it; what is not of the convention stays, for the schema to refuse."""
    listed = document.data.get("evals")
    cases = [_case(item) for item in listed] if isinstance(listed, list) else listed
    return replace(document, data={"skill": document.data.get("skill_name", name), "cases": cases})


def _case(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    number = item.get("id")
    lines = next((item[key] for key in _SENTENCES if item.get(key)), None)
    if lines is None and isinstance(item.get("expected_output"), str):
        lines = [item["expected_output"]]
    return {
        "id": f"eval-{number}" if isinstance(number, int) else number,
        "ask": {"prompt": item.get("prompt"), "attached": item.get("files", [])},
        "expect": [] if lines is None else [{"rubric": lines}],
    }
