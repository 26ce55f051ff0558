"""Opening hours as `site.toml` has them, and as one text for the table of stores. Pure.

    by_weekday({"mon-sat": "10:00-20:00", "sun": "closed"}) -> {"mon": "10:00-20:00", …, "sun": "closed"}
    hours_text(opens, closes, days) -> "10:00-20:00", "mon 10:00-20:00; …; sun closed", or "" where no hours are stated

An end at or before the begin is on the next day, so that "18:00-02:00" goes past midnight; "00:00-24:00" is all day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Final

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED: Final = "closed"
OPENS: Final = time(0)
CLOSES: Final = time(23, 59)
"""What a store has that states neither: its last minute is open, too."""
MINUTES_A_DAY: Final = 24 * 60
_SPAN: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d-(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)")
_LIKE: Final = 'such as hours = { mon-sat = "10:00-20:00", sun = "closed" }'


def by_weekday(value: object) -> object:
    """Return the hours of each weekday that the keys (`mon`, `mon-fri`) name. Raise ValueError for what no day or no hours can be."""
    if not isinstance(value, Mapping):
        raise ValueError(f"must be a table of weekdays, {_LIKE}")
    found: dict[str, str] = {}
    for key, hours in value.items():
        if not isinstance(hours, str) or not (hours == CLOSED or _SPAN.fullmatch(hours)):
            raise ValueError(f'{key} has {hours!r}: write hours as "10:00-20:00" (until 24:00 at most), or "closed", {_LIKE}')
        for day in _days(str(key)):
            if day in found:
                raise ValueError(f"{day} is named twice: name each weekday once, {_LIKE}")
            found[day] = hours
    return {day: found[day] for day in WEEKDAYS if day in found}


def _days(key: str) -> tuple[str, ...]:
    first, dash, last = key.partition("-")
    if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
        raise ValueError(f"{key!r} is no weekday: write {', '.join(WEEKDAYS)}, or two of them as mon-fri")
    begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    if end < begin:
        raise ValueError(f"{key!r} ends before it begins: the week begins with mon; write two entries")
    return WEEKDAYS[begin : end + 1]


def is_stated(opens: time, closes: time) -> bool:
    """Return whether a store states hours that hold on every day."""
    return (opens, closes) != (OPENS, CLOSES)


def missing_days(days: Mapping[str, str]) -> list[str]:
    """Return the weekdays of which nothing is stated."""
    return [day for day in WEEKDAYS if day not in days]


def hours_text(opens: time, closes: time, days: Mapping[str, str]) -> str:
    """Return all hours as one text; "" where none are stated. Weekdays that `days` leaves out have `opens` to `closes`."""
    daily = _daily(opens, closes) if is_stated(opens, closes) else ""
    return "; ".join(f"{day} {days.get(day, daily)}" for day in WEEKDAYS) if days else daily


def week_minutes(opens: time, closes: time, days: Mapping[str, str]) -> tuple[tuple[int, int] | None, ...]:
    """Return begin and end of each weekday's hours, as `minutes_of` does; None where closed. All day where none are stated."""
    daily = _daily(opens, closes)
    return tuple(minutes_of(days.get(day, daily)) for day in WEEKDAYS)


def minutes_of(hours: str) -> tuple[int, int] | None:
    """Return begin and end of hours such as "18:00-02:00", in minutes since the day's midnight; an end after 1440 is on the next day.

    None for `closed`, and for what is no hours.
    """
    if not _SPAN.fullmatch(hours):
        return None
    begin, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in hours.split("-"))
    return begin, end if end > begin else end + MINUTES_A_DAY


def _daily(opens: time, closes: time) -> str:
    return f"{opens:%H:%M}-{'24:00' if closes == CLOSES else format(closes, '%H:%M')}"
