"""The picture has two bands a course, and marks where they differ."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.colors import to_rgba

from gateway.query.chart_style import VERMILLION
from simulators.accuracy.course import Course, DecidedDwell, course_of_rows
from simulators.accuracy.plot import MOST_COURSES, draw, figure_of

S = 10**9


def course(changed_s: int) -> Course:
    rows = [(t * S, "hall" if t < 20 else "yard") for t in range(60)]
    dwells = [DecidedDwell("hall", 0, changed_s * S, 0), DecidedDwell("yard", changed_s * S, 59 * S, changed_s * S)]
    return course_of_rows("r", rows, dwells, (), frozenset(), S)


def wrong_s(found: Course) -> float:
    """Return how many seconds are drawn as wrong."""
    (axis,) = figure_of([found], "title").axes
    marked = [band for band in axis.collections if tuple(band.get_facecolor()[0]) == to_rgba(VERMILLION)]
    return sum(float(path.vertices[:, 0].max() - path.vertices[:, 0].min()) for band in marked for path in band.get_paths())


def test_what_differs_is_marked() -> None:
    assert wrong_s(course(25)) == pytest.approx(5)
    assert wrong_s(course(20)) == 0


def test_only_so_many_courses_are_drawn(tmp_path: Path) -> None:
    assert draw([course(20)] * (MOST_COURSES + 3), "title", tmp_path / "x.png") == MOST_COURSES
    assert (tmp_path / "x.png").stat().st_size > 1000
