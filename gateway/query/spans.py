"""Moments, days and spans of time as analysts write them, in a store's own time zone. Nothing here reads a clock."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from footfall import time_zones
from footfall.errors import ConfigError
from footfall.moments import to_ns
from footfall.units import NS_PER_HOUR, NS_PER_MINUTE

FIRST_DAY: Final = date(1970, 1, 1)
LAST_DAY: Final = date(2116, 2, 19)
"""The last whole day that every database can hold: 2^62 ns after 1970."""

_AGO: Final = re.compile(r"-(\d{1,5})([mhdw])")
_WORDS: Final = {"today": 0, "yesterday": -1, "tomorrow": 1}


def time_zone(name: str) -> ZoneInfo:
    """Return a time zone. Raise ConfigError for a text that names none."""
    try:
        return time_zones.time_zone(name)
    except ValueError as error:
        raise ConfigError(str(error)) from None


_MIDNIGHT: Final = time()
_FAR_NS: Final = 1 << 63


def start(text: str, zone: ZoneInfo, now_ns: int, day_start: time = _MIDNIGHT) -> int:
    """Return the moment that `text` names, in ns: a date or day is its begin, at `day_start` local time.

    `2026-11-21`, `2026-11-21T10:30` (local), `…+08:00`, `…Z`, `now`, `today`, `yesterday`, `-7d` and `-2w` (the day so many days or weeks
    ago), `-12h`, `-90m`. Raise ConfigError for anything else, and for days before FIRST_DAY or after LAST_DAY.
    """
    day = _day(text, zone, now_ns, day_start)
    time_ns = day_begin_ns(day, zone, day_start) if day is not None else _moment(text, zone, now_ns)
    _check_range(text, day or local(min(max(time_ns, -_FAR_NS), _FAR_NS), zone).date())
    return time_ns


def end(text: str, zone: ZoneInfo, now_ns: int, day_start: time = _MIDNIGHT) -> int:
    """Return the end, as `start` does; a date or a named day is meant whole, up to the begin of the next one."""
    day = _day(text, zone, now_ns, day_start)
    if day is None or text.startswith("-"):
        return start(text, zone, now_ns, day_start)
    _check_range(text, day)
    return day_begin_ns(day + timedelta(days=1), zone, day_start)


def _check_range(text: str, day: date) -> None:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ConfigError(f"{text!r} is out of range: write a day from {FIRST_DAY} to {LAST_DAY}")


def day_begin_ns(day: date, zone: ZoneInfo, day_start: time) -> int:
    """Return when a day begins that starts at `day_start` local time, in ns; the first time that clocks show it, or when they skip it."""
    return to_ns(datetime.combine(day, day_start, zone))


def midnight(day: date, zone: ZoneInfo) -> int:
    """Return the first moment of a local day, in ns."""
    return day_begin_ns(day, zone, _MIDNIGHT)


def day_of(time_ns: int, zone: ZoneInfo, day_start: time) -> date:
    """Return the day to which a moment belongs, where days begin at `day_start` local time."""
    guess = local(time_ns, zone).date()
    return max(day for day in (guess + timedelta(days=n) for n in (-1, 0, 1)) if day_begin_ns(day, zone, day_start) <= time_ns)


def local(time_ns: int, zone: ZoneInfo) -> datetime:
    """Return the moment in local time, cut to the microsecond."""
    second, fraction_us = datetime.fromtimestamp(time_ns // 10**9, zone), time_ns % 10**9 // 1000
    return second.replace(microsecond=fraction_us) if fraction_us else second


def iso(time_ns: int, zone: ZoneInfo, timespec: str = "minutes") -> str:
    """Return text such as `2026-10-25T02:00+02:00`: with its offset a local time means one moment only."""
    return local(time_ns, zone).isoformat(timespec=timespec)


def _day(text: str, zone: ZoneInfo, now_ns: int, day_start: time) -> date | None:
    """The day that `text` names, or None if it names a moment."""
    today = day_of(now_ns, zone, day_start)
    if text in _WORDS:
        return today + timedelta(days=_WORDS[text])
    if (ago := _AGO.fullmatch(text)) and ago[2] in "dw":
        return today - timedelta(days=int(ago[1]) * (7 if ago[2] == "w" else 1))
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _moment(text: str, zone: ZoneInfo, now_ns: int) -> int:
    if text == "now":
        return now_ns
    if ago := _AGO.fullmatch(text):
        return now_ns - int(ago[1]) * (NS_PER_HOUR if ago[2] == "h" else NS_PER_MINUTE)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{text!r} is no time: write 2026-11-21, 2026-11-21T10:30, 2026-11-21T10:30+08:00, now, today, yesterday, -7d or -12h"
        ) from None
    return to_ns(moment if moment.tzinfo else moment.replace(tzinfo=zone))
