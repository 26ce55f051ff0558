"""Bars, lines and axes for charts, where matplotlib's own would mislead."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from gateway.query.chart_style import LINES, MARKERS, PALETTE
from gateway.query.show_text import cell, duration

_MOST_BARS: Final = 200
_MOST_MARKERS: Final = 80
_A_DAY: Final = 0.9
_S_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)
"""Round lengths of time for ticks, seconds."""
_MOST_TICKS: Final = 6
_LETTERS_PER_INCH: Final = 8.4
"""Of a heading; a font is wider or narrower by a tenth."""
_WALL: Final = ZoneInfo("UTC")
"""Wall times of several clocks stand on one axis as if they were UTC."""

ChartRecords = Sequence[Mapping[str, Any]]
TimeColumn = npt.NDArray[np.float64]


def positions(labels: Sequence[str], zone: ZoneInfo | None) -> TimeColumn:
    """Return where intervals begin, in days since 1970, which is how matplotlib counts time.

    Days and longer intervals stand at their local date, hours at their moment by the clock of `zone`, or without one at their wall time.
    """
    at = np.array([_moment(label, zone) for label in labels]) / 86_400
    return at if step_days(labels, at) < _A_DAY else np.array([_moment(label[:10], None) for label in labels]) / 86_400


def moments(texts: Sequence[str], zone: ZoneInfo | None) -> TimeColumn:
    """Return where events with their offset stand, in days since 1970; without a zone, which is that of all, at their wall time."""
    found = [datetime.fromisoformat(text) for text in texts]
    return np.array([(at if zone else at.replace(tzinfo=UTC)).timestamp() for at in found]) / 86_400


def _moment(label: str, zone: ZoneInfo | None) -> float:
    if len(label) <= len("2026-10-24"):
        return float((date.fromisoformat(label).toordinal() - date(1970, 1, 1).toordinal()) * 86_400)
    at = datetime.fromisoformat(label)
    if zone is None:
        return at.replace(tzinfo=UTC).timestamp()
    return (at if at.tzinfo else at.replace(tzinfo=zone)).timestamp()


def step_days(labels: Sequence[str], times: TimeColumn) -> float:
    """Return the usual length of an interval, in days; of a single one that of a day or an hour, as its label is."""
    steps = np.diff(np.unique(times))
    return float(np.median(steps)) if len(steps) else 1.0 if labels and len(labels[0]) <= len("2026-10-24") else 1 / 24


def bars(axis: Axes, times: TimeColumn, width: float, values: Sequence[float], place: int, places: int, **look: Any) -> None:
    """Draw one of `places` bars side by side in each interval; where they would be hairs, a line."""
    each = width * 0.9 / places
    if len(times) > _MOST_BARS:
        line(axis, times, width, values, **look)
    else:
        axis.bar(times + each * place, values, each, align="edge", **look)


def line(axis: Axes, times: TimeColumn, width: float, values: Sequence[float], nth: int = 0, **look: Any) -> None:
    """Draw a line through the middle of the intervals, broken where there are none, with markers so that a single point is seen."""
    at, broken = _broken(times, width, values)
    few = len(times) <= _MOST_MARKERS
    marker = MARKERS[nth % len(MARKERS)] if few else ("." if _has_single(broken) else "")
    given = {"color": PALETTE[nth % len(PALETTE)], "linestyle": LINES[nth % len(LINES)], "linewidth": 1.6 if few else 0.9} | look
    axis.plot(at + width / 2, broken, marker=marker, markersize=3.5 if few else 2, **given)


def _broken(times: TimeColumn, width: float, values: Sequence[float]) -> tuple[TimeColumn, TimeColumn]:
    """The line's points, with nothing where intervals are missing, lest a night look like a slope."""
    gaps = np.flatnonzero(np.diff(times) > 1.5 * width)
    return np.insert(times, gaps + 1, times[gaps] + width), np.insert(np.array(values, float), gaps + 1, np.nan)


def _has_single(values: TimeColumn) -> bool:
    """Whether a point has no neighbour that a line could join it to."""
    there = np.isfinite(np.concatenate([[np.nan], values, [np.nan]]))
    return bool((there[1:-1] & ~there[:-2] & ~there[2:]).any())


def values_of(records: ChartRecords, name: str) -> list[float]:
    """Return the values of a column; nan where there is none."""
    return [float("nan") if record[name] is None else record[name] for record in records]


def time_axis(axis: Axes, zone: ZoneInfo | None, times: TimeColumn, width: float) -> None:
    """Give the axis ticks at round local times, and the span of the intervals."""
    if width < _A_DAY:
        clock_axis(axis, zone)
    else:
        clock_axis(axis, None, fewest=2)
    if len(times):
        axis.set_xlim(times.min() - width * 0.2, times.max() + width * 1.2)


def clock_axis(axis: Axes, zone: ZoneInfo | None, fewest: int = 3) -> None:
    """Give the axis ticks at round times of the zone's clock, or of wall time without a zone."""
    zone = zone or _WALL
    locator = AutoDateLocator(tz=zone, minticks=fewest, maxticks=9)  # type: ignore[no-untyped-call] # matplotlib's dates have no types
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))  # type: ignore[no-untyped-call] # as above


def unit_axis(axis: Axes, unit: str, across: bool = False) -> None:
    """Give the axis of values ticks that are round in its unit, from zero."""
    ticks = axis.xaxis if across else axis.yaxis
    low, high = axis.dataLim.intervalx if across else axis.dataLim.intervaly
    high = max(high, (axis.get_xlim if across else axis.get_ylim)()[1])
    if low >= 0:
        (axis.set_xlim if across else axis.set_ylim)(0, max(high * 1.03, 1e-9))
    if unit == "s":
        ticks.set_major_locator(MultipleLocator(next((step for step in _S_STEPS if high / step <= _MOST_TICKS), 7 * 86_400)))
        ticks.set_major_formatter(FuncFormatter(lambda value, _: duration(value)))
    elif unit == "share":
        ticks.set_major_locator(MaxNLocator(_MOST_TICKS, steps=[1, 2, 2.5, 5, 10]))
        ticks.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    else:
        ticks.set_major_locator(MaxNLocator(_MOST_TICKS, integer=unit != "money"))
        ticks.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"))


def written(unit: str) -> Callable[[float], str]:
    """Return how a value of the unit is written beside its bar; nothing for nan."""
    return lambda value: "" if value != value else f" {cell(int(value) if unit in ('', 'people') else value, unit, '')}"


def heading(figure: Figure, text: str) -> None:
    """Write the heading of a figure at the left, in as many lines as its width makes necessary."""
    most = round(figure.get_figwidth() * _LETTERS_PER_INCH)
    lines = [part for line in text.splitlines() for part in textwrap.wrap(line, most)]
    figure.suptitle("\n".join(lines), x=0.01, ha="left")


def empty(title: str, text: str) -> Figure:
    """Return a picture without values, which states why there are none."""
    figure = Figure(figsize=(11, 2.4), layout="constrained")
    axis = figure.subplots()
    axis.set_axis_off()
    axis.text(0.5, 0.5, text, ha="center", va="center", fontsize=14, color="#495057")
    heading(figure, title)
    return figure


def legend_above(axis: Axes) -> None:
    """Put the legend above the axis at the right, where neither data nor title is."""
    axis.legend(ncols=4, loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2, handlelength=1.6, columnspacing=1.2)


def legend_below(figure: Figure, axes: Iterable[Axes]) -> None:
    """Put one legend of all axes below the figure, each label once."""
    handles = {label: handle for axis in axes for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    figure.legend(list(handles.values()), list(handles), ncols=5, loc="outside lower center")
