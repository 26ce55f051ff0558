"""An answer as a picture (PNG, SVG or PDF): one panel a store, labelled so that it can be shown by itself."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from footfall.errors import ConfigError
from gateway.query.answer import Answer
from gateway.query.chart_axes import (
    PanelRows,
    bar_times,
    bars,
    bars_across,
    broken,
    clock_axis,
    days_of,
    interval_days,
    line_width,
    time_axis,
    values_of,
)
from gateway.query.figures import HISTOGRAM, HISTOGRAM_S
from gateway.query.show_text import duration

MOST_PANELS: Final = 8
ITEM_KINDS: Final = ("arrived", "moved", "tried", "left")
_MOST_GOODS: Final = 20
_NO_LABEL: Final = "_"
"""What begins with an underscore is left out of legends."""
_IN, _OUT, _LINE, _SHARE, _QUIET = "#2a6f97", "#a9d6e5", "#d1495b", "#6a994e", "#6c757d"
_CYCLE: Final = ("#2a6f97", "#d1495b", "#6a994e", "#edae49", "#7b5ea7", "#00798c", "#bc6c25", "#8d99ae")
_CJK_FONTS: Final = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "SimHei", "Hiragino Sans GB", "Arial Unicode MS",
)  # fmt: skip
_STYLE: Final[dict[Any, Any]] = {
    "text.parse_math": False,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#adb5bd", "axes.labelcolor": "#343a40",
    "axes.grid": True, "axes.grid.axis": "y", "grid.color": "#e9ecef", "axes.axisbelow": True,
    "axes.titlelocation": "left", "axes.titlesize": 11, "axes.titleweight": "bold",
    "xtick.color": "#495057", "ytick.color": "#495057", "legend.frameon": False, "legend.fontsize": 9, "font.size": 9.5,
}  # fmt: skip

Panel = tuple[str, ZoneInfo, PanelRows]


def draw(question: str, answer: Answer, titles: Mapping[str, str], zones: Mapping[str, ZoneInfo], path: Path) -> bool:
    """Write the picture to `path`; `titles` heads each store's panels. False if a character had no font and shows as a box.

    ConfigError: no picture of this question, too many stores, an unknown kind of file, or a folder that cannot be written.
    """
    if question not in _PANELS:
        raise ConfigError(f"there is no chart of {question}; there is one of {', '.join(_PANELS)}")
    panels = [(titles[store], zones[store], rows) for store, rows in _by_store(answer).items()]
    if len(panels) > MOST_PANELS:
        raise ConfigError(f"a chart shows at most {MOST_PANELS} stores, these are {len(panels)}: choose some with --store")
    fonts = [font for font in _CJK_FONTS if font in font_manager.get_font_names()]
    with mpl.rc_context(_STYLE | {"font.family": ["DejaVu Sans", *fonts]}), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _write(_PANELS[question](panels), path)
    return not any("missing from" in str(warning.message) for warning in caught)


def _write(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    try:
        figure.savefig(path, dpi=150, facecolor="white")
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path}: the chart cannot be written: {error.strerror}") from None


def _by_store(answer: Answer) -> dict[str, list[dict[str, Any]]]:
    stores: dict[str, list[dict[str, Any]]] = {}
    for row in answer.rows:
        record = dict(zip(answer.columns, row, strict=True))
        stores.setdefault(record["store"], []).append(record)
    return stores


def _traffic(panels: Sequence[Panel]) -> Figure:
    figure = Figure(figsize=(11, 5.6 * len(panels)), layout="constrained")
    axes = figure.subplots(2 * len(panels), 1, squeeze=False, height_ratios=[3, 1.6] * len(panels))[:, 0]
    for (title, zone, rows), above, below in zip(panels, axes[::2], axes[1::2], strict=True):
        width = interval_days(rows)
        times = bar_times(rows, width)
        bars(above, times, width, values_of(rows, "in"), 0, 2, _IN, "in")
        bars(above, times, width, values_of(rows, "out"), 1, 2, _OUT, "out")
        above.plot(
            times + width / 2, values_of(rows, "occupancy_max"), color=_LINE, linewidth=line_width(times), label="most inside at once"
        )
        above.set_ylabel("people per interval")
        above.yaxis.set_major_locator(MaxNLocator(integer=True))
        above.set_title(title)
        above.legend(ncols=3, loc="upper right", bbox_to_anchor=(1, 1.14))
        below.plot(times + width / 2, values_of(rows, "conversion"), ".-", color=_SHARE, label="conversion (transactions / in)")
        below.plot(times + width / 2, values_of(rows, "anonymous_visits"), ".-", color=_QUIET, label="anonymous share of visits")
        below.set_ylim(0, None)
        below.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        below.legend(ncols=2, loc="upper right", bbox_to_anchor=(1, 1.22))
        for axis in (above, below):
            time_axis(axis, zone, times, width)
    return figure


def _zones(panels: Sequence[Panel]) -> Figure:
    if len({row["time"] for row in panels[0][2]}) > 1:
        return _over_time(panels, "zone", "entries", "entries per interval")
    figure = Figure(figsize=(11, sum(1.3 + 0.45 * len(rows) for _, _, rows in panels)), layout="constrained")
    axes = figure.subplots(len(panels), 2, squeeze=False, height_ratios=[3 + len(rows) for _, _, rows in panels])
    for (title, _, rows), (left, right) in zip(panels, axes, strict=True):
        ordered = sorted(rows, key=lambda row: row["entries"])
        names = [row["zone"] for row in ordered]
        bars_across(left, names, values_of(ordered, "entries"), _IN, lambda value: f"{value:,.0f}")
        bars_across(right, names, values_of(ordered, "mean_dwell_s"), _SHARE, duration)
        left.set_title(title)
        left.set_xlabel("entries")
        right.set_xlabel("mean dwell")
        right.set_yticklabels([])
        right.xaxis.set_major_formatter(FuncFormatter(lambda value, _: duration(value)))
    return figure


def _doors(panels: Sequence[Panel]) -> Figure:
    figure = Figure(figsize=(11, 4.2 * len(panels)), layout="constrained")
    for (title, zone, rows), axis in zip(panels, figure.subplots(len(panels), 1, squeeze=False)[:, 0], strict=True):
        width = interval_days(rows)
        doors = sorted({row["door"] for row in rows})
        for i, door in enumerate(doors):
            mine = [row for row in rows if row["door"] == door]
            at, color = bar_times(mine, width), _CYCLE[i % len(_CYCLE)]
            bars(axis, at, width, values_of(mine, "in"), i, len(doors), color, door)
            bars(axis, at, width, [-n for n in values_of(mine, "out")], i, len(doors), color, _NO_LABEL, alpha=0.45)
        axis.axhline(0, color="#495057", linewidth=0.8)
        axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):,.0f}"))
        axis.set_ylabel("out  |  in")
        axis.set_title(title)
        axis.legend(ncols=4, loc="upper right", bbox_to_anchor=(1, 1.14))
        time_axis(axis, zone, bar_times(rows, width), width)
    return figure


def _dwell(panels: Sequence[Panel]) -> Figure:
    every = [(title, row) for title, _, rows in panels for row in rows]
    columns = min(len(every), 3)
    lines = -(-len(every) // columns)
    figure = Figure(figsize=(4.2 * columns + 1, 2.9 * lines), layout="constrained")
    axes = figure.subplots(lines, columns, squeeze=False).flatten()
    figure.suptitle("\n".join(title for title, _, _ in panels), x=0.01, ha="left", fontsize=11, weight="bold")
    labels = [duration(low) for low in HISTOGRAM_S]
    for (_, row), axis in zip(every, axes, strict=False):
        name = "whole visit" if row["zone"] == "*" else row["zone"]
        axis.bar(range(len(HISTOGRAM)), [row[n] for n in HISTOGRAM], width=0.92, align="edge", color=_SHARE if row["zone"] == "*" else _IN)
        axis.set_xticks(range(len(labels)), labels, fontsize=7, rotation=45)
        axis.yaxis.set_major_locator(MaxNLocator(integer=True))
        store = f"{row['store']}: " if len(panels) > 1 else ""
        axis.set_title(f"{store}{name}: {row['count']:,}, median {duration(row['median_s'])}, 90 % below {duration(row['p90_s'])}",
                       fontsize=8.5)  # fmt: skip
    for axis in axes[len(every) :]:
        axis.set_visible(False)
    figure.supylabel("stays", fontsize=9)
    figure.supxlabel("lasted at least", fontsize=9)
    return figure


def _visits(panels: Sequence[Panel]) -> Figure:
    figure = Figure(figsize=(11, 4.2 * len(panels)), layout="constrained")
    for (title, zone, rows), axis in zip(panels, figure.subplots(len(panels), 1, squeeze=False)[:, 0], strict=True):
        visitors = [row for row in rows if not row["is_staff"]]
        for known, color, label in ((False, _OUT, "anonymous"), (True, _LINE, "known fan")):
            mine = [row for row in visitors if row["known"] == known]
            at = days_of(mine, "started")
            axis.scatter(at, [row["seconds"] / 60 for row in mine], s=16, color=color, alpha=0.8, label=f"{label} ({len(mine):,})")
        axis.set_ylim(0, None)
        axis.set_ylabel("length of visit, minutes")
        axis.set_title(title)
        axis.legend(ncols=2, loc="upper right", bbox_to_anchor=(1, 1.14))
        clock_axis(axis, zone)
    return figure


def _items(panels: Sequence[Panel]) -> Figure:
    """Of every article or zone; over time, of all of them together."""
    if len({row["time"] for row in panels[0][2]}) > 1:
        return _over_time([(title, zone, _by_kind(rows)) for title, zone, rows in panels], "kind", "items", "items per interval")
    shown = [(title, _most_eventful(rows)) for title, _, rows in panels]
    figure = Figure(figsize=(11, sum(1.6 + 0.55 * len(rows) for _, rows in shown)), layout="constrained")
    axes = figure.subplots(len(shown), 1, squeeze=False, height_ratios=[3 + len(rows) for _, rows in shown])[:, 0]
    for (title, rows), axis in zip(shown, axes, strict=True):
        key = "zone" if "zone" in rows[0] else "sku"
        for i, kind in enumerate(ITEM_KINDS):
            at = np.arange(len(rows)) + 0.3 - 0.2 * i
            bars = axis.barh(at, values_of(rows, kind), height=0.18, color=_CYCLE[i], label=kind)
            axis.bar_label(bars, [f" {row[kind]:,}" if row[kind] else "" for row in rows], fontsize=7.5)
        axis.set_yticks(range(len(rows)), [row[key] or "not known" for row in rows])
        axis.grid(visible=False)
        axis.margins(x=0.1)
        axis.set_title(title)
        axis.set_xlabel("times")
        axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def _most_eventful(rows: PanelRows) -> PanelRows:
    return sorted(rows, key=lambda row: sum(row[kind] for kind in ITEM_KINDS))[-_MOST_GOODS:]


def _by_kind(rows: PanelRows) -> PanelRows:
    """A row for each interval and kind, of all articles or zones."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        counts.update({(row["time"], kind): row[kind] for kind in ITEM_KINDS})
    return [{"time": time, "kind": kind, "items": n} for (time, kind), n in counts.items()]


def _over_time(panels: Sequence[Panel], key: str, value: str, label: str) -> Figure:
    figure = Figure(figsize=(11, 4.2 * len(panels)), layout="constrained")
    for (title, zone, rows), axis in zip(panels, figure.subplots(len(panels), 1, squeeze=False)[:, 0], strict=True):
        width = interval_days(rows)
        for i, name in enumerate(sorted({row[key] for row in rows})):
            mine = [row for row in rows if row[key] == name]
            at, values = broken(bar_times(mine, width), width, values_of(mine, value))
            axis.plot(at + width / 2, values, ".-", color=_CYCLE[i % len(_CYCLE)], label=name, linewidth=line_width(at))
        axis.set_ylim(0, None)
        axis.set_ylabel(label)
        axis.set_title(title)
        axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
        time_axis(axis, zone, bar_times(rows, width), width)
    return figure


_PANELS: Final[Mapping[str, Callable[[Sequence[Panel]], Figure]]] = {
    "traffic": _traffic,
    "zones": _zones,
    "doors": _doors,
    "dwell": _dwell,
    "visits": _visits,
    "items": _items,
}
