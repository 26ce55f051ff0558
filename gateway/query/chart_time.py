"""Charts over time: one series with a panel for each unit, several stores side by side on the same axes, several series as lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gateway.query.chart_axes import bars, heading, legend_above, legend_below, line, positions, step_days, time_axis, unit_axis, values_of
from gateway.query.chart_data import Chart, ChartRecord
from gateway.query.chart_style import BLUE, GREY, OCHRE, PALETTE
from gateway.query.comparison import BEFORE

_WIDTH: Final = 11.0
_BAR_COLORS: Final = (BLUE, OCHRE)
OBSERVED: Final = 0.9
"""Share of the open minutes of an interval below which it is shaded."""
NO_LABEL: Final = "_"
"""What begins with an underscore is left out of legends."""
UNITS: Final = {"people": "people", "share": "share", "money": "money", "s": "time", "": "count"}
"""What is written beside the axis of each unit."""


def one_series(chart: Chart) -> Figure:
    """Draw a panel for each unit, one below the other: bars of what is added, lines of what is not."""
    panels = chart.panels()
    figure = Figure(figsize=(_WIDTH, 1.4 + sum(_heights(panels))), layout="constrained")
    axes = figure.subplots(len(panels), 1, squeeze=False, sharex=True, height_ratios=_heights(panels))[:, 0]
    for (unit, names), axis in zip(panels, axes, strict=True):
        _panel(chart, axis, names)
        axis.set_ylabel(UNITS[unit])
        unit_axis(axis, unit)
        legend_above(axis)
    heading(figure, chart.title)
    return figure


def _heights(panels: Sequence[tuple[str, list[str]]]) -> list[float]:
    return [3.2 if i == 0 else 1.9 for i in range(len(panels))]


def _panel(chart: Chart, axis: Axes, names: Sequence[str]) -> None:
    _shade_what_was_not_observed(chart, axis)
    added = [name for name in names if chart.is_added(name)]
    added = added if len(added) <= len(_BAR_COLORS) else []
    times, width = _times(chart, chart.records)
    for i, name in enumerate(added):
        bars(axis, times, width, values_of(chart.records, name), i, len(added), color=_BAR_COLORS[i], label=chart.figure(name).title)
    lines = [name for name in names if name not in added]
    for i, name in enumerate(lines, start=5 if added else 0):
        line(axis, times, width, values_of(chart.records, name), i, label=chart.figure(name).title)
    time_axis(axis, chart.zone, times, width)


def _shade_what_was_not_observed(chart: Chart, axis: Axes) -> None:
    """A gap in what was observed looks like a quiet hour, unless it is marked."""
    times, width = _times(chart, chart.records)
    label = f"observed for less than {100 * OBSERVED:g} %"
    for at, record in zip(times, chart.records, strict=True):
        if record.get("covered") is not None and record["covered"] < OBSERVED:
            axis.axvspan(at, at + width, color="#E9ECEF", linewidth=0, zorder=0, label=label)
            label = NO_LABEL


def _times(chart: Chart, records: Sequence[ChartRecord]) -> tuple[Any, float]:
    labels = [record["time"] for record in records]
    times = positions(labels, chart.zone)
    return times, step_days(labels, times)


def side_by_side(chart: Chart) -> Figure:
    """Draw a panel for each series, all on the same axes, so that heights and hours can be compared."""
    unit, names = chart.panels()[0]
    columns = 1 if len(chart.series) < 3 else 2
    rows = -(-len(chart.series) // columns)
    figure = Figure(figsize=(_WIDTH, 1.0 + 2.2 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flatten()
    for (name, records), axis in zip(chart.series.items(), axes, strict=False):
        _panel(Chart(chart.question, "", tuple(records), (), chart.measures, zone=chart.zone), axis, names)
        axis.set_title(name)
        axis.set_ylabel(UNITS[unit])
        axis.label_outer()
    every, width = _times(chart, chart.records)
    time_axis(axes[0], chart.zone, every, width)
    unit_axis(axes[0], unit)
    _hide_rest(axes, len(chart.series), columns)
    legend_below(figure, axes[: len(chart.series)])
    heading(figure, chart.title)
    return figure


def _hide_rest(axes: Sequence[Axes] | Any, used: int, columns: int) -> None:
    """Leave the places without a series empty; the panel above such a place has the labels of time."""
    for axis in axes[used:]:
        axis.set_visible(False)
    for axis in axes[max(used - columns, 0) : used]:
        axis.xaxis.set_tick_params(labelbottom=True)


def lines(chart: Chart) -> Figure:
    """Draw a line for each series, and a panel for each measure."""
    names = chart.measures
    figure = Figure(figsize=(_WIDTH, 1.0 + 3.0 * len(names)), layout="constrained")
    axes = figure.subplots(len(names), 1, squeeze=False, sharex=True)[:, 0]
    _, width = _times(chart, chart.records)
    for axis, name in zip(axes, names, strict=True):
        for i, (label, records) in enumerate(sorted(chart.series.items())):
            line(axis, _times(chart, records)[0], width, values_of(records, name), i, label=label)
        axis.set_title(chart.figure(name).title)
        unit_axis(axis, chart.figure(name).unit)
        time_axis(axis, chart.zone, _times(chart, chart.records)[0], width)
    axes[0].legend(loc="upper left", bbox_to_anchor=(1, 1))
    heading(figure, chart.title)
    return figure


def has_doors(chart: Chart) -> bool:
    """Return whether the answer has who came in and out by each door."""
    return "door" in chart.keys and all({"in", "out"} <= record.keys() for record in chart.records)


def doors(chart: Chart) -> Figure:
    """Draw who came in upwards and who went out downwards, a colour for each door."""
    stores = list(chart.of("store")) if "store" in chart.keys else [("", chart)]
    figure = Figure(figsize=(_WIDTH, 0.8 + 3.2 * len(stores)), layout="constrained")
    axes = figure.subplots(len(stores), 1, squeeze=False, sharex=True, sharey=True)[:, 0]
    names = sorted({record["door"] for record in chart.records})
    for (store, part), axis in zip(stores, axes, strict=True):
        _, width = _times(part, part.records)
        for i, name in enumerate(names):
            mine = [record for record in part.records if record["door"] == name]
            look = {"color": PALETTE[i % len(PALETTE)]}
            bars(axis, _times(part, mine)[0], width, values_of(mine, "in"), i, len(names), label=name, **look)
            bars(axis, _times(part, mine)[0], width, [-n for n in values_of(mine, "out")], i, len(names), alpha=0.55, **look)
        axis.axhline(0, color="#495057", linewidth=0.8)
        axis.set_ylabel("out  |  in")
        axis.set_title(store if len(stores) > 1 else "")
        time_axis(axis, chart.zone, _times(part, part.records)[0], width)
        axis.yaxis.set_major_formatter(lambda value, _: f"{abs(value):,.0f}")
    legend_above(axes[0])
    heading(figure, chart.title)
    return figure


def compared(chart: Chart) -> Figure:
    """Draw each measure now and before, a panel each."""
    names = chart.measures
    figure = Figure(figsize=(_WIDTH, 1.0 + 2.6 * len(names)), layout="constrained")
    axes = figure.subplots(len(names), 1, squeeze=False, sharex=True)[:, 0]
    times, width = _times(chart, chart.records)
    for axis, name in zip(axes, names, strict=True):
        line(axis, times, width, values_of(chart.records, f"{name}{BEFORE.text}"), color=GREY, linestyle="--", label="before")
        line(axis, times, width, values_of(chart.records, name), color=BLUE, label="now")
        axis.set_title(chart.figure(name).title)
        unit_axis(axis, chart.figure(name).unit)
        time_axis(axis, chart.zone, times, width)
    legend_above(axes[0])
    heading(figure, chart.title)
    return figure
