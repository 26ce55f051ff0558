"""Marked days: holidays.toml, read once and checked. A holiday that moves is the same day of the same holiday in another year. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Holiday:
    """`dates` is one a year; the days from `first_day` to `last_day` after it count. `timezones` are those of stores that keep it."""

    id: str
    name: str
    first_day: int
    last_day: int
    timezones: tuple[str, ...]
    source: str
    dates: tuple[date, ...]

    def kept_in(self, zone: ZoneInfo) -> bool:
        """Return whether stores of a time zone keep it."""
        return any(zone.key == name or (name.endswith("/") and zone.key.startswith(name)) for name in self.timezones)

    def in_year(self, year: int) -> date | None:
        """Return its date in a year; None where the file has none."""
        return next((day for day in self.dates if day.year == year), None)


class MarkedDay(NamedTuple):
    """The day of a holiday `days` after its date of a year."""

    holiday: Holiday
    year: int
    days: int

    def years_before(self, years: int) -> date | None:
        """Return the same day of the same holiday, years earlier; None where the file does not reach so far."""
        day = self.holiday.in_year(self.year - years)
        return None if day is None else day + timedelta(days=self.days)


def load(text: str) -> tuple[Holiday, ...]:
    """Return the holidays of a file. Raise ValueError: which one is wrong, and how."""
    found = []
    for entry in tomllib.loads(text)["holiday"]:
        try:
            holiday = Holiday(**entry | {"timezones": tuple(entry["timezones"]), "dates": tuple(entry["dates"])})
        except (TypeError, KeyError) as error:
            raise ValueError(f"holiday {entry.get('id')!r}: {error}") from None
        if len({day.year for day in holiday.dates}) < len(holiday.dates) or holiday.last_day < holiday.first_day:
            raise ValueError(f"holiday {holiday.id!r}: it has one date a year, and its last day is not before its first")
        found.append(holiday)
    return tuple(found)


HOLIDAYS: Final = load(files("gateway.query").joinpath("holidays.toml").read_text("utf-8"))


@lru_cache(maxsize=4096)
def marked_day(day: date, zone: ZoneInfo) -> MarkedDay | None:
    """Return the holiday on which a day falls where stores of this time zone are; the first of the file, if there are several."""
    return next(_marks(day, (holiday for holiday in HOLIDAYS if holiday.kept_in(zone))), None)


def _marks(day: date, holidays: Iterable[Holiday]) -> Iterator[MarkedDay]:
    for holiday in holidays:
        for anchor in holiday.dates:
            days = (day - anchor).days
            if holiday.first_day <= days <= holiday.last_day:
                yield MarkedDay(holiday, anchor.year, days)
