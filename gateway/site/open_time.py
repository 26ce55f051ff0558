"""For how long a store was open within a span, by its hours. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from footfall.units import NS_PER_S
from gateway.site.closings import OpenDates

MOST_DAYS: Final = 60
"""Of a longer span only its last days are looked at."""


def open_ns(dates: OpenDates, zone: ZoneInfo, from_ns: int, to_ns: int) -> int:
    """Return the opening hours between two times, ns; hours after midnight belong to the evening before."""
    last = datetime.fromtimestamp(to_ns / NS_PER_S, UTC).astimezone(zone).date()
    first = datetime.fromtimestamp(from_ns / NS_PER_S, UTC).astimezone(zone).date() - timedelta(1)
    open_s, reached_s = 0.0, from_ns / NS_PER_S
    for days in range(min((last - first).days, MOST_DAYS), -1, -1):
        span = dates.span(last - timedelta(days))
        if span is None:
            continue
        begin_s, end_s = (moment.replace(tzinfo=zone).timestamp() for moment in span)
        begin_s, end_s = max(begin_s, reached_s), min(end_s, to_ns / NS_PER_S)
        if end_s > begin_s:
            open_s, reached_s = open_s + end_s - begin_s, end_s
    return round(open_s * NS_PER_S)
