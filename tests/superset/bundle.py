"""The bundle as its files say it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "superset"


def read(kind: str) -> dict[str, Any]:
    """All files of one kind (`charts`, `datasets`, …): what each says, by the name of the file."""
    return {path.stem: yaml.safe_load(path.read_text()) for path in sorted((FOLDER / kind).rglob("*.yaml"))}


DATABASES, DATASETS, CHARTS, DASHBOARDS = map(read, ("databases", "datasets", "charts", "dashboards"))


def dataset(chart: dict[str, Any]) -> dict[str, Any]:
    """The dataset that a chart draws."""
    (found,) = (one for one in DATASETS.values() if one["uuid"] == chart["dataset_uuid"])
    return dict(found)


def query(chart: dict[str, Any]) -> dict[str, Any]:
    """The one query of a chart, as the API is asked."""
    (found,) = json.loads(chart["query_context"])["queries"]
    return dict(found)


def asked(chart: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The columns and the metrics of a chart, as the page asks for them."""
    params = chart["params"]
    columns = [params[key] for key in ("x_axis",) if key in params]
    columns += [*params.get("groupby", []), *params.get("all_columns", [])]
    return columns, [*params.get("metrics", []), *([params["metric"]] if "metric" in params else [])]


def zipped(target: Path) -> Path:
    """The bundle as one file, made by the command of docs/superset.md."""
    command = [sys.executable, "-m", "zipfile", "-c", str(target), "superset/"]
    subprocess.run(command, cwd=FOLDER.parent, check=True)
    return target
