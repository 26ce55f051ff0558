"""Bars, lines and axes of time for charts, where matplotlib's own would mislead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

_MOST_BARS: Final = 200
_A_DAY: Final = 0.9
_EPOCH: Final = date(1970, 1, 1).toordinal()

PanelRows = Sequence[Mapping[str, Any]]
TimeColumn = npt.NDArray[np.float64]


def bars(
    axis: Axes,
    times: TimeColumn,
    width: float,
    values: Sequence[float],
    place: int,
    places: int,
    color: str,
    label: str,
    alpha: float = 1.0,
) -> None:
    """Draw one of `places` bars side by side in each interval; where they would be hairs, thin lines that are drawn fast."""
    each = width * 0.9 / places
    at = times + each * place
    if len(times) > _MOST_BARS:
        axis.vlines(at + each / 2, 0, values, color=color, label=label, alpha=alpha, linewidth=0.8)
    else:
        axis.bar(at, values, each, align="edge", color=color, label=label, alpha=alpha)


def broken(times: TimeColumn, width: float, values: Sequence[float]) -> tuple[TimeColumn, TimeColumn]:
    """Return the line's points, with nothing where intervals are missing, lest a night look like a slope."""
    gaps = np.flatnonzero(np.diff(times) > 1.5 * width)
    return np.insert(times, gaps + 1, times[gaps] + width), np.insert(np.array(values, float), gaps + 1, np.nan)


def line_width(times: TimeColumn) -> float:
    return 1.6 if len(times) <= _MOST_BARS else 0.8


def values_of(rows: PanelRows, name: str) -> list[float]:
    return [float("nan") if row[name] is None else row[name] for row in rows]


def days_of(rows: PanelRows, name: str) -> npt.NDArray[np.float64]:
    """Return days since 1970, UTC, which is how matplotlib counts time."""
    return np.array([datetime.fromisoformat(row[name]).timestamp() for row in rows]) / 86_400


def interval_days(rows: PanelRows) -> float:
    """Return the usual distance of two intervals, in days; an hour if there is but one."""
    steps = np.diff(np.unique(days_of(rows, "time")))
    return float(np.median(steps)) if len(steps) else 1 / 24


def bar_times(rows: PanelRows, width: float) -> npt.NDArray[np.float64]:
    """Return where each interval's bar begins. Days and weeks stand at their local date, even where clocks change or the span cuts one."""
    if width < _A_DAY:
        return days_of(rows, "time")
    local = [datetime.fromisoformat(row["time"]).date() for row in rows]
    return np.array([day.toordinal() - (day.weekday() if width > 6 else 0) - _EPOCH for day in local], np.float64)


def time_axis(axis: Axes, zone: ZoneInfo, times: TimeColumn, width: float) -> None:
    clock_axis(axis, zone if width < _A_DAY else ZoneInfo("UTC"))
    axis.set_xlim(times.min() - width * 0.2, times.max() + width * 1.2)


def clock_axis(axis: Axes, zone: ZoneInfo) -> None:
    locator = AutoDateLocator(tz=zone, minticks=4, maxticks=10)  # type: ignore[no-untyped-call] # matplotlib's dates have no types
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))  # type: ignore[no-untyped-call] # as above


def bars_across(axis: Axes, names: Sequence[str], values: Sequence[float], color: str, text: Callable[[float], str]) -> None:
    bars = axis.barh(names, [0.0 if value != value else value for value in values], color=color, height=0.7)
    axis.bar_label(bars, ["" if value != value else f" {text(value)}" for value in values], fontsize=8.5)
    axis.grid(visible=False)
    axis.margins(x=0.15)
