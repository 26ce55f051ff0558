"""Days that another gateway made, whose state is lost: what the database has of them, and what of that this journal has not.

Agents send again what they keep, 72 h after a receipt; plain events are sent once. So a day can be whole here, or have less than the
database: then somebody has to decide whether fewer rows that follow from one site.toml are better than what there is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, NamedTuple

from footfall.units import NS_PER_HOUR, NS_PER_MINUTE
from footfall.wording import counted
from gateway.fold.rebuilt import RebuiltPart, StoredPoint
from gateway.sinks.reader import PointReader
from gateway.sinks.table import PointTable

_DERIVED: Final[Mapping[str, tuple[str, ...]]] = {
    "visit": ("agent", "subject"), "dwell": ("agent", "zone", "subject"), "coverage": ("agent", "minutes"), "zone_traffic": ("zone",),
    "traffic": ("in", "out"),
}  # fmt: skip
"""By measurement, which columns are read: those that name a point beside its time and store, and what days are compared by."""

Observed = Mapping[str, Mapping[int, int]]
"""By agent and hour since 1970, how many minutes were observed wholly."""
Doors = Mapping[int, tuple[int, int]]
"""By minute since 1970, how many came in and went out."""


class Touch(NamedTuple):
    """How the database names a touch."""

    agent: str
    time_ns: int


class Known(NamedTuple):
    """What the database, or this journal, has of a day."""

    observed: Observed
    touches: Collection[Touch]
    doors: Doors


class StoredDay(NamedTuple):
    """What the database has of a day: `points` names all that is derived."""

    points: tuple[StoredPoint, ...]
    known: Known


@dataclass(frozen=True, slots=True)
class Takeover:
    """Days that are to be this gateway's: from a time on all of them; `is_all`: nothing of before is in this journal."""

    ours_from_ns: int
    is_all: bool
    stored: Mapping[date, StoredDay]

    def of(self, part: RebuiltPart) -> RebuiltPart:
        """Return a part as it is journaled: with what the database has of the day, if another gateway made it."""
        day = self.stored.get(date.fromisoformat(part.day))
        return part if day is None else replace(part, ours_from_ns=self.ours_from_ns, is_all=self.is_all, stored=day.points)


def stored_day(reader: PointReader, store: str, from_ns: int, to_ns: int) -> StoredDay:
    """Return what the database has of a store's day. Raise what readers raise."""
    first_hour_ns = from_ns // NS_PER_HOUR * NS_PER_HOUR
    tables = {
        measurement: reader.rows(measurement, store, first_hour_ns if measurement == "coverage" else from_ns, to_ns, columns)
        for measurement, columns in _DERIVED.items()
    }
    touched = reader.rows("touch", store, from_ns, to_ns, ("agent",))
    known = Known(
        _observed(tables["coverage"]), set(map(Touch, touched.values("agent"), touched.time_ns.tolist())), _doors(tables["traffic"])
    )
    return StoredDay(tuple(point for table in tables.values() for point in _points(table)), known)


def _observed(coverage: PointTable) -> Observed:
    observed: dict[str, dict[int, int]] = {}
    for agent, time_ns, minutes in zip(coverage.values("agent"), coverage.time_ns.tolist(), coverage.values("minutes"), strict=True):
        observed.setdefault(agent, {})[time_ns // NS_PER_HOUR] = minutes
    return observed


def _doors(traffic: PointTable) -> Doors:
    counted = zip(traffic.time_ns.tolist(), traffic.values("in"), traffic.values("out"), strict=True)
    return {time_ns // NS_PER_MINUTE: (entered, left) for time_ns, entered, left in counted if entered or left}


def _points(table: PointTable) -> Iterator[StoredPoint]:
    n = len(table)
    columns = [table.values(name) if name in table.columns else [""] * n for name in StoredPoint._fields[2:]]
    yield from (StoredPoint(table.measurement, *row) for row in zip(table.time_ns.tolist(), *columns, strict=True))


def missing(day: date, stored: Known, here: Known) -> Iterator[str]:
    """Yield a line for each thing that the database has of a day, and this journal has not."""
    for agent, hours in sorted(stored.observed.items()):
        ours = here.observed.get(agent, {})
        if minutes := sum(max(0, of_hour - ours.get(hour, 0)) for hour, of_hour in hours.items()):
            yield f"{day}: {counted(minutes, 'minute')} that {agent} observed {'is' if minutes == 1 else 'are'} not in this journal"
    if touches := len(set(stored.touches) - set(here.touches)):
        there, without = counted(touches, "touch of the database is", "touches of the database are"), "it" if touches == 1 else "them"
        yield f"{day}: {there} not in this journal: visits and minutes would be without {without}"
    entered, left = (
        sum(max(0, each[way] - here.doors.get(minute, (0, 0))[way]) for minute, each in stored.doors.items()) for way in (0, 1)
    )
    if entered or left:
        yield f"{day}: {entered:,} people that came in, and {left:,} that went out, are not in this journal"
