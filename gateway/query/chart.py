"""An answer as a picture (PNG, SVG or PDF), labelled so that it can be shown by itself."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from footfall.errors import ConfigError
from gateway.query import chart_across, chart_events, chart_time
from gateway.query.answer import Answer
from gateway.query.chart_data import Chart, chart_of
from gateway.query.chart_style import style

MOST_SERIES: Final = 8
_EVENTS: Final = {"visits": chart_events.visits, "touches": chart_events.touches, "dwell": chart_events.dwell}
_NONE: Final = frozenset({"gaps"})

Form = tuple[Callable[[Chart], bool], Callable[[Chart], Figure]]


def draw(answer: Answer, path: Path, measures: Sequence[str] = ()) -> bool:
    """Write the picture of an answer to `path`, of the `measures` that were asked for. False if a character had no font and shows as a box.

    Raise ConfigError: no picture of this question, nothing to draw, an unknown kind of file, or a folder that cannot be written.
    """
    if answer.question in _NONE:
        raise ConfigError(f"there is no chart of {answer.question}; --format csv has its rows")
    if not answer.rows:
        raise ConfigError(f"there is nothing to draw: the answer to {answer.question} has no rows")
    chart = chart_of(answer, measures)
    with mpl.rc_context(style()), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _write(form_of(chart)(chart), path)
    return not any("missing from" in str(warning.message) for warning in caught)


def form_of(chart: Chart) -> Callable[[Chart], Figure]:
    """Return what draws the chart: the first form that it fits."""
    if chart.question in _EVENTS:
        return _EVENTS[chart.question]
    return next(figure for fits, figure in _FORMS if fits(chart))


def _is_heat(chart: Chart) -> bool:
    return len(chart.telling) == 2 and bool(chart_across.IN_ORDER & set(chart.telling))


def _is_profile(chart: Chart) -> bool:
    return len(chart.telling) == 1 and chart.telling[0] in chart_across.IN_ORDER


def _has_one_unit(chart: Chart) -> bool:
    return len(chart.measures) > 1 and len(chart.panels()) == 1


_FORMS: Final[Sequence[Form]] = (
    (lambda chart: bool(chart.compared) and chart.has_time and not chart.telling, chart_time.compared),
    (lambda chart: bool(chart.compared), lambda chart: chart_across.compared(chart.whole())),
    (lambda chart: chart.has_time and not chart.telling, chart_time.one_series),
    (lambda chart: chart.has_time and chart.question == "doors" and len(chart.series) <= MOST_SERIES, chart_time.doors),
    (lambda chart: chart.has_time and chart.telling == ("store",) and len(chart.series) <= MOST_SERIES, chart_time.side_by_side),
    (lambda chart: chart.has_time and len(chart.series) <= MOST_SERIES, chart_time.lines),
    (lambda chart: chart.has_time, lambda chart: chart_across.ranked(chart.whole())),
    (_is_heat, chart_across.heat),
    (_is_profile, chart_across.profile),
    (_has_one_unit, chart_across.grouped),
    (lambda chart: True, chart_across.ranked),
)


def _write(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    try:
        figure.savefig(path, dpi=150, facecolor="white")
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path}: the chart cannot be written: {error.strerror}") from None
