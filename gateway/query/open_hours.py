"""Opening hours out of the text in which the databases have them. Pure.

"10:00-20:00", "mon 10:00-20:00; tue 10:00-20:00; …; sun closed", or "" where no hours are stated. An end at or before the begin is on the
next day; "00:00-24:00" is all day.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gateway.site.hours import CLOSED, MINUTES_A_DAY, WEEKDAYS, minutes_of

MinuteTable = npt.NDArray[np.bool_]
"""(7, 1440): a weekday, a minute of local wall time since midnight."""


@dataclass(frozen=True, slots=True)
class OpenHours:
    """`week` has begin and end of each weekday, in minutes since its midnight; an end after 1440 is on the next day, None is closed."""

    is_stated: bool
    week: tuple[tuple[int, int] | None, ...]


ALL_DAY: Final = (0, MINUTES_A_DAY)
NOT_STATED: Final = OpenHours(False, (ALL_DAY,) * 7)
"""A store without hours counts as open all day."""


@lru_cache(maxsize=4096)
def open_hours(text: str) -> OpenHours:
    """Return the hours that a text states. What is no hours counts as not stated: answers must not fail for one row of a database."""
    if daily := minutes_of(text):
        return OpenHours(True, (daily,) * 7)
    days = dict(entry.strip().split(" ", 1) for entry in text.split(";") if " " in entry.strip())
    spans = tuple(minutes_of(days.get(day, "")) for day in WEEKDAYS)
    if not all(span or days.get(day) == CLOSED for day, span in zip(WEEKDAYS, spans, strict=True)):
        return NOT_STATED
    return OpenHours(True, spans)


@lru_cache(maxsize=4096)
def minute_tables(hours: OpenHours) -> tuple[MinuteTable, MinuteTable]:
    """Return the minutes open by the hours of their own weekday, and those open since the evening before."""
    own, since_yesterday = np.zeros((7, MINUTES_A_DAY), np.bool_), np.zeros((7, MINUTES_A_DAY), np.bool_)
    for weekday, span in enumerate(hours.week):
        if span:
            own[weekday, span[0] : span[1]] = True
            since_yesterday[(weekday + 1) % 7, : max(span[1] - MINUTES_A_DAY, 0)] = True
    return own, since_yesterday
