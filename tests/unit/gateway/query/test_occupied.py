"""For how long, and by how many, sensors saw a zone occupied."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.query.occupied import COLUMNS, occupancy
from gateway.sinks.table import Builder, PointTable

UTC = ZoneInfo("UTC")
BEGIN_NS = 1_790_000_000 * 10**9
SECOND_NS = 10**9
NAMES = ("store", "zone", "agent", "sensor", "people", "counted")


def table(*reports: tuple[float, int], sensor: str = "camera", zone: str = "hall", counted: bool = True) -> PointTable:
    """Reports of a sensor: seconds, people."""
    builder = Builder("occupancy", NAMES)
    builder.add([(BEGIN_NS + round(at_s * SECOND_NS), "s1", zone, "a", sensor, people, counted) for at_s, people in reports])
    return builder.table()


def row(found: PointTable) -> dict[str, Any]:
    (only,) = occupancy(found, UTC).rows
    return dict(zip(COLUMNS, only, strict=True))


def test_a_report_holds_until_the_next_one_whatever_their_number() -> None:
    found = row(table((0, 0), (60, 3), (60.5, 3), (61, 3), (90, 0), (120, 0)))
    assert (found["watched_s"], found["occupied_s"], found["occupied"]) == (120.0, 30.0, 0.25)
    assert (found["people_mean"], found["people_most"], found["people_last"], found["reports"]) == (0.75, 3, 0, 6)


def test_a_sensor_that_died_while_somebody_was_there_fills_the_zone_for_an_hour_only() -> None:
    found = row(table((0, 2), (10 * 3600, 0), (20 * 3600, 1)))
    assert (found["watched_s"], found["occupied_s"]) == (3600.0 + 10 * 3600, 3600.0)
    found = row(table((0, 0), (48 * 3600, 1)))
    assert (found["watched_s"], found["occupied_s"]) == (86_400.0, 0.0)


def test_of_a_sensor_that_does_not_count_no_people_are_stated() -> None:
    found = row(table((0, 1), (30, 0), (60, 1), counted=False))
    assert (found["occupied"], found["people_mean"], found["people_most"], found["people_last"]) == (0.5, None, None, 1)


def test_one_report_was_watched_for_no_time() -> None:
    found = row(table((0, 2)))
    assert (found["watched_s"], found["occupied"], found["people_mean"], found["people_last"]) == (0.0, None, None, 2)


def test_each_sensor_of_each_zone_has_a_row() -> None:
    builder = Builder("occupancy", NAMES)
    builder.add([(BEGIN_NS + n, "s1", zone, "a", sensor, n, True) for n, (zone, sensor) in enumerate(
        [("hall", "b"), ("cafe", ""), ("hall", "a"), ("hall", "b")])])  # fmt: skip
    rows = occupancy(builder.table(), UTC).rows
    assert [(found[1], found[2], found[4]) for found in rows] == [("cafe", "", 1), ("hall", "a", 1), ("hall", "b", 2)]


@pytest.mark.parametrize("found", [table()])
def test_nothing_is_no_row(found: PointTable) -> None:
    assert occupancy(found, UTC).rows == []
