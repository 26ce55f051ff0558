"""Every query of the stores' dashboard answers on real InfluxDB servers."""

from __future__ import annotations

import json

import pytest

from tests.docs import dataset, run
from tests.docs.blocks import ROOT
from tests.support.real_parts import Bucket

BOARD = json.loads((ROOT / "deploy/grafana/dashboards/stores.json").read_text(encoding="utf-8"))
QUERIES = [(panel["title"], target["query"]) for panel in BOARD["panels"] for target in panel["targets"]]
QUERIES += [(variable["name"], variable["query"]) for variable in BOARD["templating"]["list"]]
FILLED_IN = {
    "$timeFilter": "time >= '2026-10-23T00:00:00Z' AND time < '2026-10-27T00:00:00Z'",
    "$__interval": "1h",
    "$store": "(berlin|shanghai)",
}
"""What Grafana puts in for its variables."""


def test_conversion_is_what_the_documents_and_query_give(filled: Bucket) -> None:
    query = next(query for title, query in QUERIES if title == "Conversion")
    rows = next(points for points in dataset.points() if points.measurement == "traffic")
    stores = rows.tags["store"].texts()
    for variable, text in FILLED_IN.items():
        query = query.replace(variable, text)
    shown = run.influxql(query, filled.url, filled.name, filled.token)
    for store in ("berlin", "shanghai"):
        sold, came = (
            sum(n for n, where in zip(rows.fields[name].tolist(), stores, strict=True) if where == store)  # type: ignore[union-attr] # int columns
            for name in ("transactions", "in")
        )
        line = next(line for line in shown.splitlines() if line.startswith(store))
        assert float(line.split(",")[-1]) == pytest.approx(sold / came, abs=1e-4)


def test_every_panel_shows_something(filled: Bucket) -> None:
    assert len(QUERIES) > 10
    for title, query in QUERIES:
        for variable, text in FILLED_IN.items():
            query = query.replace(variable, text)
        assert "$" not in query.replace("^(berlin|shanghai)$", ""), query
        shown = run.influxql(query, filled.url, filled.name, filled.token)
        assert "berlin" in shown or title == "Rows not observed", f"{title}: {query}\n{shown}"
