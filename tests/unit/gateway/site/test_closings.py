"""A store closes when its hours end and no others follow; nobody is inside then, nor when its day ends."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.site import local_day
from gateway.site.closings import OpenDates, settling_minutes
from gateway.site.recorded import RecordedStore

SATURDAY = date(2026, 5, 30)


def closes(day: date, **store: Any) -> list[str]:
    """When it closes on that date, local time."""
    times = OpenDates(RecordedStore.model_validate({"name": "s", **store})).closing_times(day)
    return [f"{moment:%H:%M}" for moment in times if moment.date() == day]


def settles(store: dict[str, Any], day: date) -> list[str]:
    """The settling minutes of the day that has this noon, by the store's clock."""
    recorded = RecordedStore.model_validate({"name": "s", **store})
    zone = ZoneInfo(recorded.timezone)
    span = local_day(zone, timedelta(hours=recorded.day_start.hour), int(datetime.combine(day, time(12), zone).timestamp()))
    return [f"{datetime.fromtimestamp(minute * 60, zone):%d %H:%M}" for minute in settling_minutes(OpenDates(recorded), zone, *span)]


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        ({"opens": "10:00", "closes": "20:00"}, ["20:00"]),
        ({}, []),
        ({"opens": "00:00", "closes": "23:59"}, []),
        ({"hours": {"sat": "10:00-14:00"}, "opens": "10:00", "closes": "20:00"}, ["14:00"]),
        ({"hours": {"fri": "18:00-02:00", "sat": "closed"}, "opens": "10:00", "closes": "20:00"}, ["02:00"]),
        ({"opens": "10:00", "closes": "20:00", "closed": ["2026-05-30"]}, []),
        ({"opens": "10:00", "closes": "20:00", "valid_from": "2026-05-31"}, []),
        ({"opens": "10:00", "closes": "20:00", "valid_to": "2026-05-29"}, []),
        ({"opens": "10:00", "closes": "20:00", "before": [{"until": "2026-05-30", "opens": "10:00", "closes": "18:00"}]}, ["18:00"]),
        ({"opens": "10:00", "closes": "20:00", "before": [{"until": "2026-05-29", "opens": "10:00", "closes": "18:00"}]}, ["20:00"]),
    ],
    ids=[
        "every day",
        "no hours",
        "all day",
        "by weekday",
        "past midnight",
        "closed day",
        "not yet",
        "no more",
        "earlier hours",
        "later hours",
    ],
)
def test_a_store_closes_by_the_hours_in_force(store: dict[str, Any], expected: list[str]) -> None:
    assert closes(SATURDAY, **store) == expected


def test_a_day_is_settled_when_the_store_closes_and_when_it_ends() -> None:
    assert settles({"opens": "10:00", "closes": "20:00"}, date(2026, 5, 30)) == ["30 20:00", "31 03:59"]


def test_hours_past_midnight_are_settled_with_the_day_in_which_they_began() -> None:
    assert settles({"opens": "18:00", "closes": "02:00", "day_start": "06:00"}, date(2026, 5, 30)) == ["31 02:00", "31 05:59"]


def test_a_store_without_hours_is_settled_when_its_day_ends() -> None:
    assert settles({}, date(2026, 5, 30)) == ["31 03:59"]


def test_a_closing_time_that_begins_the_day_settles_nobody_of_it() -> None:
    assert settles({"opens": "10:00", "closes": "04:00"}, date(2026, 5, 30)) == ["31 03:59"]


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 3, 29), date(2026, 10, 25)])
def test_a_closing_time_follows_the_clocks_of_summer(day: date) -> None:
    store = {"opens": "10:00", "closes": "20:00", "timezone": "Europe/Berlin"}
    assert settles(store, day)[0] == f"{day:%d} 20:00"
