"""What a question is counted by where nothing is asked for, so that its table fits a screen: the finest of some ways that does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from gateway.query.answer import Request
from gateway.query.asked import AskedStore, asked_stores
from gateway.query.estate import QueryEstate
from gateway.query.intervals import cut
from gateway.query.plan import CountingRule
from gateway.sinks.reader import PointReader

SCREEN_ROWS: Final = 50
"""Rows that a screen has room for."""
_EACH: Final = 4
"""So many zones or doors of a store are reckoned with: how many there are is not known before they are read."""


class _Unit(NamedTuple):
    """What one interval is called, and of how many a span must have for them to be rows: two cut weeks are no course of time."""

    name: str
    least: int


_INTERVALS: Final[Mapping[str, _Unit]] = {
    "1h": _Unit("hour", 2), "1d": _Unit("day", 2), "1w": _Unit("week", 5), "month": _Unit("month", 4),
}  # fmt: skip
"""By which a question that has an interval of its own is counted, the finest first."""


class Fitted(NamedTuple):
    """`note`: what a row is of, and what shows more; "" where the question is counted by its own groups and interval."""

    request: Request
    note: str = ""


def fitted(reader: PointReader, request: Request, counted: CountingRule, estate: QueryEstate, now_ns: int, most_rows: int) -> Fitted:
    """Return the request with groups and an interval of which there are no more rows than `most_rows`, where it asks for none itself."""
    if request.by or request.interval or request.top:
        return Fitted(request)
    stores = asked_stores(reader, request, counted.measurement, counted.interval, estate, now_ns)
    lengths = _lengths(stores, request) if counted.interval else {}
    ways = list(_ways(counted, list(lengths), can_add=request.compare != "group" and len(stores) > 1))
    by, interval = next((way for way in ways if _rows(*way, len(stores), lengths) <= most_rows), ways[-1])
    if (by, interval) == (counted.by, counted.interval):
        return Fitted(request)
    return Fitted(replace(request, by=by, interval=interval), _note(counted, by, interval, list(lengths)))


def _lengths(stores: Sequence[AskedStore], request: Request) -> dict[str, int]:
    """How many intervals of each length the spans have, of those lengths of which there are enough."""
    clocks = {id(store.cut): store for store in stores}.values()
    found = {
        name: max(len(cut(store.facts, store.from_ns, store.to_ns, name, request.day, store.zone).labels) for store in clocks)
        for name in _INTERVALS
    }
    return {name: count for name, count in found.items() if count >= _INTERVALS[name].least}


def _ways(counted: CountingRule, intervals: Sequence[str], can_add: bool) -> Iterator[tuple[tuple[str, ...], str | None]]:
    """Groups and intervals, the finest first. `can_add`: stores may be added up."""
    chain = tuple("chain" if group == "store" else group for group in counted.by)
    for by in (counted.by, *([chain] if can_add else [])):
        yield from ((by, interval) for interval in intervals)
        yield by, None


def _rows(by: Sequence[str], interval: str | None, stores: int, lengths: Mapping[str, int]) -> int:
    places = stores if "store" in by else 1
    others = [group for group in by if group not in ("store", "chain")]
    return places * int(_EACH ** len(others)) * (lengths[interval] if interval else 1)


def _note(counted: CountingRule, by: Sequence[str], interval: str | None, intervals: Sequence[str]) -> str:
    names = [f"each {group}" for group in by if group != "chain"] or ["all stores"]
    unit = [f"each {_INTERVALS[interval].name}"] if interval else []
    finer = intervals[intervals.index(interval) - 1] if interval else intervals[-1] if intervals else ""
    more = f"--interval {finer} shows each {_INTERVALS[finer].name}" if finer else ""
    if "store" not in by:
        more = f"--by {','.join(counted.by)} shows each store"
    return f"a row for {' and '.join([*names, *unit])}, to fit a screen: {more}"
