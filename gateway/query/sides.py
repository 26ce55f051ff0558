"""The two sides of a comparison: what is asked, and what of which stores is read and moved where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_MINUTE
from gateway.query.asked import AskedStore
from gateway.query.coverage import CoverageMasks, CoverageTask
from gateway.query.coverage_reading import read_coverage
from gateway.query.day_pairs import Align, DayPairs
from gateway.query.estate import QueryEstate
from gateway.query.intervals import Day, day_start
from gateway.query.minute_pairs import BucketPairs, Matched, StoreClock, grain_ns, local_days, pair_buckets
from gateway.query.moved_reader import Move
from gateway.query.spans import day_begin_ns
from gateway.sinks.reader import OnPage, PointReader

Moves = dict[str, list[Move]]
Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Run:
    """One other side, and this side cut to what is compared with it, as moves by the names that stores have in the database."""

    here: Moves
    there: Moves


@dataclass(slots=True)
class Sides:
    """`runs` is one, or one for each usual day. `comparable` stores are in all of them; `reasons` has why the others are not."""

    runs: list[Run]
    comparable: list[str]
    grain_ns: int
    reasons: dict[str, str] = field(default_factory=dict)
    left_out: dict[date, str] = field(default_factory=dict)
    days: dict[date, date] = field(default_factory=dict)
    uneven: dict[date, str] = field(default_factory=dict)
    """Days that are compared although one side was a holiday and the other was not, and which."""
    wider: dict[str, str] = field(default_factory=dict)
    """Stores without another one of their path, and with whom they are compared instead."""
    open_minutes: int = 0
    compared_minutes: int = 0
    is_covered: bool = True
    """Whether it is known of both sides what was observed."""

    def take(self, store: AskedStore, other: AskedStore, *runs: Matched) -> None:
        """Add a store with what is compared of it in each run, or why it is not comparable."""
        name, first = store.facts.name, runs[0]
        if first.reason:
            self.reasons[name] = first.reason
            return
        self._count(name, first.open_minutes, first.compared_minutes)
        for run, matched in zip(self.runs, runs, strict=True):
            _put(run.here, store, BucketPairs(matched.here_ns, matched.here_ns), name, matched.tasks)
            _put(run.there, other, matched.pairs, name, matched.tasks)

    def take_mean(self, store: AskedStore, others: Sequence[tuple[AskedStore, Matched]]) -> None:
        """Add a store with the mean of others, in each bucket of those that were observed in it."""
        name = store.facts.name
        here_ns, counts = np.unique(np.concatenate([matched.pairs.here_ns for _, matched in others]), return_counts=True)
        tasks = frozenset[CoverageTask]().union(*(matched.tasks for _, matched in others))
        self._count(name, others[0][1].open_minutes, max(matched.compared_minutes for _, matched in others))
        _put(self.runs[0].here, store, BucketPairs(here_ns, here_ns), name, tasks)
        for other, matched in others:
            weight = 1 / counts[np.searchsorted(here_ns, matched.pairs.here_ns)]
            _put(self.runs[0].there, other, matched.pairs, name, matched.tasks, weight)

    def _count(self, name: str, open_minutes: int, compared_minutes: int) -> None:
        self.comparable.append(name)
        self.open_minutes += open_minutes
        self.compared_minutes += compared_minutes


def _put(
    moves: Moves, store: AskedStore, pairs: BucketPairs, to_store: str, tasks: frozenset[CoverageTask], weight: Weights | None = None
) -> None:
    """Move the buckets of `there_ns` of a store, by each of its names, to `here_ns` of another."""
    order = np.argsort(pairs.there_ns)
    move = Move(pairs.there_ns[order], pairs.here_ns[order], to_store, tasks, None if weight is None else weight[order])
    for name in store.names:
        moves.setdefault(name, []).append(move)


@dataclass(frozen=True, slots=True)
class SideQuestion:
    """What is compared: stores with their spans, up to `now_ns`, and the tasks that the measures need."""

    reader: PointReader
    estate: QueryEstate
    stores: Sequence[AskedStore]
    day: Day
    align: Align
    tasks: frozenset[CoverageTask]
    now_ns: int
    on_page: OnPage
    find: Callable[[tuple[str, ...]], tuple[AskedStore, ...]]
    """Return stores by their names, with the span that is asked for; without names all."""

    def clock(self, store: AskedStore) -> StoreClock:
        """Return how the days of a store run."""
        return StoreClock(store.zone, day_start(store.facts, self.day))

    def until_ns(self, store: AskedStore) -> int:
        """Return the end of a store's span, now at the latest: what is to come is compared with nothing."""
        return min(store.to_ns, self.now_ns // NS_PER_MINUTE * NS_PER_MINUTE)

    def days(self, store: AskedStore) -> list[date]:
        """Return the days of a store's span until now."""
        return local_days(self.clock(store), store.from_ns, max(self.until_ns(store), store.from_ns + 1))

    def coverage(self, stores: Sequence[str], from_ns: int, to_ns: int) -> CoverageMasks:
        """Return what was observed of stores."""
        return read_coverage(self.reader, self.estate, stores, from_ns, to_ns, self.now_ns, self.on_page)


@dataclass(frozen=True, slots=True)
class PairingPlan:
    """What all stores share: the coverage of this side, and how long buckets are."""

    asked: SideQuestion
    here: CoverageMasks
    grain_ns: int
    _known: dict[tuple[Any, ...], tuple[DayPairs, BucketPairs]] = field(default_factory=dict)
    """Buckets that were paired before: stores of the same clock share them."""

    @staticmethod
    def of(
        asked: SideQuestion, stores: Sequence[AskedStore], others: Sequence[AskedStore], spans: Sequence[tuple[int, int]]
    ) -> PairingPlan:  # fmt: skip
        from_ns, to_ns = min(store.from_ns for store in stores), max(store.to_ns for store in stores)
        here = asked.coverage([store.facts.name for store in stores], from_ns, to_ns)
        first, last = min([from_ns, *(span[0] for span in spans)]), max([to_ns, *(span[1] for span in spans)])
        clocks = {asked.clock(store) for store in (*stores, *others)}
        edges = {edge for cut in {id(store.cut): store.cut for store in stores}.values() for edge in cut.edges_ns.tolist()}
        return PairingPlan(asked, here, grain_ns(sorted(edges), [(clock, first, last) for clock in clocks], len(stores)))

    def there(self, stores: Iterable[str], spans: Sequence[tuple[int, int]]) -> CoverageMasks:
        """Return the coverage of the other side: of stores in what spans they have there, of none where there are none."""
        if not spans:
            return self.asked.coverage([], self.asked.stores[0].from_ns, self.asked.stores[0].to_ns)
        return self.asked.coverage(sorted(stores), min(span[0] for span in spans), max(span[1] for span in spans))

    def buckets(self, store: AskedStore, other: AskedStore, days: DayPairs) -> BucketPairs:
        """Return the buckets of a store until now, with those of the other."""
        clocks = self.asked.clock(store), self.asked.clock(other)
        until_ns = max(self.asked.until_ns(store), store.from_ns)
        key = (*clocks, store.from_ns, until_ns, id(days))
        if key not in self._known:
            # The days are kept too, so that no others ever have their identity.
            self._known[key] = days, pair_buckets(*clocks, store.from_ns, until_ns, days, self.grain_ns)
        return self._known[key][1]


def spans_there(asked: SideQuestion, pairs: Mapping[str, DayPairs], others: Mapping[str, AskedStore]) -> dict[str, tuple[int, int]]:
    """By the name of this side's store; none where no day has a counterpart."""
    found = {}
    for name, each in pairs.items():
        if days := each.pairs.values():
            clock, after = asked.clock(others[name]), max(days) + timedelta(days=1)
            found[name] = day_begin_ns(min(days), clock.zone, clock.day_start), day_begin_ns(after, clock.zone, clock.day_start)
    return found
