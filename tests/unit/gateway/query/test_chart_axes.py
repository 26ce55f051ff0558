"""Where things stand on the axes of charts."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pytest
from matplotlib.figure import Figure

from gateway.query.chart_axes import bars, line, moments, positions, step_days, unit_axis, written

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 1 / 24


def test_the_hour_that_clocks_show_twice_stands_at_two_places() -> None:
    at = positions(["2026-10-25T01:00", "2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00", "2026-10-25T03:00"], BERLIN)
    assert np.diff(at) == pytest.approx([HOUR] * 3)


def test_days_stand_at_their_date_and_without_a_zone_hours_at_their_wall_time() -> None:
    assert positions(["1970-01-02", "2026-10-26"], BERLIN)[0] == 1
    assert positions(["2026-10-24T00:00+02:00", "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00"], BERLIN) % 1 == pytest.approx([0, 0, 0])
    assert positions(["1970-01-02T06:00"], None)[0] == 1.25
    assert positions(["1970-01-02T06:00"], BERLIN)[0] == pytest.approx(1.25 - HOUR)
    assert moments(["1970-01-02T06:00:00+08:00"], None)[0] == 1.25
    assert moments(["1970-01-02T06:00:00+08:00"], BERLIN)[0] == pytest.approx(1.25 - 8 * HOUR)


def test_one_interval_is_as_long_as_its_label_looks() -> None:
    assert step_days(["2026-10-24"], positions(["2026-10-24"], None)) == 1
    assert step_days(["2026-10-24T10:00"], positions(["2026-10-24T10:00"], None)) == HOUR


@pytest.mark.parametrize("number", [1, 3, 500])
def test_a_point_without_neighbours_is_seen(number: int) -> None:
    axis = Figure().subplots()
    times = np.arange(number, dtype=float)
    values = np.full(number, np.nan)
    values[number // 2] = 7
    line(axis, times, 1.0, values.tolist())
    assert axis.lines[0].get_marker() not in ("", "None", None)


def test_a_line_is_broken_where_intervals_are_missing() -> None:
    axis = Figure().subplots()
    line(axis, np.array([0.0, 1.0, 5.0, 6.0]), 1.0, [1, 2, 3, 4])
    assert np.isnan(axis.lines[0].get_ydata()).tolist() == [False, False, True, False, False]


def test_many_intervals_are_a_line_instead_of_hairs() -> None:
    axis = Figure().subplots()
    bars(axis, np.arange(500.0), 1.0, [1.0] * 500, 0, 1, color="black", label="in")
    assert (len(axis.lines), len(axis.patches)) == (1, 0)
    bars(axis, np.arange(5.0), 1.0, [1.0] * 5, 0, 1, color="black", label="in")
    assert len(axis.patches) == 5


@pytest.mark.parametrize(
    ("unit", "most", "texts"),
    [
        ("s", 500, ["0 s", "2:00", "4:00", "6:00", "8:00"]), ("s", 9000, ["0 s", "30:00", "1:00:00", "1:30:00", "2:00:00", "2:30:00"]),
        ("share", 0.21, ["0 %", "5 %", "10 %", "15 %", "20 %"]), ("people", 3, ["0", "1", "2", "3"]),
        ("money", 4000, ["0", "800", "1,600"]),
    ],
)  # fmt: skip
def test_ticks_are_round_in_their_unit(unit: str, most: float, texts: list[str]) -> None:
    axis = Figure().subplots()
    axis.plot([0, 1], [0, most])
    unit_axis(axis, unit)
    low, high = axis.get_ylim()
    assert low == 0
    ticks = [tick for tick in axis.yaxis.get_major_locator()() if 0 <= tick <= high]
    assert [axis.yaxis.get_major_formatter()(tick, 0) for tick in ticks][: len(texts)] == texts


def test_values_are_written_in_their_unit() -> None:
    assert [written(unit)(value).strip() for unit, value in (("people", 1234.0), ("share", 0.125), ("s", 61.0), ("money", 2.0))] == [
        "1,234", "12.5 %", "1:01", "2.00",
    ]  # fmt: skip
    assert written("people")(float("nan")) == ""
