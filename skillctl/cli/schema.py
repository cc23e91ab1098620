"""`skillctl schema`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skillctl.cli import draw
from skillctl.cli.options import FormatOption
from skillctl.cli.result import Format, Result
from skillctl.domain import policy, serving, skill, suite

if TYPE_CHECKING:
    from rich.console import Console

    from skillctl.domain.schema import Model

_MODELS: "dict[str, type[Model]]" = {
    "skill": skill.Definition,
    "suite": suite.Suite,
    "skillctl": policy.Policy,
    "serving": serving.Serving,
}


def run(
    folder: Annotated[Path, typer.Argument(help="Where to write them.")] = Path("schemas"),
    format: FormatOption = Format.TEXT,
) -> Result:
    """Write the JSON Schemas of our files, for editors; each file names its own in its first line."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _MODELS:
        (folder / f"{name}.json").write_text(text(name), encoding="utf-8")
    files = [str(folder / f"{name}.json") for name in _MODELS]
    return Result({"files": files}, 0, (), lambda screen: _draw(screen, files), format)


def text(name: str) -> str:
    """The schema of one kind of file; keys that begin with `x-` are anybody's, as the reader has it."""
    schema: dict[str, Any] = _MODELS[name].model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["patternProperties"] = {"^x-": {}}
    schema["properties"]["$schema"] = {"type": "string", "description": "Where this schema lies, for editors."}
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _draw(screen: "Console", files: list[str]) -> None:
    for file in files:
        draw.line(screen, f"wrote {file}")
