"""Local time as people have it: wall time and labels of one store's moments, one by one. Times are ms since 1970, UTC."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from simulators.chain.chain import MS_PER_MINUTE, MS_PER_S

MIDNIGHT: Final = time(0)


def wall(time_ms: int, zone: ZoneInfo) -> datetime:
    """Return what the zone's clocks show."""
    return datetime.fromtimestamp(time_ms // MS_PER_MINUTE * MS_PER_MINUTE // MS_PER_S, zone)


def begin_ms(day: date, starts: time, zone: ZoneInfo) -> int:
    """Return when a local day begins."""
    return round(datetime.combine(day, starts, zone).timestamp()) * MS_PER_S


def day_of(moment: datetime, starts: time) -> date:
    """Return the day that a wall time belongs to, where days begin at `starts`."""
    return moment.date() if moment.time() >= starts else moment.date() - timedelta(days=1)


def _by_clock(minutes: int) -> Callable[[datetime, time], str]:
    def label(moment: datetime, starts: time) -> str:
        into = (moment.hour * 60 + moment.minute) % minutes
        begin = moment.replace(second=0, fold=0) - timedelta(minutes=into)
        return begin.strftime("%Y-%m-%dT%H:%M") + _offset_if_twice(moment)

    return label


def _offset_if_twice(moment: datetime) -> str:
    """Return the offset where clocks show this wall time twice."""
    other = moment.replace(fold=1 - moment.fold)
    if other.utcoffset() == moment.utcoffset() or not _exists(moment):
        return ""
    text = moment.strftime("%z")
    return f"{text[:3]}:{text[3:5]}"


def _exists(moment: datetime) -> bool:
    zone = moment.tzinfo
    return datetime.fromtimestamp(moment.timestamp(), zone).replace(fold=0) == moment.replace(fold=0)


def _by_day(first: Callable[[date], date]) -> Callable[[datetime, time], str]:
    return lambda moment, starts: first(day_of(moment, starts)).isoformat()


LABELS: Final[Mapping[str, Callable[[datetime, time], str]]] = {
    "15m": _by_clock(15),
    "30m": _by_clock(30),
    "1h": _by_clock(60),
    "1d": _by_day(lambda day: day),
    "1w": _by_day(lambda day: day - timedelta(days=day.weekday())),
    "month": _by_day(lambda day: day.replace(day=1)),
    "quarter": _by_day(lambda day: day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)),
    "year": _by_day(lambda day: day.replace(month=1, day=1)),
}
"""By interval: the label of a moment, given the wall time of its minute and when days begin."""
