"""The days of a store, with those before: people counted, phones that arrived, and how much of the open hours was observed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

import numpy as np

from gateway.query.answer import Request
from gateway.query.asked import AskedStore
from gateway.query.cells import gathered
from gateway.query.coverage_reading import read_coverage
from gateway.query.estate import QueryEstate
from gateway.query.intervals import bucket_ns, cut, day_start
from gateway.query.minute_pairs import LEAST_COVERED
from gateway.query.people_factor import CountedDay, arrivals
from gateway.query.spans import day_begin_ns, day_of
from gateway.query.wall import NsColumn
from gateway.sinks.cells import Aggregate
from gateway.sinks.reader import OnPage, PointReader

LOOK_BACK_DAYS: Final = 42
"""Days are read from so long before those that are asked for."""
_READ: Final = tuple(Aggregate(name, "sum", name) for name in ("in", "in_staff", "anonymous_started", "anonymous_open"))


class StoreDay(NamedTuple):
    """One day, or a part of one. `counted`: guests, by the doors. The minutes in which the store was open, and these tasks observed it."""

    begin_ns: int
    counted: int
    arrivals: float
    open_minutes: int
    doors_minutes: int
    presence_minutes: int
    has_rows: bool

    @property
    def covered(self) -> float | None:
        """Return the share of the open minutes in which presence was observed; None of a day without open minutes."""
        return self.presence_minutes / self.open_minutes if self.open_minutes else None

    @property
    def was_heard(self) -> bool:
        """Return whether presence was observed in enough of the open minutes."""
        return self.open_minutes > 0 and self.presence_minutes >= LEAST_COVERED * self.open_minutes

    @property
    def was_counted(self) -> bool:
        """Return whether the doors were observed in enough of the open minutes."""
        return self.open_minutes > 0 and self.doors_minutes >= LEAST_COVERED * self.open_minutes

    @property
    def lesson(self) -> CountedDay | None:
        """Return what can be learned from the day; None where doors or receivers did not observe it."""
        return CountedDay(self.arrivals, self.counted) if self.was_heard and self.was_counted else None


class StoreDays(NamedTuple):
    """The days of a store in the order of time; those that were asked for begin at the index `first`."""

    store: AskedStore
    days: list[StoreDay]
    first: int


def read_days(
    reader: PointReader, request: Request, estate: QueryEstate, stores: Sequence[AskedStore], now_ns: int, on_page: OnPage
) -> Iterator[StoreDays]:
    """Yield the days of each store, from LOOK_BACK_DAYS before its span on to its end. Stores of one clock are read together."""
    clocks: dict[tuple[int, ...], list[AskedStore]] = {}
    for store in stores:
        clocks.setdefault(tuple(_edges_ns(store, request).tolist()), []).append(store)
    for edges, of_clock in clocks.items():
        yield from _of_clock(reader, estate, np.array(edges, np.int64), of_clock, now_ns, on_page)


def _edges_ns(store: AskedStore, request: Request) -> NsColumn:
    """The begin of each day before the span and within it, and its end."""
    clock = store.zone, day_start(store.facts, request.day)
    begin_ns = day_begin_ns(day_of(store.from_ns, *clock) - timedelta(days=LOOK_BACK_DAYS), *clock)
    before = cut(store.facts, begin_ns, store.from_ns, "1d", request.day, store.zone)
    edges: NsColumn = np.concatenate([before.edges_ns[:-1], store.cut.edges_ns])
    return edges


def _of_clock(
    reader: PointReader, estate: QueryEstate, edges_ns: NsColumn, stores: Sequence[AskedStore], now_ns: int, on_page: OnPage
) -> Iterable[StoreDays]:
    span, size_ns = (int(edges_ns[0]), int(edges_ns[-1])), bucket_ns(edges_ns)
    names = [name for store in stores for name in store.names]
    table = reader.cells("traffic", _READ, *span, size_ns, ("store",), names, on_page, edges_ns=edges_ns[:-1].tolist())
    cells = gathered([table], {name: i for i, store in enumerate(stores) for name in store.names})
    of_day = np.searchsorted(edges_ns, cells.time_ns, "right") - 1
    sums = {name: np.zeros((len(stores), len(edges_ns) - 1), np.int64) for name in (*cells.values, "rows")}
    for name, values in cells.values.items():
        np.add.at(sums[name], (cells.store, of_day), values)
    np.add.at(sums["rows"], (cells.store, of_day), 1)
    observed = read_coverage(reader, estate, [store.facts.name for store in stores], *span, now_ns, on_page).observed(
        [store.facts.name for store in stores], edges_ns
    )
    minutes = (observed.open, observed.doors, observed.presence)
    guests = sums["in"] - sums["in_staff"]
    came = arrivals(sums["anonymous_started"], sums["anonymous_open"])
    for i, store in enumerate(stores):
        columns = [edges_ns[:-1], guests[i], came[i], *(each[i] for each in minutes), sums["rows"][i] > 0]
        days = [StoreDay(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
        yield StoreDays(store, days, len(days) - len(store.cut.labels))
