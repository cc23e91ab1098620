"""The bundle holds together, and fits the views it draws; Superset itself is asked by `make test-superset`."""

import json
import re
import uuid
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.production.conftest import Database
from tests.superset import bundle
from tests.superset.bundle import CHARTS, DASHBOARDS, DATABASES, DATASETS

(DASHBOARD,) = DASHBOARDS.values()
(DATABASE,) = DATABASES.values()
PLACED = {key: node for key, node in DASHBOARD["position"].items() if isinstance(node, dict)}
FILTERS = DASHBOARD["metadata"]["native_filter_configuration"]


def test_there_is_no_password() -> None:
    uri = urlsplit(DATABASE["sqlalchemy_uri"])
    assert (uri.scheme, uri.username, uri.password) == ("postgresql+psycopg2", "mcp_reporter", None)
    for path in bundle.FOLDER.rglob("*"):
        assert path.is_dir() or not re.search("password|secret|X{6}", path.read_text(), re.IGNORECASE)


def test_nobody_writes_through_it() -> None:
    assert {key: value for key, value in DATABASE.items() if key.startswith("allow_")} == {
        "allow_run_async": False, "allow_ctas": False, "allow_cvas": False, "allow_dml": False,
        "allow_csv_upload": False,
    }  # fmt: skip


def test_every_name_leads_somewhere_and_is_used_once() -> None:
    everything = [*DATABASES.values(), *DATASETS.values(), *CHARTS.values(), DASHBOARD]
    names = [str(uuid.UUID(one["uuid"])) for one in everything]
    assert len(set(names)) == len(names) == 1 + 4 + 10 + 1
    assert {one["database_uuid"] for one in DATASETS.values()} == {DATABASE["uuid"]}
    assert {one["dataset_uuid"] for one in CHARTS.values()} == {one["uuid"] for one in DATASETS.values()}
    targets = [target["datasetUuid"] for one in FILTERS for target in one["targets"] if target]
    assert set(targets) <= {one["uuid"] for one in DATASETS.values()}


def test_every_chart_has_its_place() -> None:
    placed = {node["meta"]["uuid"]: node["meta"] for node in PLACED.values() if node["type"] == "CHART"}
    assert {name: meta["sliceName"] for name, meta in placed.items()} == {
        one["uuid"]: one["slice_name"] for one in CHARTS.values()
    }
    ids = [meta["chartId"] for meta in placed.values()]
    assert len(set(ids)) == len(ids)
    assert {number for one in FILTERS for number in one["scope"]["excluded"]} <= set(ids)


def test_the_layout_is_a_tree_of_whole_rows() -> None:
    for key, node in PLACED.items():
        assert node["id"] == key
        for child in node.get("children", []):
            assert PLACED[child]["parents"] == [*node.get("parents", []), key]
    rows = [node for node in PLACED.values() if node["type"] == "ROW"]
    assert [sum(PLACED[child]["meta"]["width"] for child in row["children"]) for row in rows] == [12] * len(rows)
    children = [child for node in PLACED.values() for child in node.get("children", [])]
    assert sorted(children) == sorted(set(PLACED) - {"ROOT_ID", "HEADER_ID"})


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_has_the_columns_of_its_view(told: Database, name: str) -> None:
    dataset = DATASETS[name]
    assert (dataset["schema"], dataset["table_name"]) == ("mcp_reporting", name)
    found = told.run(
        "select column_name, data_type from information_schema.columns where table_schema = 'mcp_reporting'"
        " and table_name = %s order by ordinal_position",
        name,
    )
    kinds = {"timestamp without time zone": "TIMESTAMP", "integer": "BIGINT"}
    assert [(one["column_name"], one["type"]) for one in dataset["columns"]] == [
        (column, kinds.get(kind, kind.upper())) for column, kind in found
    ]
    times = [one["column_name"] for one in dataset["columns"] if one["is_dttm"]]
    assert times == [column for column, kind in found if kind.startswith("timestamp")]
    assert dataset["main_dttm_col"] in times


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_asks_for_what_its_dataset_has(name: str) -> None:
    chart, dataset = CHARTS[name], bundle.dataset(CHARTS[name])
    columns, metrics = bundle.asked(chart)
    assert columns or metrics
    assert set(columns) <= {one["column_name"] for one in dataset["columns"]}
    assert set(metrics) <= {one["metric_name"] for one in dataset["metrics"]}
    subjects = {one["subject"] for one in chart["params"]["adhoc_filters"]}
    assert subjects <= {one["column_name"] for one in dataset["columns"]}
    assert chart["params"]["viz_type"] == chart["viz_type"]


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_and_its_query_ask_for_the_same(name: str) -> None:
    """The page asks what `params` say, the API what `query_context` says."""
    chart = CHARTS[name]
    query = bundle.query(chart)
    labels = [one if isinstance(one, str) else one["label"] for one in query["columns"]]
    assert (labels, query["metrics"]) == bundle.asked(chart)
    # By its lasting name: `import-directory` puts the number of the dataset into no query.
    assert json.loads(chart["query_context"])["datasource"] == {"id": chart["dataset_uuid"], "type": "table"}
    assert [one["col"] for one in query["filters"]] == [one["subject"] for one in chart["params"]["adhoc_filters"]]


@pytest.mark.parametrize("name", CHARTS)
def test_the_database_answers_a_chart(told: Database, name: str) -> None:
    columns, metrics = bundle.asked(CHARTS[name])
    dataset = bundle.dataset(CHARTS[name])
    said = {one["metric_name"]: one["expression"] for one in dataset["metrics"]}
    wanted = ", ".join([f'"{column}"' for column in columns] + [said[metric] for metric in metrics])
    grouped = f" group by {', '.join(map(str, range(1, len(columns) + 1)))}" if metrics and columns else ""
    rows = told.run(f"select {wanted} from mcp_reporting.{dataset['table_name']}{grouped}")
    assert rows
    assert all(one is not None for row in rows[:1] for one in row[: len(columns) if columns else 1][:1])


def test_every_metric_is_sound(told: Database) -> None:
    for name, dataset in DATASETS.items():
        metrics = ", ".join(one["expression"] for one in dataset["metrics"])
        assert len(told.run(f"select {metrics} from mcp_reporting.{name}")) == 1


def test_the_zip_has_one_folder_on_top(tmp_path: Path) -> None:
    """A flat one is taken for the format of years ago."""
    with zipfile.ZipFile(bundle.zipped(tmp_path / "bundle.zip")) as archive:
        files = {name for name in archive.namelist() if not name.endswith("/")}
        assert files == {f"superset/{path.relative_to(bundle.FOLDER)}" for path in bundle.FOLDER.rglob("*.yaml")}
        metadata: Any = yaml.safe_load(archive.read("superset/metadata.yaml"))
    assert (metadata["version"], metadata["type"]) == ("1.0.0", "Dashboard")
    assert {path.suffix for path in bundle.FOLDER.rglob("*") if path.is_file()} == {".yaml"}


def test_colours_are_those_of_words_that_are_there(told: Database) -> None:
    words = told.run(
        "select to_status from mcp_reporting.promotions_daily union select class from mcp_reporting.eval_trend"
    )
    assert {word for (word,) in words} == set(DASHBOARD["metadata"]["label_colors"])
