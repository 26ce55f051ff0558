"""Charts of single events: visits and touches one by one, and how long people stayed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from footfall.errors import ConfigError
from gateway.query.chart_axes import clock_axis, heading, legend_above, moments, unit_axis
from gateway.query.chart_data import Chart, ChartRecord
from gateway.query.chart_style import BLUE, GREEN, OCHRE, PALETTE
from gateway.query.figures import HISTOGRAM, HISTOGRAM_S
from gateway.query.show_text import duration

MOST_STORES: Final = 8
_MOST_PANELS: Final = 12
_ROUND_S: Final = (900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800)
"""Lengths of the intervals in which touches are counted, seconds."""
_MOST_COLUMNS: Final = 60


def visits(chart: Chart) -> Figure:
    """Draw each visit by when it began and how long it lasted."""
    stores = stores_of(chart)
    figure = Figure(figsize=(11, 0.9 + 3.2 * len(stores)), layout="constrained")
    axes = figure.subplots(len(stores), 1, squeeze=False, sharex=True, sharey=True)[:, 0]
    for (store, part), axis in zip(stores, axes, strict=True):
        for known, color, marker, label in ((False, OCHRE, "o", "anonymous"), (True, BLUE, "D", "known fan")):
            mine = [record for record in part.records if record["known"] == known]
            lasted = [record["seconds"] for record in mine]
            axis.scatter(
                moments([record["started"] for record in mine], chart.zone),
                lasted,
                s=16,
                color=color,
                marker=marker,
                alpha=0.8,
                label=f"{label} ({len(mine):,})",
            )
        axis.set_title(store if len(stores) > 1 else "")
        axis.set_ylabel("length of visit")
        legend_above(axis)
        unit_axis(axis, "s")
        clock_axis(axis, chart.zone)
    heading(figure, chart.title)
    return figure


def visitors(chart: Chart) -> Chart:
    """Return the chart without staff, and without visits that are not over."""
    return replace(chart, records=tuple(each for each in chart.records if not each["is_staff"] and each["seconds"] is not None))


def touches(chart: Chart) -> Figure:
    """Draw how many touches of each kind there were, and below what each sale was worth."""
    figure = Figure(figsize=(11, 5.6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    _stacked(above, chart)
    sales = [record for record in chart.records if record["amount"]]
    for i, (store, mine) in enumerate(_by_store(sales).items()):
        at = moments([record["at"] for record in mine], chart.zone)
        below.scatter(at, [record["amount"] for record in mine], s=16, color=PALETTE[i % len(PALETTE)], alpha=0.8, label=store)
    below.set_title("amount of each sale")
    above.set_ylabel("touches")
    below.set_ylabel("money")
    if len(_by_store(sales)) > 1:
        legend_above(below)
    legend_above(above)
    unit_axis(above, "")
    unit_axis(below, "money")
    clock_axis(below, chart.zone)
    heading(figure, chart.title)
    return figure


def _stacked(axis: Axes, chart: Chart) -> None:
    """Columns of a round length of time, in which each kind has its colour; the most frequent is the lowest."""
    at = moments([record["at"] for record in chart.records], chart.zone)
    span_s = (at.max() - at.min()) * 86_400
    width = next((length for length in _ROUND_S if span_s / length <= _MOST_COLUMNS), _ROUND_S[-1]) / 86_400
    first = np.floor(at.min() / width) * width
    edges = np.arange(first, at.max() + width * 1.001, width)
    below = np.zeros(len(edges) - 1)
    kinds = Counter(record["what"] for record in chart.records)
    for i, (kind, number) in enumerate(kinds.most_common()):
        counts, _ = np.histogram(at[[record["what"] == kind for record in chart.records]], edges)
        axis.bar(
            edges[:-1], counts, width * 0.94, below, align="edge", label=f"{kind} ({number:,})", color=PALETTE[i % len(PALETTE)],
            edgecolor="white", linewidth=0.4,
        )  # fmt: skip
        below += counts


def has_histogram(chart: Chart) -> bool:
    """Return whether the answer has how many stays there were of each length."""
    return all({*HISTOGRAM, "count", "median_s", "p90_s"} <= record.keys() for record in chart.records)


def first_panels(chart: Chart) -> Chart:
    """Return the chart of so many zones or stores as have room."""
    return replace(chart, records=chart.records[:_MOST_PANELS])


def dwell(chart: Chart) -> Figure:
    """Draw which share of the stays lasted how long, a panel for each zone or store, all on the same axes."""
    records = chart.records
    columns = min(len(records), 3)
    rows = -(-len(records) // columns)
    figure = Figure(figsize=(4.2 * max(columns, 2), 1.0 + 2.5 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flatten()
    for record, axis in zip(records, axes, strict=False):
        _histogram(axis, record, chart.name_of(record).replace("*", "whole visit"))
    unit_axis(axes[0], "share")
    for axis in axes[len(records) :]:
        axis.set_visible(False)
    for axis in axes[max(len(records) - columns, 0) : len(records)]:
        axis.xaxis.set_tick_params(labelbottom=True)
    figure.supylabel("share of stays", fontsize=9)
    figure.supxlabel("lasted at least", fontsize=9)
    heading(figure, chart.title)
    return figure


def _histogram(axis: Axes, record: ChartRecord, name: str) -> None:
    counts = np.array([record[column] or 0 for column in HISTOGRAM], float)
    axis.bar(range(len(counts)), counts / max(counts.sum(), 1), width=0.92, align="edge", color=GREEN if name == "whole visit" else BLUE)
    axis.set_xticks(range(len(HISTOGRAM_S)), [duration(low) for low in HISTOGRAM_S], fontsize=7, rotation=45)
    text = "" if record["median_s"] is None else f"median {duration(record['median_s'])}, 90 % below {duration(record['p90_s'])}"
    axis.set_title(f"{name or 'stays'}: {record['count']:,}\n{text}", fontsize=8.5)


def stores_of(chart: Chart) -> list[tuple[str, Chart]]:
    """Return a chart of each store. Raise ConfigError for more than MOST_STORES."""
    stores = list(chart.of("store"))
    if len(stores) > MOST_STORES:
        raise ConfigError(
            f"a chart of {chart.question} shows at most {MOST_STORES} stores, these are {len(stores)}: choose some with --store"
        )
    return stores


def _by_store(records: Sequence[ChartRecord]) -> dict[str, list[ChartRecord]]:
    found: dict[str, list[ChartRecord]] = {}
    for record in records:
        found.setdefault(record["store"], []).append(record)
    return found
