"""What the minutes of a store's day are together: how many are inside, how far the doors are off, and how many of the staff they counted.

Each follows from the counts of the day's minutes up to its own, in order. So a change of one minute settles those after it anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from gateway.fold.minute_counts import DRIFT, OCCUPANCY, STAFF_ENTRIES, TRAFFIC_COLUMN, Cells

LONGEST_DAY_MINUTES: Final = 26 * 60
OWED_MINUTES: Final = 15
"""So long after staff came in the doors may count them: a door counter that reports every quarter of an hour is in time."""
_IN, _OUT, _IN_STAFF = (TRAFFIC_COLUMN[name] for name in ("in", "out", "in_staff"))
_OWED, _UNTIL = TRAFFIC_COLUMN["staff_owed"], TRAFFIC_COLUMN["staff_owed_until"]


class StoreDays(Protocol):
    """What settling has to know of the days of stores, which are by code."""

    def day(self, store: int, minute: int) -> int:
        """Return a number for the store's day that a minute belongs to."""

    def settling_minutes(self, store: int, minute: int) -> tuple[int, ...]:
        """Return the minutes of that day, in order, at whose end nobody is inside: the store closes, or its day ends."""


class _Owed(NamedTuple):
    """Staff who came in, by their beacons, and whom the doors have yet to count."""

    people: float
    until: float
    """The last minute in which they are looked for."""
    seen: int
    """The last minute whose entries are among them."""


def settle(cells: Cells, store: int, minute: int, days: StoreDays) -> None:
    """Write what follows from the counts anew, from the minute before `minute` to the end of its day.

    Doors miscount, so the running sum of a day can fall below zero, and people are left in it when the store closes. Occupancy is never
    below zero, and 0 at the end of a settling minute. Drift is what that took: occupancy less the day's running sum of in - out, exactly.
    """
    today, settling = days.day(store, minute), days.settling_minutes(store, minute)
    begin = minute - 1 if days.day(store, minute - 1) == today else minute
    before = cells.before(store, begin)
    if before and days.day(store, before[0]) != today:
        before = None
    occupancy, drift = (before[1][OCCUPANCY], before[1][DRIFT]) if before else (0.0, 0.0)
    owed = _Owed(before[1][_OWED], before[1][_UNTIL], before[0] + 1) if before else _Owed(0.0, 0.0, 0)
    of_day = [each for each in cells.minutes(store, begin, minute + LONGEST_DAY_MINUTES) if days.day(store, each) == today]
    for place, each in enumerate(of_day):
        cell = cells.get(store, each)
        counted = occupancy + cell[_IN] - cell[_OUT]
        occupancy = 0.0 if each in settling else max(0.0, counted)
        drift += occupancy - counted
        after = cells.get(store, each + 1) if of_day[place + 1 : place + 2] == [each + 1] else None
        owed = _came(owed, each, cell, after)
        in_staff = max(0.0, min(owed.people, cell[_IN]))
        owed = owed._replace(people=owed.people - in_staff)
        settled = {OCCUPANCY: occupancy, DRIFT: drift, _IN_STAFF: in_staff, _OWED: owed.people, _UNTIL: owed.until}
        if any(cell[index] != value for index, value in settled.items()):
            cells.touch(store, each)
            for index, value in settled.items():
                cell[index] = value


def _came(owed: _Owed, minute: int, cell: Sequence[float], after: Sequence[float] | None) -> _Owed:
    """Return who is owed in a minute, before the doors counted any of them: a beacon may be heard a minute after the door was passed."""
    people, until = (owed.people, owed.until) if minute <= owed.until else (0.0, 0.0)
    for at, entries in ((minute, cell[STAFF_ENTRIES]), (minute + 1, after[STAFF_ENTRIES] if after else 0.0)):
        if at > owed.seen and entries:
            people, until = people + entries, float(at + OWED_MINUTES)
    return _Owed(people, until, minute + 1)
