"""What a chart leaves out of what it could show: measures, bars, panels, intervals, events. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.query.chart_data import Chart
from gateway.query.measures import measures_of, named

MOST_NAMED = 5
"""Bars or panels named in a note."""


def left_out(chart: Chart, part: Chart) -> list[str]:
    """Return a note of each kind of things that are in the chart and not in the part of it that is drawn."""
    return [*_measures(chart, part), *_intervals(chart, part), *_records(chart, part)]


def _measures(chart: Chart, part: Chart) -> Iterable[str]:
    if without := [name for name in chart.wanted if name not in chart.measures and not _has_values(chart, name)]:
        yield f"without a value, so not drawn: {named(without)}"
    if rest := [name for name in chart.wanted if name not in part.measures and name not in without]:
        yield f"no room in the chart for {named(rest)}: --measures chooses what is drawn"


def _has_values(chart: Chart, name: str) -> bool:
    return any(record[name] is not None for record in chart.records)


def _intervals(chart: Chart, part: Chart) -> Iterable[str]:
    if chart.has_time and not part.has_time and measures_of(chart.question):
        yield f"the chart has the whole span: {len(chart.series):,} series are too many to be drawn over time"


def _records(chart: Chart, part: Chart) -> Iterable[str]:
    if not measures_of(chart.question):
        if missing := len(chart.records) - len(part.records):
            yield f"not drawn: {missing:,} {chart.question} of staff, or not over yet"
        return
    shown = {chart.name_of(record) for record in part.records}
    if missing_names := [name for name in chart.series if name not in shown]:
        more = f" and {len(missing_names) - MOST_NAMED:,} more" if len(missing_names) > MOST_NAMED else ""
        yield f"no room in the chart for {', '.join(missing_names[:MOST_NAMED])}{more}: --store, --top or --by choose what is drawn"
