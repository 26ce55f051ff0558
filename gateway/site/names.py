"""What stores, agents, zones and doors are called and were called, and when an agent was in which store. Pure.

A renamed thing has each of its names for a span of time. What is stored bears the name of its own time, whatever it came under: so what
is sent again changes nothing, and what was heard before a renaming stands beside what was stored then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as day_time
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from footfall.units import NS_PER_S

FIRST_NS: Final = -(1 << 63)
LAST_NS: Final = (1 << 63) - 1
When = datetime | date
"""A date is a whole day, a time without offset the store's: both in its time zone."""


class Span(NamedTuple):
    """From `begin_ns` to before `end_ns`."""

    begin_ns: int = FIRST_NS
    end_ns: int = LAST_NS

    def meets(self, earliest_ns: int, latest_ns: int) -> bool:
        """Return whether any moment from the earliest to the latest lies in it."""
        return self.begin_ns <= latest_ns and earliest_ns < self.end_ns


ALWAYS: Final = Span()


@dataclass(frozen=True, slots=True)
class Names:
    """`earlier` holds (until_ns, name), oldest first."""

    now: str
    earlier: tuple[tuple[int, str], ...] = ()

    def at(self, time_ns: int) -> str:
        """Return what it was called then."""
        return next((name for until_ns, name in self.earlier if time_ns < until_ns), self.now)

    @property
    def first(self) -> str:
        """Return what it was called first: the same before and after any renaming."""
        return self.earlier[0][1] if self.earlier else self.now

    @property
    def before(self) -> tuple[str, ...]:
        """Return the names that it has no more, latest first."""
        return tuple(name for _, name in reversed(self.earlier) if name != self.now)

    @property
    def all(self) -> tuple[str, ...]:
        return (self.now, *self.before)


def begin_ns(when: When | None, zone: ZoneInfo) -> int:
    """Return when it begins, ns; of a date its midnight. None: always."""
    return FIRST_NS if when is None else _ns(when, zone, days=0)


def end_ns(when: When | None, zone: ZoneInfo) -> int:
    """Return when it ends, ns; of a date the next day's midnight. None: never."""
    return LAST_NS if when is None else _ns(when, zone, days=1)


def _ns(when: When, zone: ZoneInfo, days: int) -> int:
    """Of dates that only mean "always", such as 9999-12-31, the ends of what 64 bits can hold."""
    try:
        moment = when if isinstance(when, datetime) else datetime.combine(when, day_time()) + timedelta(days=days)
    except OverflowError:
        return LAST_NS
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    time_ns = int(aware.replace(microsecond=0).timestamp()) * NS_PER_S + aware.microsecond * 1000
    return min(max(time_ns, FIRST_NS), LAST_NS)


def names(now: str, aliases: Iterable[tuple[str, When]], zone: ZoneInfo) -> Names:
    """Return the names of what is called `now` and was called each alias until then."""
    return Names(now, tuple(sorted((end_ns(until, zone), name) for name, until in aliases)))


def parse_when(value: object) -> object:
    """Return a moment or a date of TOML or of its text, as the environment has it. Raise ValueError for anything else."""
    if isinstance(value, str):
        return date.fromisoformat(value) if len(value) == len("2026-11-20") else datetime.fromisoformat(value)
    if not isinstance(value, date):
        raise ValueError("must be a date or a date with a time, such as 2026-11-20 or 2026-11-20T10:00:00+01:00")
    return value


def first_twice(found: Iterable[str]) -> str | None:
    """Return a name that is there more than once."""
    seen: set[str] = set()
    for name in found:
        if name in seen:
            return name
        seen.add(name)
    return None
