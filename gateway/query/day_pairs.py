"""Which day is compared with which: the days before, a year before with weekdays or dates aligned, a span that is given, usual days. Pure.

By weekday a holiday that moves is compared with the same day of the same holiday, and an ordinary day with an ordinary day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from gateway.query.holidays import marked_day

Align = Literal["weekday", "date"]
ALIGNS: Final[tuple[Align, ...]] = ("weekday", "date")
"""The default first."""

USUAL_DAYS: Final = 8
"""The usual course is that of the last so many same weekdays."""
LEAST_USUAL_DAYS: Final = 4
USUAL_WEEKS: Final = 12
"""So many weeks are looked back for them."""
_WEEK: Final = timedelta(days=7)
_YEAR_OF_WEEKS: Final = timedelta(days=364)
_WAS: Final = "its counterpart was "


@dataclass(frozen=True, slots=True)
class DayPairs:
    """Each day with the one that it is compared with; `left_out` has why a day has none."""

    pairs: Mapping[date, date]
    left_out: Mapping[date, str] = field(default_factory=dict)


def same_days(days: Sequence[date]) -> DayPairs:
    """Return each day with itself: places are compared, not times."""
    return DayPairs({day: day for day in days})


def days_before(days: Sequence[date], align: Align, zone: ZoneInfo) -> DayPairs:
    """Return consecutive days with those just before them.

    By weekday they are whole weeks earlier; a day whose counterpart was a holiday of this time zone, and another than its own, has none. By
    date whole months are compared with as many months before, day by day, and other spans with as many days before.
    """
    if align == "weekday":
        shift = -(-len(days) // 7) * _WEEK
        return _without_holidays({day: day - shift for day in days}, zone)
    if months := _whole_months(days):
        return _by_date(days, lambda day: _months_earlier(day, months), f"{months} months earlier" if months > 1 else "the month before")
    return DayPairs({day: day - timedelta(days=len(days)) for day in days})


def year_before(days: Sequence[date], align: Align, zone: ZoneInfo) -> DayPairs:
    """Return each day with the one a year before.

    By weekday that is 364 days earlier, or the same day of the holiday that stores of this time zone keep. A day whose counterpart was
    another holiday has none: it would be compared with other customers.
    """
    if align == "date":
        return _by_date(days, lambda day: _months_earlier(day, 12), "the year before")
    pairs: dict[date, date] = {}
    left_out: dict[date, str] = {}
    for day in days:
        mark = marked_day(day, zone)
        before = mark.years_before(1) if mark else day - _YEAR_OF_WEEKS
        then = marked_day(before, zone) if before else None
        if before is None:
            left_out[day] = f"holidays.toml has no {mark.holiday.name if mark else ''} of the year before"
        elif then and (mark is None or then.holiday != mark.holiday):
            left_out[day] = f"{_WAS}{then.holiday.name}"
        else:
            pairs[day] = before
    return DayPairs(pairs, left_out)


def given_days(days: Sequence[date], others: Sequence[date], align: Align) -> DayPairs:
    """Return each day with one of the other span: by weekday with the next one of its weekday, by date in their order.

    Spans of less than a week are paired in their order: they need not have a weekday in common.
    """
    if align == "date" or min(len(days), len(others)) < 7:
        pairs = dict(zip(days, others, strict=False))
    else:
        free: dict[int, list[date]] = {}
        for other in reversed(others):
            free.setdefault(other.weekday(), []).append(other)
        pairs = {day: free[day.weekday()].pop() for day in days if free.get(day.weekday())}
    return DayPairs(pairs, {day: "the other span has no day left for it" for day in days if day not in pairs})


def weeks_before(days: Sequence[date], weeks: int, zone: ZoneInfo) -> DayPairs:
    """Return each day with the same weekday so many weeks before; a day that was a holiday then is left out."""
    pairs = {day: day - weeks * _WEEK for day in days}
    marks = {day: mark.holiday.name for day, other in pairs.items() if (mark := marked_day(other, zone))}
    return _parted(pairs, {day: f"{_WAS}{name}" for day, name in marks.items()})


def _without_holidays(pairs: Mapping[date, date], zone: ZoneInfo) -> DayPairs:
    """The pairs without those of a holiday that this side does not have."""
    return _parted(pairs, {day: why for day, why in uneven_holidays(pairs, zone).items() if why.startswith(_WAS)})


def _parted(pairs: Mapping[date, date], left_out: Mapping[date, str]) -> DayPairs:
    return DayPairs({day: other for day, other in pairs.items() if day not in left_out}, left_out)


def uneven_holidays(pairs: Mapping[date, date], zone: ZoneInfo) -> dict[date, str]:
    """Return the days of which one side was a holiday, for stores of this time zone, and the other one was not the same holiday."""
    found: dict[date, str] = {}
    for day, other in pairs.items():
        here, there = marked_day(day, zone), marked_day(other, zone)
        if there and (here is None or here.holiday != there.holiday):
            found[day] = f"{_WAS}{there.holiday.name}"
        elif here and there is None:
            found[day] = f"it is {here.holiday.name}, its counterpart an ordinary day"
    return found


def _by_date(days: Sequence[date], earlier: Callable[[date], date | None], when: str) -> DayPairs:
    found = {day: earlier(day) for day in days}
    return DayPairs(
        {day: other for day, other in found.items() if other is not None},
        {day: f"{when} has no such date" for day, other in found.items() if other is None},
    )


def _whole_months(days: Sequence[date]) -> int:
    """How many months these consecutive days are; 0 if they are not whole months."""
    first, after = days[0], days[-1] + timedelta(days=1)
    return (after.year - first.year) * 12 + after.month - first.month if first.day == after.day == 1 else 0


def _months_earlier(day: date, months: int) -> date | None:
    count = day.year * 12 + day.month - 1 - months
    try:
        return day.replace(year=count // 12, month=count % 12 + 1)
    except ValueError:
        return None
