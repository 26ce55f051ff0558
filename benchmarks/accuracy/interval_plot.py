"""Estimates with their intervals beside the truth, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gateway.query.chart_axes import heading, legend_above
from gateway.query.chart_style import BLUE, SKY, VERMILLION, style

Interval = tuple[float | None, float | None, float | None]
_WIDTH = 0.7


def draw(labels: Sequence[str], true: Sequence[float], estimates: Sequence[Interval], title: str, path: Path) -> None:
    """Write the picture: a box for each interval, a line for its estimate, a diamond for the truth."""
    with mpl.rc_context(style()):
        figure = figure_of(labels, true, estimates, title)
        FigureCanvasAgg(figure)
        figure.savefig(path, dpi=110, facecolor="white")


def figure_of(labels: Sequence[str], true: Sequence[float], estimates: Sequence[Interval], title: str) -> Figure:
    """Return the picture; where there is no estimate the truth stands alone."""
    figure = Figure(figsize=(11, 4), layout="constrained")
    axis = figure.subplots()
    at = range(len(labels))
    there = [(i, low, middle, high) for i, (low, middle, high) in zip(at, estimates, strict=True) if None not in (low, middle, high)]
    for i, low, middle, high in there:
        first = i == there[0][0]
        axis.bar(i, high - low, _WIDTH, low, color=SKY, alpha=0.35, label="interval" if first else None)  # type: ignore[operator] # none is None
        axis.hlines(middle, i - _WIDTH / 2, i + _WIDTH / 2, color=BLUE, label="estimate" if first else None)  # type: ignore[arg-type] # likewise
    axis.scatter(list(at), true, s=26, color=VERMILLION, marker="D", zorder=3, label="truth")
    axis.set_xticks(list(at), labels)
    axis.set_ylim(bottom=0)
    legend_above(axis)
    heading(figure, title)
    return figure
