"""Truth and estimate over time, as a picture: each course has two bands, and where they differ a third one below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from footfall.errors import ConfigError
from footfall.units import NS_PER_S
from gateway.query.chart_axes import heading, unit_axis
from gateway.query.chart_style import PALETTE, VERMILLION, style
from simulators.accuracy.course import Course

MOST_COURSES: Final = 12
_TRUE, _STORED, _WRONG = 0.62, 0.2, 0.06
_HEIGHT: Final = 0.34
_WRONG_HEIGHT: Final = 0.1
_COLORS: Final = [color for color in PALETTE if color != VERMILLION]
Bar = tuple[float, float]


def draw(courses: Sequence[Course], title: str, path: Path) -> int:
    """Write the picture of the first courses; return how many are in it. Raise ConfigError for a file that cannot be written."""
    shown = courses[:MOST_COURSES]
    with mpl.rc_context(style()):
        figure = figure_of(shown, title)
        FigureCanvasAgg(figure)
        try:
            figure.savefig(path, dpi=110, facecolor="white")
        except ValueError as error:
            raise ConfigError(f"{path}: {error}") from None
        except OSError as error:
            raise ConfigError(f"{path}: the picture cannot be written: {error.strerror}") from None
    return len(shown)


def figure_of(courses: Sequence[Course], title: str) -> Figure:
    """Return the picture: time from the beginning of each course on."""
    colors = _colors_of(courses)
    figure = Figure(figsize=(11, 1.3 + 0.95 * len(courses)), layout="constrained")
    axes = figure.subplots(len(courses), 1, squeeze=False)[:, 0]
    for axis, course in zip(axes, courses, strict=True):
        _bands(axis, course, colors)
    axes[-1].set_xlabel("since the beginning of the run")
    patches = [Patch(color=color, label=zone) for zone, color in colors.items()] + [Patch(color=VERMILLION, label="not the true zone")]
    figure.legend(handles=patches, ncols=6, loc="outside lower center")
    heading(figure, title)
    return figure


def _bands(axis: Axes, course: Course, colors: Mapping[str, str]) -> None:
    whole = course.span
    for low, zones in ((_TRUE, _true(course)), (_STORED, _stored(course))):
        for zone, bars in zones.items():
            axis.broken_barh(bars, (low, _HEIGHT), color=colors[zone])
    axis.broken_barh(_wrong(course), (_WRONG, _WRONG_HEIGHT), color=VERMILLION)
    axis.set_ylim(0, 1)
    axis.set_yticks([_TRUE + _HEIGHT / 2, _STORED + _HEIGHT / 2], ["truth", "stored"])
    axis.grid(visible=False)
    axis.set_xlim(0, max((whole.to_ns - whole.from_ns) / NS_PER_S, 1.0))
    unit_axis(axis, "s", across=True)
    axis.set_title(course.name)


def _true(course: Course) -> dict[str, list[Bar]]:
    return _by_zone([(stay.zone, _bar(stay.from_ns, stay.to_ns, course.span.from_ns)) for stay in (*course.stays, *course.passes)])


def _stored(course: Course) -> dict[str, list[Bar]]:
    return _by_zone([(dwell.zone, _bar(dwell.from_ns, dwell.to_ns, course.span.from_ns)) for dwell in course.dwells])


def _by_zone(bars: Iterable[tuple[str, Bar]]) -> dict[str, list[Bar]]:
    found: dict[str, list[Bar]] = {}
    for zone, bar in bars:
        found.setdefault(zone, []).append(bar)
    return found


def _wrong(course: Course) -> list[Bar]:
    """Return where the stored zone was not the true one, each moment until the next, at most five seconds."""
    wrong = [a != b for a, b in zip(course.zones, course.estimate(None), strict=True)]
    steps = np.minimum(np.diff(course.t_ns, append=course.t_ns[-1:]), 5 * NS_PER_S)
    rows = zip(course.t_ns.tolist(), steps.tolist(), wrong, strict=True)
    return [_bar(t_ns, t_ns + step_ns, course.span.from_ns) for t_ns, step_ns, is_wrong in rows if is_wrong]


def _bar(from_ns: int, to_ns: int, zero_ns: int) -> Bar:
    return (from_ns - zero_ns) / NS_PER_S, (to_ns - from_ns) / NS_PER_S


def _colors_of(courses: Iterable[Course]) -> dict[str, str]:
    zones = dict.fromkeys(zone for course in courses for zone in (*_true(course), *_stored(course)))
    return {zone: _COLORS[number % len(_COLORS)] for number, zone in enumerate(zones)}
