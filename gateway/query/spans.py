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


def start(text: str, zone: ZoneInfo, now_ns: int) -> int:
    """Return the moment that `text` names, in ns: a date or day is its local midnight.

    `2026-11-21`, `2026-11-21T10:30` (local), `…+08:00`, `…Z`, `now`, `today`, `yesterday`, `-7d` and `-2w` (midnight so many days or weeks
    ago), `-12h`, `-90m`. ConfigError for anything else.
    """
    day = _day(text, zone, now_ns)
    return midnight(day, zone) if day is not None else _moment(text, zone, now_ns)


def end(text: str, zone: ZoneInfo, now_ns: int) -> int:
    """Return the end, as `start` does; a date or a named day is meant whole, up to the next midnight."""
    day = _day(text, zone, now_ns)
    if day is None or text.startswith("-"):
        return start(text, zone, now_ns)
    return midnight(day + timedelta(days=1), zone)


def midnight(day: date, zone: ZoneInfo) -> int:
    """Return the first moment of a local day, in ns."""
    return to_ns(datetime.combine(day, time(), zone))


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
    for begin, stop in _steady(from_ns, to_ns, zone):
        yield begin
        offset = _offset_ns(begin, zone)
        first = -(-(begin + offset) // interval_ns) * interval_ns - offset
        yield from range(first, stop, interval_ns)


def _steady(from_ns: int, to_ns: int, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """The parts of the span in which the zone's offset does not change."""
    begin = at = from_ns
    while at < to_ns:
        step = min(at + NS_PER_DAY, to_ns)
        if _offset_ns(at, zone) != _offset_ns(step, zone):
            step = _change(at, step, zone)
            yield begin, step
            begin = step
        at = step
    if begin < to_ns:
        yield begin, to_ns


def _change(before_ns: int, after_ns: int, zone: ZoneInfo) -> int:
    """The first second with another offset than `before_ns` has: clocks change on whole seconds."""
    low, high = before_ns // 10**9, -(-after_ns // 10**9)
    offset = _offset_ns(before_ns, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset_ns(middle * 10**9, zone) == offset else (low, middle)
    return high * 10**9


def _offset_ns(time_ns: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(time_ns // 10**9, zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds()) * 10**9


def _day(text: str, zone: ZoneInfo, now_ns: int) -> date | None:
    """The day that `text` names, or None if it names a moment."""
    today = local(now_ns, zone).date()
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
