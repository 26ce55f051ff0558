"""Which minutes a store is open, as masks of 60 bits an hour. Pure.

A minute is open by what the store's clocks show in it: in the hour that clocks repeat, each minute counts twice. What holds on a day holds
for its hours past midnight too: an evening ends as it began, whatever the store is from the next day on.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from gateway.query.estate import StoreFacts
from gateway.query.open_hours import OpenHours, minute_tables
from gateway.query.spans import local
from gateway.query.wall import NsColumn, wall_ns
from gateway.site.hours import MINUTES_A_DAY
from gateway.site.names import FIRST_NS, LAST_NS, Span

MinuteMasks = npt.NDArray[np.int64]
"""A mask an hour: bit i is minute i of that UTC hour."""

BITS: Final = np.left_shift(np.int64(1), np.arange(60, dtype=np.int64))
WHOLE_HOUR: Final = int(BITS.sum())
_FAR_NS: Final = 1 << 62
_FIRST_WEEKDAY: Final = 3
"""1970 began on a Thursday."""
_FIRST_DAY: Final = date(1970, 1, 1).toordinal()


def hours_of(from_ns: int, to_ns: int) -> NsColumn:
    """Return the UTC hours that [from_ns, to_ns) touches, as the times at which they begin."""
    return np.arange(from_ns // NS_PER_HOUR * NS_PER_HOUR, to_ns, NS_PER_HOUR, dtype=np.int64)


class _Calendar(NamedTuple):
    """What decides when a store is open: equal for many stores of a chain."""

    timezone: ZoneInfo
    hours: tuple[tuple[Span, OpenHours], ...]
    valid: Span
    closed: frozenset[date]

    def is_kept(self, span: Span, day: NsColumn) -> npt.NDArray[np.bool_]:
        """Return whether the store keeps the hours of `span` on each day, counted from the first day of 1970."""
        first, after = (self._day(max(span.begin_ns, self.valid.begin_ns)), self._day(min(span.end_ns, self.valid.end_ns)))
        return (day >= first) & (day < after) & ~np.isin(day, self._closed)

    def _day(self, time_ns: int) -> int:
        """The day of a midnight at which a span begins or ends, by the store's clock."""
        if time_ns in (FIRST_NS, LAST_NS):
            return time_ns
        return local(time_ns, self.timezone).date().toordinal() - _FIRST_DAY

    @property
    def _closed(self) -> NsColumn:
        return np.array([day.toordinal() - _FIRST_DAY for day in self.closed], np.int64)


def span_masks(hours_ns: NsColumn, from_ns: int, to_ns: int) -> MinuteMasks:
    """Return a mask of the minutes of each UTC hour that lie wholly in [from_ns, to_ns)."""
    # The ends of all time are cut, so that no difference overflows.
    first, last = (int(np.clip(time_ns, -_FAR_NS, _FAR_NS)) for time_ns in (from_ns, to_ns))
    begin = np.clip(-((hours_ns - first) // NS_PER_MINUTE), 0, 60)
    end = np.clip((last - hours_ns) // NS_PER_MINUTE, 0, 60)
    masks: MinuteMasks = (np.left_shift(1, end) - 1) & ~(np.left_shift(1, begin) - 1)
    return masks


def open_masks(facts: StoreFacts, hours_ns: NsColumn) -> MinuteMasks:
    """Return a mask of the open minutes of each UTC hour: by hours, closed days and validity of the day on which they began.

    It cannot be written to: stores with the same hours share it.
    """
    return _open_masks(_calendar(facts), hours_ns.tobytes())


def is_open(facts: StoreFacts, minutes_ns: NsColumn) -> npt.NDArray[np.bool_]:
    """Return for each minute, by its begin, whether the store is open in it."""
    return _is_open(_calendar(facts), minutes_ns)


def _calendar(facts: StoreFacts) -> _Calendar:
    return _Calendar(facts.timezone, tuple((version.span, version.hours) for version in facts.versions), facts.valid, facts.closed)


@lru_cache(maxsize=1024)
def _open_masks(calendar: _Calendar, hours_ns: bytes) -> MinuteMasks:
    hours = np.frombuffer(hours_ns, np.int64)
    first, last = wall_ns(calendar.timezone, hours), wall_ns(calendar.timezone, hours + 59 * NS_PER_MINUTE)
    masks = _masks_of_wall_hours(calendar, first)
    odd = np.flatnonzero((first % NS_PER_HOUR != 0) | (last - first != 59 * NS_PER_MINUTE))
    if len(odd):
        minutes_ns = hours[odd, None] + np.arange(60, dtype=np.int64) * NS_PER_MINUTE
        masks[odd] = _is_open(calendar, minutes_ns.ravel()).reshape(-1, 60).astype(np.int64) @ BITS
    masks.setflags(write=False)
    return masks


def _masks_of_wall_hours(calendar: _Calendar, first_ns: NsColumn) -> MinuteMasks:
    """The masks of hours that are whole hours of wall time, beginning at `first_ns`; of other hours anything."""
    day, hour = first_ns // NS_PER_DAY, first_ns % NS_PER_DAY // NS_PER_HOUR
    weekday = (day + _FIRST_WEEKDAY) % 7
    found = np.zeros(len(first_ns), np.int64)
    for span, hours in calendar.hours:
        own, since_yesterday = (table.reshape(7, 24, 60).astype(np.int64) @ BITS for table in minute_tables(hours))
        found |= np.where(calendar.is_kept(span, day), own[weekday, hour], 0)
        found |= np.where(calendar.is_kept(span, day - 1), since_yesterday[weekday, hour], 0)
    return found


def _is_open(calendar: _Calendar, minutes_ns: NsColumn) -> npt.NDArray[np.bool_]:
    day, minute = np.divmod(wall_ns(calendar.timezone, minutes_ns) // NS_PER_MINUTE, MINUTES_A_DAY)
    weekday = (day + _FIRST_WEEKDAY) % 7
    found = np.zeros(len(minutes_ns), np.bool_)
    for span, hours in calendar.hours:
        own, since_yesterday = minute_tables(hours)
        found |= own[weekday, minute] & calendar.is_kept(span, day) | since_yesterday[weekday, minute] & calendar.is_kept(span, day - 1)
    return found
