"""Dates as spreadsheets of any country write them, where they can be read in one way only. Pure.

DateReader(ZoneInfo("Asia/Shanghai")).time_ns("2026-11-21 10:00")    # by the clock of the stores
DateReader(None).time_ns("31/12/2026")                              # ValueError: it needs a time zone
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from footfall.moments import moment, to_ns
from gateway.identity.links import FOR_EVER_NS, clamped

_EVER_YEAR: Final = 9999
_FIRST_YEAR: Final = 1
_CACHED: Final = 100_000
_TIME: Final = r"(?:[T ,]+(?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?"
_YEAR_FIRST: Final = re.compile(r"(?P<year>[0-9]{4})(?P<sign>[-/.])(?P<month>[0-9]{1,2})(?P=sign)(?P<day>[0-9]{1,2})" + _TIME)
_CHINESE: Final = re.compile(
    r"(?P<year>[0-9]{4})\s*年\s*(?P<month>[0-9]{1,2})\s*月\s*(?P<day>[0-9]{1,2})\s*日" + _TIME.replace("+(?P", "*(?P")
)
_YEAR_LAST: Final = re.compile(r"(?P<one>[0-9]{1,2})(?P<sign>[-/.])(?P<two>[0-9]{1,2})(?P=sign)(?P<year>[0-9]{4})" + _TIME)
_NAMED: Final = re.compile(r"(?P<day>[0-9]{1,2})[-/ .]+(?P<name>[A-Za-z]{3,9})[-/ .,]+(?P<year>[0-9]{4})" + _TIME)
_NAME_FIRST: Final = re.compile(r"(?P<name>[A-Za-z]{3,9})\.?\s+(?P<day>[0-9]{1,2}),?\s+(?P<year>[0-9]{4})" + _TIME)
_OFFSET: Final = re.compile(r"(?<=:[0-9]{2})(?:[.,][0-9]+)?\s*(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)$")
_MONTHS: Final = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")


class DayOrder(StrEnum):
    """Which of two numbers before a year is the day."""

    DMY = "dmy"
    MDY = "mdy"


class DateReader:
    """Reads moments. `zone` is for those without an offset from UTC, None if nobody knows it; `order` for days such as 5/6/2026."""

    def __init__(self, zone: ZoneInfo | None, order: DayOrder | None = None) -> None:
        self._zone: Final = zone
        self._order: Final = order
        self.time_ns: Final = lru_cache(_CACHED)(self._time_ns)
        """Return the moment in ns, or where a store's time ends. Raise ValueError if it can be read in two ways, or in none."""

    def _time_ns(self, text: str) -> int:
        if _OFFSET.search(text):
            return _held(_with_offset(text))
        naive = self._naive(text)
        if naive.year == _EVER_YEAR:
            return FOR_EVER_NS
        if naive.year == _FIRST_YEAR:
            return -FOR_EVER_NS
        if self._zone is None:
            raise ValueError(f"{text} has no offset from UTC, and the stores are in several time zones: write {naive.isoformat()}+08:00, "
                             "or state --timezone")  # fmt: skip
        here = naive.replace(tzinfo=self._zone)
        if ":" in text:  # a day alone begins when it does
            _check_once(text, here)
        return _held(here)

    def _naive(self, text: str) -> datetime:
        for pattern in (_YEAR_FIRST, _YEAR_LAST, _CHINESE, _NAMED, _NAME_FIRST):
            if found := pattern.fullmatch(text):
                parts = found.groupdict()
                month, day = self._month_and_day(text, parts)
                return _made(text, int(parts["year"]), month, day, parts["time"], parts["half"])
        if text.replace(".", "").isdecimal():
            raise ValueError(f"{text} is a number: a spreadsheet's count of days, or seconds, nobody knows: write 2026-12-31")
        raise ValueError(f"{text!r} is no date that can be read in one way: write 2026-12-31, or 2026-12-31T10:00:00+08:00")

    def _month_and_day(self, text: str, parts: dict[str, str]) -> tuple[int, int]:
        if name := parts.get("name"):
            found = [n for n, month in enumerate(_MONTHS, 1) if month.startswith(name.lower())]
            if len(found) != 1:
                raise ValueError(f"{text!r}: {name} is no month: write 2026-12-31")
            return found[0], int(parts["day"])
        if "one" not in parts:
            return int(parts["month"]), int(parts["day"])
        # The day stands first wherever a point stands between them.
        one, two = int(parts["one"]), int(parts["two"])
        if self._order is DayOrder.DMY or (self._order is None and (one > 12 or one == two or parts["sign"] == ".")):
            return two, one
        if self._order is DayOrder.MDY or two > 12:
            return one, two
        year = parts["year"]
        raise ValueError(f"{text} may be {year}-{two:02}-{one:02} or {year}-{one:02}-{two:02}: write it so, or state --dates dmy or mdy")


def _held(time: datetime) -> int:
    """Return a moment as it is held: what is too old is the oldest that is not since ever, which is the year 1 alone."""
    held_ns = clamped(to_ns(time))
    return held_ns if held_ns > -FOR_EVER_NS or time.year == _FIRST_YEAR else -FOR_EVER_NS + 1


def _check_once(text: str, here: datetime) -> None:
    """Raise ValueError for a time that the clocks of a zone show twice, or never, since they are put back or forward."""
    if here.utcoffset() == here.replace(fold=1).utcoffset():
        return
    exists = here.astimezone(UTC).astimezone(here.tzinfo).replace(tzinfo=None) == here.replace(tzinfo=None)
    shown = "twice: the clocks are put back" if exists else "never: the clocks are put forward"
    raise ValueError(f"{text} is shown {shown} in {here.tzinfo} then: write it with its offset from UTC, {here.isoformat()}")


def _with_offset(text: str) -> datetime:
    try:
        return moment(text)
    except ValueError:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is no moment of ISO 8601, such as 2026-12-31T10:00:00+08:00") from None


def _made(text: str, year: int, month: int, day: int, time: str | None, half: str | None) -> datetime:
    hour, minute, second = (*(time or "0:0").replace(",", ".").split(":"), "0")[:3]
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError(f"{text!r}: there is no hour {hours} {half}")
        hours = hours % 12 + (12 if half[0] in "pP" else 0)
    try:
        seconds = timedelta(seconds=float(second))
        if hours > 24 or (hours == 24 and (int(minute) or float(second))) or int(minute) > 59 or float(second) >= 61:
            raise ValueError("no time of a day")
        return datetime(year, month, day, tzinfo=UTC).replace(tzinfo=None) + timedelta(hours=hours, minutes=int(minute)) + seconds
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text} is no date that there is ({error}): write 2026-12-31, and nothing where it is open") from None
