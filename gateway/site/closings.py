"""When a store closes, by its hours, the days on which it is closed, and its validity. Pure.

settling_minutes(OpenDates(recorded_store), zone, *day_span) -> (29664720, 29665079)
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from gateway.site.hours import week_minutes
from gateway.site.recorded import RecordedStore
from gateway.site.versions import hours_by_version

_AROUND: Final = (-1, 0, 1, 2)
"""Hours of these dates, counted from that of a store's day, can end in the day or go on beyond an end in it."""


class OpenDates:
    """A store's opening hours, date by date."""

    def __init__(self, store: RecordedStore) -> None:
        self._from: Final = store.valid_from or date.min
        self._closed: Final = frozenset(store.closed)
        self._weeks: Final = [(until, week_minutes(of.opens, of.closes, of.hours)) for until, of in hours_by_version(store)]

    def closing_times(self, day: date) -> list[datetime]:
        """Return when it closes about that date, as local wall times, from the evening before to the next one.

        Hours that others follow without a break do not end.
        """
        spans = [span for days in _AROUND if (span := self.span(day + timedelta(days)))]
        return [end for _, end in spans if not any(begin <= end < its_end for begin, its_end in spans)]

    def span(self, day: date) -> tuple[datetime, datetime] | None:
        """Return when it opens and closes on a date, as local wall times; None if it does not."""
        week = next((week for until, week in self._weeks if day <= until), None)
        if week is None or day < self._from or day in self._closed or (hours := week[day.weekday()]) is None:
            return None
        midnight = datetime.combine(day, datetime.min.time())
        return midnight + timedelta(minutes=hours[0]), midnight + timedelta(minutes=hours[1])


def settling_minutes(dates: OpenDates | None, zone: ZoneInfo, day: int, begin_s: int, end_s: int) -> tuple[int, ...]:
    """Return the minutes (since 1970, UTC) of a store's day at whose end nobody is inside: those that begin when it closes, and the last.

    `day` is the ordinal of its date; it lasts from `begin_s` to before `end_s`. Without `dates` only the last minute counts.
    """
    times = dates.closing_times(date.fromordinal(day)) if dates else []
    closing = {int(moment.replace(tzinfo=zone).timestamp()) // 60 for moment in times}
    last = (end_s - 1) // 60
    return tuple(sorted({last, *(minute for minute in closing if begin_s // 60 < minute < last)}))
