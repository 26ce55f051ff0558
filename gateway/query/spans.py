"""Spans of time as analysts write them, cut into intervals in a store's own time zone. Nothing here reads a clock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from footfall.errors import ConfigError
from footfall.events import to_ns
from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from gateway.query.wall import steady_spans

MAX_INTERVALS: Final = 200_000

INTERVALS: Final = {
    "1m": NS_PER_MINUTE, "5m": 5 * NS_PER_MINUTE, "15m": 15 * NS_PER_MINUTE, "30m": 30 * NS_PER_MINUTE,
    "1h": NS_PER_HOUR, "1d": NS_PER_DAY, "1w": 7 * NS_PER_DAY,
}  # fmt: skip
"""Days run from midnight to midnight and weeks from Monday, local time, so that a day of changing clocks has 23 or 25 hours."""

_AGO: Final = re.compile(r"-(\d{1,5})([mhdw])")
_WORDS: Final = {"today": 0, "yesterday": -1, "tomorrow": 1}


def time_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(f"{name!r} is no IANA time zone, such as Asia/Shanghai or UTC") from None


_MIDNIGHT: Final = time()


def start(text: str, zone: ZoneInfo, now_ns: int, day_start: time = _MIDNIGHT) -> int:
    """Return the moment that `text` names, in ns: a date or day is its begin, at `day_start` local time.

    `2026-11-21`, `2026-11-21T10:30` (local), `…+08:00`, `…Z`, `now`, `today`, `yesterday`, `-7d` and `-2w` (the day so many days or weeks
    ago), `-12h`, `-90m`. Raise ConfigError for anything else.
    """
    day = _day(text, zone, now_ns, day_start)
    return day_begin_ns(day, zone, day_start) if day is not None else _moment(text, zone, now_ns)


def end(text: str, zone: ZoneInfo, now_ns: int, day_start: time = _MIDNIGHT) -> int:
    """Return the end, as `start` does; a date or a named day is meant whole, up to the begin of the next one."""
    day = _day(text, zone, now_ns, day_start)
    if day is None or text.startswith("-"):
        return start(text, zone, now_ns, day_start)
    return day_begin_ns(day + timedelta(days=1), zone, day_start)


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
    return (datetime.fromtimestamp(time_ns // 10**9, UTC) + timedelta(microseconds=time_ns % 10**9 // 1000)).astimezone(zone)


def iso(time_ns: int, zone: ZoneInfo, timespec: str = "minutes") -> str:
    """Return text such as `2026-10-25T02:00+02:00`: with its offset a local time means one moment only."""
    return local(time_ns, zone).isoformat(timespec=timespec)


def edges(from_ns: int, to_ns: int, interval_ns: int | None, zone: ZoneInfo) -> npt.NDArray[np.int64]:
    """Return where the intervals of [from_ns, to_ns) begin, in ns, rising, and at last `to_ns`.

    Intervals are aligned to the local clock; the first and the last may be cut short by the span. None is one interval.
    """
    if to_ns <= from_ns:
        raise ConfigError(
            f"the span is empty or ends before it begins: from {iso(from_ns, zone)} to {iso(to_ns, zone)} (a day given as --to is included)"
        )
    if interval_ns is None:
        inner: Iterator[int] = iter(())
    elif (to_ns - from_ns) // interval_ns > MAX_INTERVALS:
        raise ConfigError(f"more than {MAX_INTERVALS:,} intervals: ask for a shorter span or a longer interval")
    elif interval_ns >= NS_PER_DAY:
        inner = _days(from_ns, to_ns, interval_ns // NS_PER_DAY, zone)
    else:
        inner = _clock(from_ns, to_ns, interval_ns, zone)
    return np.array([from_ns, *sorted({edge for edge in inner if from_ns < edge < to_ns}), to_ns], np.int64)


def _days(from_ns: int, to_ns: int, days: int, zone: ZoneInfo) -> Iterator[int]:
    day = local(from_ns, zone).date()
    if days == 7:
        day -= timedelta(days=day.weekday())
    while (edge := midnight(day, zone)) < to_ns:
        yield edge
        day += timedelta(days=days)


def _clock(from_ns: int, to_ns: int, interval_ns: int, zone: ZoneInfo) -> Iterator[int]:
    """Every local wall time that is a multiple of the interval, and every change of the clock."""
    for span in steady_spans(zone, from_ns, to_ns):
        yield span.begin_ns
        first = -(-(span.begin_ns + span.offset_ns) // interval_ns) * interval_ns - span.offset_ns
        yield from range(first, span.end_ns, interval_ns)


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
