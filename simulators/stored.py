"""Reads from the gateway's database what `score` judges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from footfall.units import NS_PER_MINUTE, NS_PER_S
from gateway.points.schema import SCHEMA
from gateway.sinks.reader import PointReader
from simulators.stored_rows import Stored, StoredDwell, StoredMinute, StoredVisit, StoredZoneMinute

_MS: Final = 1_000_000
_OF_DWELL: Final = ("zone", "subject", "seconds", "open", "fan", "is_staff")
_OF_ZONE: Final = ("zone", "dwells", "passes", "dwell_sum_s", "passing_sum_s")
_LONGEST_NS: Final = 24 * 3600 * NS_PER_S
"""Visits that began so long before the span may reach into it."""


def read_stored(
    reader: PointReader, stores: Sequence[str], from_ns: int, to_ns: int, on_rows: Callable[[int], None] = lambda rows: None
) -> Stored:
    """Visits, dwells and traffic of `stores` that lie in the span, wholly or in part; void ones are left out."""
    stored = Stored()
    for store in stores:
        stored.visits += [v for v in _visits(reader, store, from_ns, to_ns, on_rows) if v.to_ns >= from_ns and v.from_ns < to_ns]
        stored.dwells += [
            d for d in dwells(reader, store, from_ns - _LONGEST_NS, to_ns, on_rows, open_until_ns=to_ns) if d.to_ns >= from_ns
        ]
        stored.minutes += _minutes(reader, store, from_ns - NS_PER_MINUTE, to_ns, on_rows)
        stored.zone_minutes += _zone_minutes(reader, store, from_ns - NS_PER_MINUTE, to_ns, on_rows)
    return stored


def dwells(
    reader: PointReader,
    store: str,
    from_ns: int,
    to_ns: int,
    on_rows: Callable[[int], None] = lambda rows: None,
    open_until_ns: int | None = None,
) -> list[StoredDwell]:
    """Dwells that began in the span. In an open one the subject is still there: until `open_until_ns`, if that is given.

    Below the millisecond a point's time is a row number, not time.
    """
    table = reader.rows("dwell", store, from_ns, to_ns, _OF_DWELL, on_page=on_rows)
    columns = (table.time_ns.tolist(), *(table.values(name) for name in _OF_DWELL))
    found = []
    for t_ns, zone, subject, seconds, is_open, fan, is_staff in zip(*columns, strict=True):
        begin_ns = t_ns // _MS * _MS
        until_ns = begin_ns + round(seconds * NS_PER_S)
        end_ns = max(until_ns, open_until_ns or 0) if is_open else until_ns
        found.append(StoredDwell(store, zone, subject, begin_ns, end_ns, fan, is_staff, is_open))
    return found


def _visits(reader: PointReader, store: str, from_ns: int, to_ns: int, on_rows: Callable[[int], None]) -> list[StoredVisit]:
    """In an open visit the subject is still there: until `to_ns`."""
    names = ["subject", "fan", "is_staff", "open", "started_ms", "seconds"]
    has_entries = "entries" in SCHEMA["visit"].fields
    table = reader.rows("visit", store, from_ns - _LONGEST_NS, to_ns, (*names, *["entries"] * has_entries), on_page=on_rows)
    entries = table.values("entries") if has_entries else [None] * len(table.time_ns)
    columns = (*(table.values(name) for name in names), entries)
    found = []
    for subject, fan, is_staff, is_open, started_ms, seconds, count in zip(*columns, strict=True):
        from_ns = started_ms * _MS
        until_ns = to_ns if is_open else from_ns + round(seconds * NS_PER_S)
        found.append(StoredVisit(store, subject, fan, is_staff, is_open, from_ns, until_ns, count))
    return found


def _minutes(reader: PointReader, store: str, from_ns: int, to_ns: int, on_rows: Callable[[int], None]) -> list[StoredMinute]:
    names = ("in", "out", "transactions")
    table = reader.rows("traffic", store, from_ns, to_ns, names, on_page=on_rows)
    return [StoredMinute(store, *row) for row in zip(table.time_ns.tolist(), *(table.values(name) for name in names), strict=True)]


def _zone_minutes(reader: PointReader, store: str, from_ns: int, to_ns: int, on_rows: Callable[[int], None]) -> list[StoredZoneMinute]:
    table = reader.rows("zone_traffic", store, from_ns, to_ns, _OF_ZONE, on_page=on_rows)
    columns = (table.time_ns.tolist(), *(table.values(name) for name in _OF_ZONE))
    return [
        StoredZoneMinute(store, zone, t_ns, dwells - passes, passes, sum_s - passing_s)
        for t_ns, zone, dwells, passes, sum_s, passing_s in zip(*columns, strict=True)
    ]
