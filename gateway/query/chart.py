"""An answer as a picture (PNG, SVG or PDF), labelled so that it can be shown by itself."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from footfall.errors import ConfigError
from gateway.query import chart_across, chart_estimate, chart_events, chart_time
from gateway.query.answer import Answer
from gateway.query.chart_axes import empty
from gateway.query.chart_data import MOST_MEASURES, Chart, chart_of
from gateway.query.chart_file import check_chart_file
from gateway.query.chart_notes import left_out
from gateway.query.chart_style import style

MOST_SERIES: Final = 8
_NONE: Final = frozenset({"gaps", "inferred", "stock", "together"})


@dataclass(frozen=True, slots=True)
class Form:
    """One way to draw. `fits`: the charts that it is for. `part`: what of a chart it draws. `figure` draws that."""

    fits: Callable[[Chart], bool]
    figure: Callable[[Chart], Figure]
    part: Callable[[Chart], Chart] = lambda chart: chart


def draw(answer: Answer, path: Path, measures: Sequence[str] = ()) -> list[str]:
    """Write the picture of an answer to `path`, of the `measures` that were asked for. Return notes: what it leaves out, or lacks.

    An answer without any value makes a picture that states so. Raise ConfigError: no picture of this question, an unknown kind of file, or
    a folder that cannot be written.
    """
    check_chart_file(path)
    if answer.question in _NONE:
        raise ConfigError(f"there is no chart of {answer.question}; --format csv has its rows")
    with mpl.rc_context(style()), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure, notes = drawn(answer, measures)
        _write(figure, path)
    if any("missing from" in str(warning.message) for warning in caught):
        notes.append("some characters of the chart's titles have no font here: install one such as Noto Sans CJK")
    return notes


def drawn(answer: Answer, measures: Sequence[str] = ()) -> tuple[Figure, list[str]]:
    """Return the picture of an answer, with a note of each kind of things that it leaves out."""
    chart = chart_of(answer, measures) if answer.rows else None
    if answer.is_empty or chart is None or not chart.has_values:
        text = "nothing is stored of this span" if answer.is_empty or not answer.rows else "nothing was measured in this span"
        return empty(answer.title, text), [f"the chart is empty: {text}"]
    form = form_of(chart)
    part = form.part(chart)
    return form.figure(part), left_out(chart, part)


def form_of(chart: Chart) -> Form:
    """Return what draws the chart: the first form that it fits."""
    return next(form for form in _FORMS if form.fits(chart))


def _is_heat(chart: Chart) -> bool:
    return len(chart.telling) == 2 and bool(chart_across.IN_ORDER & set(chart.telling))


def _is_profile(chart: Chart) -> bool:
    return len(chart.telling) == 1 and chart.telling[0] in chart_across.IN_ORDER


def _has_one_unit(chart: Chart) -> bool:
    return len(chart.measures) > 1 and len(chart.panels()) == 1


def _is_over_time(chart: Chart) -> bool:
    return chart.has_time and len(chart.series) <= MOST_SERIES


def _is_of(question: str) -> Callable[[Chart], bool]:
    return lambda chart: chart.question == question


def _measures(most: int) -> Callable[[Chart], Chart]:
    """The first measures."""
    return lambda chart: replace(chart, measures=chart.measures[:most])


def _of_first_unit(chart: Chart) -> Chart:
    return replace(chart, measures=tuple(chart.panels()[0][1]))


def _of_doors(chart: Chart) -> Chart:
    return replace(chart, measures=("in", "out"))


def _bars(most: int) -> Callable[[Chart], Chart]:
    """The greatest bars of the first measures, of the whole span."""
    return lambda chart: chart_across.greatest(_measures(most)(chart.whole()))


def _compared(chart: Chart) -> Chart:
    return replace(chart, measures=chart.compared[:3])


_FORMS: Final[Sequence[Form]] = (
    Form(_is_of("visitors"), chart_estimate.visitors),
    Form(_is_of("visits"), chart_events.visits, chart_events.visitors),
    Form(_is_of("touches"), chart_events.touches),
    Form(chart_events.has_histogram, chart_events.dwell, chart_events.first_panels),
    Form(lambda chart: bool(chart.compared) and chart.has_time and not chart.telling, chart_time.compared, _compared),
    Form(lambda chart: bool(chart.compared), chart_across.compared, lambda chart: chart_across.greatest(_compared(chart.whole()))),
    Form(lambda chart: chart.has_time and not chart.telling, chart_time.one_series),
    Form(lambda chart: _is_over_time(chart) and chart_time.has_doors(chart), chart_time.doors, _of_doors),
    Form(lambda chart: _is_over_time(chart) and chart.telling == ("store",), chart_time.side_by_side, _of_first_unit),
    Form(_is_over_time, chart_time.lines, _measures(2)),
    Form(lambda chart: chart.has_time, chart_across.ranked, _bars(3)),
    Form(_is_heat, chart_across.heat, _measures(1)),
    Form(_is_profile, chart_across.profile, _measures(4)),
    Form(_has_one_unit, chart_across.grouped, _bars(MOST_MEASURES)),
    Form(lambda chart: True, chart_across.ranked, _bars(3)),
)


def _write(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    try:
        figure.savefig(path, dpi=150, facecolor="white")
    except OSError as error:
        raise ConfigError(f"{path}: the chart cannot be written: {error.strerror}") from None
