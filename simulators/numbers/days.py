"""With which day a day is compared, and the holidays of these weeks, by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from simulators.numbers.table import YEAR, Asked

GROUP: Final = "group"
_GOLDEN_WEEK: Final = frozenset(date(year, 10, day) for year in (2025, 2026) for day in range(1, 8))
_MID_AUTUMN: Final = frozenset({date(2026, 9, 25), date(2025, 10, 6)})
_CHINA: Final = ("Asia/Shanghai", "Asia/Urumqi")


def _is_after_golden_week(day: date, other: date, zone: ZoneInfo) -> bool:
    """Return whether an ordinary day would be compared with one of the Golden Week, which is the only such holiday in these weeks."""
    return zone.key in _CHINA and other in _GOLDEN_WEEK and day not in _GOLDEN_WEEK


def other_day(asked: Asked, day: date, zone: ZoneInfo) -> date | None:
    """Return the day that a day is compared with in a store of a time zone; None if it has none."""
    length = (asked.last - asked.first).days + 1
    kind = asked.compare or ""
    if kind.startswith("store:") or kind == GROUP:
        return day
    if kind == YEAR:
        return _year_before(asked, day, zone)
    if kind == "previous":
        if asked.align == "weekday":
            other = day - timedelta(days=-(-length // 7) * 7)
            return None if _is_after_golden_week(day, other, zone) else other
        is_month = asked.first.day == 1 and (asked.last + timedelta(days=1)).day == 1
        return _month_before(day) if is_month else day - timedelta(days=length)
    return date.fromisoformat(kind.partition("..")[0]) + (day - asked.first)


def _year_before(asked: Asked, day: date, zone: ZoneInfo) -> date | None:
    """By weekday an ordinary day is compared with an ordinary one, 364 days before; one of the Golden Week with the same of it."""
    if asked.align == "date":
        return day.replace(year=day.year - 1)
    other = day - timedelta(days=364)
    if zone.key not in _CHINA:
        return other
    if day in _GOLDEN_WEEK:
        return day.replace(year=day.year - 1)
    if day in _MID_AUTUMN:
        return None  # in 2025 it was in the Golden Week, which counts
    return None if other in _GOLDEN_WEEK else other


def _month_before(day: date) -> date | None:
    """Return the same day of the month before, if it has one."""
    try:
        return day.replace(year=day.year - (day.month == 1), month=(day.month - 2) % 12 + 1)
    except ValueError:
        return None
