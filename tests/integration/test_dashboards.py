"""Every panel of the boards shows what `footfall query` answers, on real InfluxDB servers."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from footfall.units import NS_PER_HOUR
from gateway.sinks.influxdb.reader import InfluxReader
from tests.docs import dataset, run
from tests.docs.blocks import ROOT
from tests.support.real_parts import Bucket
from tools.boards import compare
from tools.boards.build import Language
from tools.boards.compare import Database, differences
from tools.boards.table import shipped_boards

GRAFANA = ROOT / "deploy/grafana"
WITHOUT = {"rows_lost", "traffic.capture_rate"}
TIMES = next(points.time_ns for points in dataset.points() if points.measurement == "traffic")
FROM_NS = int(min(TIMES)) // NS_PER_HOUR * NS_PER_HOUR
TO_NS = (int(max(TIMES)) // NS_PER_HOUR + 1) * NS_PER_HOUR
PANELS = [panel for board in shipped_boards() for panel in board.panels]


def database(bucket: Bucket) -> Database:
    return Database(bucket.url, bucket.name, bucket.token, bucket.server.org, FROM_NS, TO_NS)


def reader_of(bucket: Bucket) -> InfluxReader:
    return InfluxReader(bucket.url, bucket.name, bucket.token)


def languages(bucket: Bucket) -> tuple[Language, ...]:
    return database(bucket).languages


def test_every_panel_shows_what_query_answers(filled: Bucket) -> None:
    with closing(reader_of(filled)) as reader:
        for language in languages(filled):
            assert [str(each) for each in differences(reader, database(filled), language, GRAFANA)] == []


def test_a_board_that_adds_ratios_is_found(filled: Bucket, tmp_path: Path) -> None:
    """The comparison can fail: a mean of ratios is another number."""
    folder = tmp_path / "dashboards"
    folder.mkdir()
    for path in (GRAFANA / "dashboards").glob("*.json"):
        text = path.read_text("utf-8").replace('sum(\\"transactions\\")', 'mean(\\"transactions\\")')
        (folder / path.name).write_text(text, encoding="utf-8")
    with closing(reader_of(filled)) as reader:
        panels = {each.panel for each in differences(reader, database(filled), "influxql", tmp_path)}
    assert any("traffic.conversion by chain" in panel for panel in panels)


def test_a_panel_that_shows_nothing_of_what_is_stored_is_found(filled: Bucket, tmp_path: Path) -> None:
    """Nothing is no zero: neither of a sum, also one that is 0, nor of a reading that is compared with nothing."""
    folder = tmp_path / "dashboards"
    folder.mkdir()
    for path in (GRAFANA / "dashboards").glob("*.json"):
        text = path.read_text("utf-8")
        for column in ("returns", "spool_frames", "transactions", "drift"):
            text = text.replace(f'(\\"{column}\\")', f'(\\"no_{column}\\")')
        (folder / path.name).write_text(text, encoding="utf-8")
    with closing(reader_of(filled)) as reader:
        found = {each.panel for each in differences(reader, database(filled), "influxql", tmp_path) if "shows nothing" in str(each)}
    assert {panel.split(", ")[2].split(" by ")[0] for panel in found} == {
        "traffic.transactions", "traffic.conversion", "traffic.basket", "traffic.anonymous_transactions",
        "spool_frames", "traffic.drift_last",
    }  # fmt: skip


def test_every_panel_shows_something(filled: Bucket) -> None:
    """But where nothing was lost, and nobody passed by."""
    for language in languages(filled):
        for board in shipped_boards():
            queries = compare.queries_of(GRAFANA / compare.FOLDERS[language] / f"{board.file}.json")
            for panel, targets in zip(board.panels, queries, strict=True):
                for value, query in zip(panel.values, targets, strict=True):
                    shown = compare.shown_of(database(filled), language, query, panel, ["berlin", "shanghai"])
                    assert shown or value.key in WITHOUT, f"{board.title}: {value.key}: {query}"


def test_variables_list_paths_and_their_stores(filled: Bucket) -> None:
    """Grafana takes the second column of a SELECT, the first being the time."""
    board = json.loads((GRAFANA / "dashboards/chain.json").read_text("utf-8"))
    queries = {variable["name"]: variable["query"] for variable in board["templating"]["list"]}
    shown = run.influxql(queries["store"].replace("$path", ".*"), filled.url, filled.name, filled.token)
    assert sorted(line.split(",")[1] for line in shown.splitlines()[1:]) == ["berlin", "shanghai"]
    chosen = run.influxql(queries["store"].replace("$path", "(asia|europe\\/ger)"), filled.url, filled.name, filled.token)
    assert [line.split(",")[1] for line in chosen.splitlines()[1:]] == ["shanghai"], "whole parts of a path"
    paths = run.influxql(queries["path"], filled.url, filled.name, filled.token)
    assert len(paths.splitlines()) == 3


def test_variables_list_paths_and_their_stores_in_flux_too(filled: Bucket) -> None:
    """Grafana puts a backslash before each slash of a path that it writes as a regular expression."""
    if "flux" not in languages(filled):
        pytest.skip("this InfluxDB has no Flux")
    board = json.loads((GRAFANA / "dashboards-flux/chain.json").read_text("utf-8"))
    queries = {variable["name"]: variable["query"].replace("${bucket}", filled.name) for variable in board["templating"]["list"]}
    for path, stores in ((".*", ["berlin", "shanghai"]), ("asia\\/china", ["shanghai"]), ("(asia|europe\\/ger)", ["shanghai"])):
        shown = run.flux(queries["store"].replace("${path:regex}", path), filled.url, filled.server.org, filled.token)
        assert sorted(shown.split()[1:]) == stores, path
    assert len(run.flux(queries["path"], filled.url, filled.server.org, filled.token).split()) == 3
