"""Holidays are data: each date of the file is held to the rule that its source states."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.query.holidays import HOLIDAYS, Holiday, load, marked_day

BERLIN, SHANGHAI, UTC = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai"), ZoneInfo("UTC")
YEARS = range(2020, 2036)
BY_ID = {holiday.id: holiday for holiday in HOLIDAYS}
NEW_YEARS_BY_THE_OBSERVATORY = (
    "2020-01-25 2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06 2028-01-26 2029-02-13 2030-02-03 2031-01-23 "
    "2032-02-11 2033-01-31 2034-02-19 2035-02-08"
)


def _easter(year: int) -> date:
    """Gauss's rule for the Gregorian calendar, with both its exceptions: another one than that which made the file."""
    century = year // 100
    m = (15 + century - century // 4 - (8 * century + 13) // 25) % 30
    n = (4 + century - century // 4) % 7
    d = (19 * (year % 19) + m) % 30
    e = (2 * (year % 4) + 4 * (year % 7) + 6 * d + n) % 7
    if (d, e) == (29, 6) or (d == 28 and e == 6 and year % 19 > 10):
        d -= 7
    return date(year, 3, 22) + timedelta(days=d + e)


@pytest.mark.parametrize("holiday", HOLIDAYS, ids=lambda holiday: holiday.id)
def test_each_holiday_has_a_date_in_every_year_and_a_source(holiday: Holiday) -> None:
    assert [day.year for day in holiday.dates] == list(YEARS)
    assert len(holiday.source) > 10


def test_easter_and_whitsun_follow_the_computus() -> None:
    assert BY_ID["easter"].dates == tuple(_easter(year) for year in YEARS)
    assert BY_ID["whitsun"].dates == tuple(_easter(year) + timedelta(days=49) for year in YEARS)


def test_the_spring_festival_begins_as_the_observatory_has_it() -> None:
    assert [day.isoformat() for day in BY_ID["spring-festival"].dates] == NEW_YEARS_BY_THE_OBSERVATORY.split()


@pytest.mark.parametrize(("holiday", "months_days"), [("dragon-boat", 4 * 29.530588 + 4), ("mid-autumn", 7 * 29.530588 + 14)])
def test_other_lunar_festivals_are_so_many_moons_after_the_new_year_or_one_more_in_a_leap_year(holiday: str, months_days: float) -> None:
    for new_year, day in zip(BY_ID["spring-festival"].dates, BY_ID[holiday].dates, strict=True):
        since = (day - new_year).days - months_days
        assert min(abs(since), abs(since - 29.530588)) < 1.5, day


def test_black_friday_follows_the_fourth_thursday_of_november() -> None:
    for day in BY_ID["black-friday"].dates:
        assert (day.month, day.weekday()) in {(11, 4)}
        assert 22 <= (day - timedelta(days=1)).day <= 28


FIXED = {"golden-week": (10, 1), "labour-day": (5, 1), "singles-day": (11, 11), "christmas": (12, 25), "new-year": (1, 1)}


@pytest.mark.parametrize("holiday", FIXED)
def test_others_have_one_date_in_every_year(holiday: str) -> None:
    assert {(each.month, each.day) for each in BY_ID[holiday].dates} == {FIXED[holiday]}


def test_a_day_is_marked_where_stores_keep_the_holiday() -> None:
    eve = marked_day(date(2026, 2, 16), SHANGHAI)
    assert eve is not None
    assert (eve.holiday.id, eve.days) == ("spring-festival", -1)
    assert marked_day(date(2026, 2, 16), BERLIN) is None
    assert marked_day(date(2026, 2, 24), SHANGHAI) is None
    assert marked_day(date(2026, 12, 25), UTC) is None, "nobody knows where such a store is"


def test_a_marked_day_is_the_same_day_of_the_same_holiday_in_another_year() -> None:
    monday = marked_day(date(2026, 4, 6), BERLIN)
    assert monday is not None
    assert (monday.years_before(1), monday.years_before(2), monday.years_before(7)) == (date(2025, 4, 21), date(2024, 4, 1), None)


def test_of_two_holidays_on_one_day_the_first_of_the_file_counts() -> None:
    both = marked_day(date(2025, 10, 6), SHANGHAI)
    assert both is not None
    assert both.holiday.id == "golden-week"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("last_day", "-1", "its last day is not before its first"),
        ("dates", "[2026-01-01, 2026-02-01]", "it has one date a year"),
        ("nam", "'y'", "unexpected keyword argument 'nam'"),
        ("source", "", "missing 1 required positional argument: 'source'"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(key: str, value: str, message: str) -> None:
    entry = {"id": "'x'", "name": "'x'", "first_day": "0", "last_day": "0", "timezones": "[]", "source": "'s'", "dates": "[2026-01-01]"}
    text = "[[holiday]]\n" + "\n".join(f"{name} = {each}" for name, each in (entry | {key: value}).items() if each)
    with pytest.raises(ValueError, match=f"holiday 'x': .*{message}"):
        load(text)
