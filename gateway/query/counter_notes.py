"""What the questions `doors` and `gaps` note about counters that do not count as usual."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import numpy as np

from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_S
from gateway.query.asked import MOST_STORES, AskedStore
from gateway.query.counter_checks import Counts, Jump, by_hour, jumps, silences
from gateway.query.estate import QueryEstate
from gateway.query.spans import iso
from gateway.sinks.cells import Aggregate
from gateway.sinks.reader import OnPage, PointReader

ASKED_BY: Final = frozenset({"doors", "gaps"})
LOOK_BACK_NS: Final = 28 * NS_PER_DAY
"""What is usual is learned from so long before the span."""
_COUNTED: Final = (Aggregate("in", "sum", "in"), Aggregate("out", "sum", "out"))
_BEGAN: Final = (Aggregate("visits_started", "sum", "visits_started"),)


class _Hours(NamedTuple):
    """Of one store: its doors, when the first hour begins, and counts by hour."""

    doors: list[str]
    begin_ns: int
    counts: Counts
    visits: Counts


def counter_notes(reader: PointReader, stores: Sequence[AskedStore], estate: QueryEstate, on_page: OnPage) -> list[str]:
    """Return a sentence for each door that counted nobody, or whose ratio jumped, in the span of a store; nothing of many stores."""
    if len(stores) > MOST_STORES:
        return []
    read = [(store, _read(reader, store, on_page)) for store in stores]
    return [note for store, hours in read for note in (*_of_store(store, hours), *_never(store, hours, estate))]


def _never(store: AskedStore, hours: _Hours, estate: QueryEstate) -> Iterator[str]:
    """Doors of site.toml without any count, in the span and for as long before as is looked at, while somebody was in the store."""
    elsewhere = int(hours.counts.sum()) or int(hours.visits.sum())
    seen = np.flatnonzero(hours.counts.sum(axis=0) + hours.visits)
    end_ns = hours.begin_ns + (int(seen[-1]) + 1 if len(seen) else 0) * NS_PER_HOUR
    for door, names in estate.doors.get(store.facts.name, {}).items():
        if elsewhere and not names & set(hours.doors):
            others = "went through its other doors" if hours.doors else "visits began"
            yield (
                f"door {door} of {store.facts.name} counted nobody from {wall_minute(hours.begin_ns, store)} to"
                f" {wall_minute(end_ns, store)}, while {elsewhere:,} {others}: look at its counter, or take it out of site.toml"
            )


def _read(reader: PointReader, store: AskedStore, on_page: OnPage) -> _Hours:
    begin_ns, end_ns = (store.from_ns - LOOK_BACK_NS) // NS_PER_HOUR * NS_PER_HOUR, store.to_ns
    doors = reader.cells("door", _COUNTED, begin_ns, end_ns, NS_PER_HOUR, ("door",), store.names, on_page)
    began = reader.cells("traffic", _BEGAN, begin_ns, end_ns, NS_PER_HOUR, ("store",), store.names, on_page)
    names = list(doors.keys["door"].names)
    hours = -(-(end_ns - begin_ns) // NS_PER_HOUR)
    at = (doors.time_ns - begin_ns) // NS_PER_HOUR
    counts = by_hour(at, doors.keys["door"].codes.astype(np.intp), doors.values["in"] + doors.values["out"], (len(names), hours))
    visits_at = (began.time_ns - begin_ns) // NS_PER_HOUR
    visits = by_hour(visits_at, np.zeros(len(began), np.intp), began.values["visits_started"], (1, hours))
    return _Hours(names, begin_ns, counts, visits[0])


def _of_store(store: AskedStore, hours: _Hours) -> Iterator[str]:
    for silence in silences(hours.counts, hours.visits):
        from_ns, to_ns = (hours.begin_ns + hour * NS_PER_HOUR for hour in (silence.first, silence.end))
        if to_ns > store.from_ns:
            others = "went through its other doors" if len(hours.doors) > 1 else "visits began"
            yield (
                f"door {hours.doors[silence.door]} of {store.facts.name} counted nobody from {wall_minute(from_ns, store)} to"
                f" {wall_minute(to_ns, store)}, while {silence.elsewhere:,} {others}: {silence.expected:,.0f} were to be expected"
            )
    yield from _jumped(store, hours)


def _jumped(store: AskedStore, hours: _Hours) -> Iterator[str]:
    day = _days(store, hours)
    days = int(day[-1]) + 1 if len(day) else 0
    counts = np.array([np.bincount(day, of, days) for of in hours.counts], np.int64).reshape(len(hours.doors), days)
    found = jumps(counts, np.bincount(day, hours.visits, days).astype(np.int64))
    if len(found) > 1 and len(found) == len(hours.doors) and len({jump.factor > 1 for jump in found}) == 1:
        yield _since(store, hours, day, f"each door of {store.facts.name}", found[0], "its receivers may hear less or more than before")
        return
    for jump in found:
        yield _since(store, hours, day, f"door {hours.doors[jump.door]} of {store.facts.name}", jump, "look at the counter")


def _since(store: AskedStore, hours: _Hours, day: Counts, which: str, jump: Jump, what: str) -> str:
    begin_ns = hours.begin_ns + int(np.flatnonzero(day == jump.day)[0]) * NS_PER_HOUR
    return f"{which} counts {jump.factor:.2f} times what it did for each visit, since {wall_minute(begin_ns, store)[:10]}: {what}"


def _days(store: AskedStore, hours: _Hours) -> Counts:
    """Return the number of the store's calendar day that each hour begins in."""
    begins_s = range(hours.begin_ns // NS_PER_S, (hours.begin_ns + len(hours.visits) * NS_PER_HOUR) // NS_PER_S, 3600)
    number = np.array([datetime.fromtimestamp(at_s, UTC).astimezone(store.zone).toordinal() for at_s in begins_s], np.int64)
    return number - number[:1]


def wall_minute(time_ns: int, store: AskedStore) -> str:
    """Return a time as the store's clock shows it, to the minute."""
    return iso(time_ns, store.zone)[:16].replace("T", " ")
