"""Charts without time: rankings, profiles of weekdays and hours, comparisons of two spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gateway.query.chart_axes import heading, legend_above, unit_axis, values_of, written
from gateway.query.chart_data import Chart
from gateway.query.chart_style import BLUE, GREY, PALETTE
from gateway.query.chart_time import UNITS
from gateway.query.comparison import BEFORE

MOST_BARS: Final = 30
IN_ORDER: Final = frozenset({"weekday", "hour", "time"})
"""Keys that have an order of their own; others are ranked by the first measure."""


def ranked(chart: Chart) -> Figure:
    """Draw a row of bars for each key, the greatest first, a panel for each measure."""
    names, records = chart.measures, chart.records
    figure = Figure(figsize=(11, 1.6 + 0.3 * len(records)), layout="constrained")
    for i, (axis, name) in enumerate(zip(figure.subplots(1, len(names), squeeze=False, sharey=True)[0], names, strict=True)):
        unit = chart.figure(name).unit
        values = values_of(records, name)
        drawn = axis.barh(range(len(records)), np.nan_to_num(values), color=PALETTE[i], height=0.7)
        axis.bar_label(drawn, [written(unit)(value) for value in values], fontsize=8.5)
        _across(axis, [chart.name_of(record) for record in records], chart.figure(name).title, unit)
    heading(figure, chart.title)
    return figure


def greatest(chart: Chart) -> Chart:
    """Return the chart with the greatest bars by the first measure, in that order; with all where keys have an order of their own."""
    if IN_ORDER & set(chart.telling):
        return chart
    name = chart.measures[0]
    records = sorted(chart.records, key=lambda record: -(record[name] if record[name] is not None else -np.inf))
    rest = f"; the first {MOST_BARS} of {len(records):,}" if len(records) > MOST_BARS else ""
    return replace(chart, records=tuple(records[:MOST_BARS]), title=f"{chart.title}{rest}")


def _across(axis: Axes, names: Sequence[str], title: str, unit: str) -> None:
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.grid(visible=False)
    axis.margins(x=0.16)
    axis.set_title(title)
    unit_axis(axis, unit, across=True)
    axis.xaxis.set_visible(False)
    axis.spines["bottom"].set_visible(False)


def grouped(chart: Chart) -> Figure:
    """Draw the measures, which have one unit, side by side for each key."""
    records = chart.records
    each = 0.84 / len(chart.measures)
    figure = Figure(figsize=(11, 1.6 + 0.2 * len(records) * (1 + len(chart.measures))), layout="constrained")
    axis = figure.subplots()
    unit = chart.figure(chart.measures[0]).unit
    for i, name in enumerate(chart.measures):
        at = np.arange(len(records)) + each * (i - (len(chart.measures) - 1) / 2)
        values = values_of(records, name)
        drawn = axis.barh(at, np.nan_to_num(values), height=each * 0.92, color=PALETTE[i], label=chart.figure(name).title)
        axis.bar_label(drawn, [written(unit)(value) if value else "" for value in values], fontsize=7.5)
    _across(axis, [chart.name_of(record) for record in records], "", unit)
    legend_above(axis)
    heading(figure, chart.title)
    return figure


def profile(chart: Chart) -> Figure:
    """Draw a column for each weekday or hour, a panel for each unit."""
    names = chart.measures
    figure = Figure(figsize=(11, 1.0 + 1.9 * len(names)), layout="constrained")
    labels = [chart.name_of(record) for record in chart.records]
    for i, (axis, name) in enumerate(zip(figure.subplots(len(names), 1, squeeze=False, sharex=True)[:, 0], names, strict=True)):
        axis.bar(range(len(labels)), np.nan_to_num(values_of(chart.records, name)), color=PALETTE[i], width=0.8)
        axis.set_title(chart.figure(name).title)
        axis.set_ylabel(UNITS[chart.figure(name).unit])
        axis.set_xticks(range(len(labels)), labels)
        unit_axis(axis, chart.figure(name).unit)
    heading(figure, chart.title)
    return figure


def heat(chart: Chart) -> Figure:
    """Draw the first measure by two keys as a map of colours that grow darker, each cell with its number."""
    down, along = sorted(chart.telling, key=lambda key: len({record[key] for record in chart.records}))
    rows, columns = (list(dict.fromkeys(record[key] for record in chart.records)) for key in (down, along))
    columns = sorted(columns) if along == "hour" else columns
    name, values = chart.measures[0], np.full((len(rows), len(columns)), np.nan)
    for record in chart.records:
        value = record[name]
        values[rows.index(record[down]), columns.index(record[along])] = np.nan if value is None else value
    figure = Figure(figsize=(11, 1.8 + 0.42 * len(rows)), layout="constrained")
    axis = figure.subplots()
    axis.imshow(values, cmap="Blues", aspect="auto", vmin=0, vmax=np.nanmax(values) * 1.15 if np.isfinite(values).any() else 1)
    _cells(axis, values, chart.figure(name).unit)
    axis.set_xticks(range(len(columns)), columns)
    axis.set_yticks(range(len(rows)), rows)
    axis.grid(visible=False)
    axis.set_title(chart.figure(name).title)
    heading(figure, chart.title)
    return figure


def _cells(axis: Axes, values: np.ndarray[tuple[int, int], np.dtype[np.float64]], unit: str) -> None:
    most = np.nanmax(values) if np.isfinite(values).any() else 1.0
    size = 8.0 if values.shape[1] <= 12 else 6.5
    for (row, column), value in np.ndenumerate(values):
        color = "white" if value > 0.8 * most else "#212529"
        axis.text(column, row, written(unit)(value).strip(), ha="center", va="center", fontsize=size, color=color)


def compared(chart: Chart) -> Figure:
    """Draw the value before and now of each key side by side, a panel for each measure."""
    names, records = chart.measures, chart.records
    figure = Figure(figsize=(11, 1.8 + 0.45 * len(records)), layout="constrained")
    axes = figure.subplots(1, len(names), squeeze=False, sharey=True)[0]
    for axis, name in zip(axes, names, strict=True):
        unit = chart.figure(name).unit
        for place, column, color, label in ((-0.2, name, BLUE, "now"), (0.2, f"{name}{BEFORE.text}", GREY, "before")):
            values = values_of(records, column)
            drawn = axis.barh(np.arange(len(records)) + place, np.nan_to_num(values), height=0.36, color=color, label=label)
            axis.bar_label(drawn, [written(unit)(value) for value in values], fontsize=8)
        _across(axis, [chart.name_of(record) for record in records], chart.figure(name).title, unit)
    axes[-1].legend(ncols=2, loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)
    heading(figure, chart.title)
    return figure
