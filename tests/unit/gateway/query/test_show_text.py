"""How values are written for people."""

from __future__ import annotations

import pytest

from gateway.query.show_text import cell, difference, duration, times


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


def test_a_date_that_all_have_is_left_out_but_that_of_one_moment_is_not() -> None:
    assert times([("s1", "2026-11-21T00:00+01:00"), ("s1", "2026-11-21T01:00+01:00")]) == ["00:00", "01:00"]
    assert times([("s1", "2026-11-21T10:00+01:00"), ("s1", "2026-11-21T10:00+01:00")]) == ["2026-11-21 10:00"] * 2


def test_an_offset_is_written_where_it_changes_within_a_store() -> None:
    assert times([("s1", "2026-10-25T02:00+02:00"), ("s2", "2026-10-25T02:00+08:00")]) == ["2026-10-25 02:00"] * 2
    changing = times([("s1", "2026-10-25T02:00+02:00"), ("s1", "2026-10-25T02:00+01:00")])
    assert changing == ["02:00+02:00", "02:00+01:00"]
