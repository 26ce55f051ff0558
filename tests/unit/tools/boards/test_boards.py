"""Grafana's boards are made from the table of measures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.query.measures import MEASURES
from tools.boards.__main__ import boards
from tools.boards.flux import flux
from tools.boards.influxql import influxql
from tools.boards.table import Value, read_boards, shipped_boards, value_of

MADE = boards()


@pytest.mark.parametrize("path", MADE, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_files_are_what_the_table_gives(path: Path) -> None:
    assert path.read_text("utf-8") == MADE[path], "run: make boards"


def test_a_panel_explains_what_its_numbers_mean_and_what_they_are_not() -> None:
    board = next(json.loads(text) for path, text in MADE.items() if path.stem == "chain")
    panel = next(panel for panel in board["panels"] if panel["title"] == "Conversion")
    measure = MEASURES["traffic.conversion"]
    assert measure.means in panel["description"]
    assert measure.is_not in panel["description"]
    assert panel["fieldConfig"]["defaults"]["unit"] == "percentunit"


def test_staleness_coverage_anonymity_and_revenue_are_on_the_boards() -> None:
    shown = {value.key for board in shipped_boards() for panel in board.panels for value in panel.values}
    assert shown >= {
        "last_minute",
        "last_heard",
        "observed",
        "traffic.anonymous_visits",
        "traffic.anonymous_transactions",
        "traffic.revenue",
    }


def test_sums_are_made_before_they_are_divided() -> None:
    value = value_of(MEASURES["traffic.conversion"])
    assert '1.0 * sum("transactions") / sum("in")' in influxql(value, ("store",), over_time=False)
    steps = flux(value, ("store",), over_time=False)
    assert steps.index("sum()") < steps.index('float(v: r["transactions"]) / float(v: r["in"])')


def test_sides_of_a_ratio_may_be_sums_and_differences() -> None:
    value = value_of(MEASURES["zones.mean_stay_s"])
    above, below = '(sum("dwell_sum_s") - sum("passing_sum_s"))', '(sum("dwells") - sum("passes"))'
    assert f'1.0 * {above} / {below} AS "zones.mean_stay_s", {below} AS "n"' in influxql(value, ("store", "zone"), over_time=False)
    written = flux(value, ("store", "zone"), over_time=False)
    assert '(float(v: r["dwell_sum_s"]) - float(v: r["passing_sum_s"])) / (float(v: r["dwells"]) - float(v: r["passes"]))' in written
    assert 'filter(fn: (r) => (float(v: r["dwells"]) - float(v: r["passes"])) != 0)' in written


def test_a_measure_without_what_it_needs_has_no_value() -> None:
    value = value_of(MEASURES["traffic.capture_rate"])
    assert influxql(value, ("store",), over_time=False).endswith('WHERE "n" > 0 AND "m" > 0 GROUP BY "store"')
    assert 'filter(fn: (r) => r["passers_by"] > 0)' in flux(value, ("store",), over_time=False)


def test_what_is_added_up_of_rows_with_conditions_is_asked_in_both_languages() -> None:
    value = value_of(MEASURES["traffic.entries"])
    assert 'SELECT sum("entries")' in influxql(value, ("store",), over_time=False)
    assert "if exists r.entries then r.entries else 1" in flux(value, ("store",), over_time=False), "older rows have no entries"


def test_rows_that_were_taken_back_do_not_count() -> None:
    value = value_of(MEASURES["traffic.visits"])
    assert '"void" = false' in influxql(value, (), over_time=True)
    assert "r.void == false" in flux(value, (), over_time=True)


def test_what_is_made_of_rows_is_refused() -> None:
    with pytest.raises(ValueError, match=r"dwell\.median_s: a quantile is made of rows"):
        value_of(MEASURES["dwell.median_s"])
    with pytest.raises(ValueError, match="pieces is worked out of other columns"):
        value_of(MEASURES["sales.items_sold"])


def test_flux_refuses_what_it_has_no_form_for() -> None:
    parts = value_of(MEASURES["dwell.mean_s"])
    assert isinstance(parts, Value)
    with pytest.raises(ValueError, match=r"dwell\.mean_s: Flux is written for counts of rows"):
        flux(parts, ("store",), over_time=False)


def test_a_panel_of_no_measure_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"traffic\.footfall"):
        read_boards(
            '[[reading]]\nid = "x"\ntitle = "x"\nunit = ""\ntable = "gap"\nkind = "sum"\ncolumn = "rows"\nmeans = "m"\nis_not = "n"\n'
            '[[board]]\nuid = "u"\nfile = "f"\ntitle = "t"\ndescription = "d"\nfrom = "now-1d"\nrefresh = "1m"\nvariables = []\n'
            'panel = [{ show = "stat", values = ["traffic.footfall"], by = "chain", width = 3 }]\n'
        )
