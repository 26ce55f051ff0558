"""The chart of `visitors`: the estimate with its interval over the days of each store, beside the people that the doors counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gateway.query.chart_axes import heading, legend_above, positions, step_days, time_axis, unit_axis, values_of
from gateway.query.chart_data import Chart, ChartRecord
from gateway.query.chart_events import stores_of
from gateway.query.chart_style import BLUE, GREY, SKY

_BAND: Final = 0.7
"""Share of a day's width that its interval takes."""


def visitors(chart: Chart) -> Figure:
    """Draw each day's interval as a box, the estimate as a line in it, and what the doors counted as a dot."""
    stores = stores_of(chart)
    figure = Figure(figsize=(11, 0.9 + 3.2 * len(stores)), layout="constrained")
    axes = figure.subplots(len(stores), 1, squeeze=False, sharex=True)[:, 0]
    for (store, part), axis in zip(stores, axes, strict=True):
        _days(axis, part, part.records)
        axis.set_title(store if len(stores) > 1 else "")
        axis.set_ylabel("people")
        unit_axis(axis, "people")
        legend_above(axis)
    heading(figure, chart.title)
    return figure


def _days(axis: Axes, chart: Chart, records: Sequence[ChartRecord]) -> None:
    labels = [record["time"] for record in records]
    times = positions(labels, chart.zone)
    width = step_days(labels, times)
    low, people, high, counted = (np.array(values_of(records, name)) for name in ("at_least", "people", "at_most", "in_guests"))
    there, seen, middle = ~np.isnan(people), ~np.isnan(counted), times + width / 2
    axis.bar(middle[there], (high - low)[there], width * _BAND, low[there], color=SKY, alpha=0.35, label="at least to at most, 95 %")
    axis.hlines(people[there], middle[there] - width * _BAND / 2, middle[there] + width * _BAND / 2, color=BLUE, label="estimate")
    axis.scatter(middle[seen], counted[seen], s=22, color=GREY, marker="D", zorder=3, label="counted by the doors")
    time_axis(axis, chart.zone, times, width)
