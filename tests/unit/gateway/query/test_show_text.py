"""How values are written for people."""

from __future__ import annotations

import pytest

from gateway.query.show_text import cell, difference, duration, period, times


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.5, "1:00"), (3599.6, "1:00:00"), (36_000, "10:00:00"), (-65, "-1:05"), (-0.2, "0 s")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "people", ""), (1234, "people", "1,234"), (0, "", "0"), (0.1254, "share", "12.5 %"), (1234.5, "money", "1,234.50"),
        (61.0, "s", "1:01"), ("007", "name", "007"), (True, "", "staff"), (False, "", ""),
    ],
)  # fmt: skip
def test_a_value_is_written_by_its_unit(value: object, unit: str, text: str) -> None:
    assert cell(value, unit, "staff") == text


def test_differences_have_their_sign_and_those_of_shares_are_points() -> None:
    assert [difference(value, "people", True) for value in (3, -3, 0)] == ["+3", "-3", "0"]
    assert (difference(0.051, "share", True), difference(0.051, "share", False)) == ("+5.1 pp", "+5.1 %")
    assert difference(-65.0, "s", True) == "-1:05"


def test_midnights_are_dates() -> None:
    assert times([("s1", "2026-11-21T00:00+01:00"), ("s2", "2026-11-21T00:00+08:00")]) == ["2026-11-21", "2026-11-21"]
    assert times([("s1", "2026-11-21T00:00"), ("s1", "2026-11-22T01:00")]) == ["2026-11-21 00:00", "2026-11-22 01:00"]


@pytest.mark.parametrize(
    ("interval", "text"),
    [("1w", "2026-W53"), ("month", "2026-12"), ("quarter", "2026-Q4"), ("year", "2026"), ("1d", "2026-12-28"), (None, "2026-12-28")],
)
def test_weeks_and_longer_intervals_have_the_names_that_people_give_them(interval: str | None, text: str) -> None:
    assert times([("s1", "2026-12-28T00:00+01:00")], interval) == [text]
    assert period("2026-12-28", interval) == text


def test_a_week_has_the_year_of_its_thursday() -> None:
    assert [period(day, "1w") for day in ("2025-12-29", "2027-01-04")] == ["2026-W01", "2027-W01"]
    assert [period(day, "quarter") for day in ("2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01")] == [
        "2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4",
    ]  # fmt: skip


def test_a_date_that_all_have_is_left_out_but_that_of_one_moment_is_not() -> None:
    assert times([("s1", "2026-11-21T00:00+01:00"), ("s1", "2026-11-21T01:00+01:00")]) == ["00:00", "01:00"]
    assert times([("s1", "2026-11-21T10:00+01:00"), ("s1", "2026-11-21T10:00+01:00")]) == ["2026-11-21 10:00"] * 2


def test_an_offset_is_written_where_it_changes_within_a_store() -> None:
    assert times([("s1", "2026-10-25T02:00+02:00"), ("s2", "2026-10-25T02:00+08:00")]) == ["2026-10-25 02:00"] * 2
    changing = times([("s1", "2026-10-25T02:00+02:00"), ("s1", "2026-10-25T02:00+01:00")])
    assert changing == ["02:00+02:00", "02:00+01:00"]
