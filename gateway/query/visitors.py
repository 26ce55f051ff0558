"""The question `visitors`: how many people came, by the phones of those who gave no key, with an interval; never heads.

What a phone stands for is learned from days that the doors counted: those of the store before the day, else those of comparable stores.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import ceil, floor
from typing import Any, Final, NamedTuple

from gateway.query.answer import Answer, Request
from gateway.query.asked import AskedStore, asked_stores
from gateway.query.covered import percent
from gateway.query.estate import QueryEstate
from gateway.query.keys import ALL_STORES, times_of
from gateway.query.minute_pairs import LEAST_COVERED
from gateway.query.peers import by_paths, paths_of
from gateway.query.people_factor import (
    LEAST_ARRIVALS,
    LEAST_DAYS,
    WIDEST,
    CountedDay,
    Estimated,
    Factor,
    estimated,
    factor_of_days,
    factor_of_stores,
    together,
)
from gateway.query.store_days import StoreDay, StoreDays, read_days
from gateway.sinks.reader import OnPage, PointReader

LEARNED_DAYS: Final = 28
"""A factor is learned from the last so many days before, of those on which doors and receivers were observed."""
COLUMNS: Final = ("store", "time", "covered", "arrivals", "factor", "at_least", "people", "at_most", "in_guests", "basis")
_SEEN: Final = 0.01
"""A drift that is worth a note."""
_MOST_PEERS: Final = 200
"""So many stores of a path are looked at, by their names."""
_MOST_NAMED: Final = 5
"""Stores or days named in a note."""


class Basis(NamedTuple):
    """A factor, or None, and in words what it was learned from, or why there is none."""

    factor: Factor | None
    text: str


@dataclass(frozen=True, slots=True)
class EstimatedDay:
    """A day with its factor and its estimate, where it has one."""

    day: StoreDay
    basis: Basis
    found: Estimated | None = None

    @property
    def part(self) -> tuple[float, Factor] | None:
        """Return what the estimate of several days is made of."""
        return None if self.found is None or self.basis.factor is None else (self.day.arrivals, self.basis.factor)


@dataclass(frozen=True, slots=True)
class _Learned:
    """The days of one store that teach, and the factors that followed from them, by how many of these days were before."""

    begins_ns: Sequence[int]
    lessons: Sequence[CountedDay]
    known: dict[int, Basis] = field(default_factory=dict)

    def before(self, begin_ns: int) -> Basis:
        """Return the store's own factor for days from this time on."""
        number = bisect_left(self.begins_ns, begin_ns)
        if number not in self.known:
            self.known[number] = _own(self.lessons[max(0, number - LEARNED_DAYS) : number])
        return self.known[number]


@dataclass
class _Chain:
    """The days of the stores that were asked for, and of those that they are compared with, which are read once they are needed."""

    reader: PointReader
    request: Request
    estate: QueryEstate
    now_ns: int
    on_page: OnPage
    known: dict[str, StoreDays] = field(default_factory=dict)
    learned: dict[str, _Learned] = field(default_factory=dict)
    by_path: Mapping[str, Sequence[AskedStore]] | None = None
    pooled: dict[tuple[str, int], Basis | None] = field(default_factory=dict)
    """By path and begin of a day: the factor of its stores."""

    def days_of(self, stores: Sequence[AskedStore]) -> list[StoreDays]:
        """Return the days of stores."""
        missing = [store for store in stores if store.facts.name not in self.known]
        found = read_days(self.reader, self.request, self.estate, missing, self.now_ns, self.on_page) if missing else ()
        self.known |= {each.store.facts.name: each for each in found}
        return [self.known[store.facts.name] for store in stores]

    def own(self, of: StoreDays, begin_ns: int) -> Basis:
        """Return the factor that a store has of its own for days from this time on."""
        name = of.store.facts.name
        if name not in self.learned:
            teaching = [(day.begin_ns, lesson) for day in of.days if (lesson := day.lesson) is not None and lesson.teaches]
            self.learned[name] = _Learned([begin for begin, _ in teaching], [lesson for _, lesson in teaching])
        return self.learned[name].before(begin_ns)

    def of_path(self, path: str, begin_ns: int) -> Basis | None:
        """Return the factor that the stores of a path have for days from this time on; None if too few have one of their own."""
        if self.by_path is None:
            every = asked_stores(self.reader, replace(self.request, stores=()), "traffic", "1d", self.estate, self.now_ns)
            self.by_path = by_paths(every)
        if (path, begin_ns) not in self.pooled:
            peers = self.days_of(self.by_path.get(path, ())[:_MOST_PEERS])
            factors = [factor for each in peers if (factor := self.own(each, begin_ns).factor) is not None]
            factor, text = factor_of_stores(factors), f"{len(factors)} stores of {path}" if path else f"{len(factors)} other stores"
            self.pooled[path, begin_ns] = None if factor is None else Basis(factor, text)
        return self.pooled[path, begin_ns]


def visitors(
    reader: PointReader, request: Request, estate: QueryEstate, stores: Sequence[AskedStore], now_ns: int, on_page: OnPage
) -> Answer:
    """Return a row for each store and day, and totals of those all of whose days have an estimate."""
    chain = _Chain(reader, request, estate, now_ns, on_page)
    found = {each.store.facts.name: _of_store(chain, each) for each in chain.days_of(stores)}
    rows = [row for store in stores for row in _rows(store, found[store.facts.name])]
    is_empty = not any(day.day.has_rows for days in found.values() for day in days)
    return Answer(COLUMNS, rows, _totals(found), tuple(_notes(stores, found)), question=request.question, is_empty=is_empty)


def _of_store(chain: _Chain, of: StoreDays) -> list[EstimatedDay]:
    return [_of_day(chain, of, number) for number in range(of.first, len(of.days))]


def _of_day(chain: _Chain, of: StoreDays, number: int) -> EstimatedDay:
    day = of.days[number]
    if reason := _unheard(day):
        return EstimatedDay(day, Basis(None, reason))
    basis = chain.own(of, day.begin_ns)
    if basis.factor is None:
        # It has none of its own, so it is not among those of its path that have one.
        pooled = (chain.of_path(path, day.begin_ns) for path in paths_of(of.store))
        basis = next((each for each in pooled if each is not None), basis)
    if basis.factor is None:
        return EstimatedDay(day, basis)
    found = estimated([(day.arrivals, basis.factor)])
    if found.is_wide:
        return EstimatedDay(day, Basis(None, f"the interval would be wider than ± {WIDEST:.0%}, by {basis.text}"))
    return EstimatedDay(day, basis, found)


def _unheard(day: StoreDay) -> str:
    """Why the phones of a day mean nothing; "" if they do."""
    if not day.open_minutes:
        return "closed"
    if not day.was_heard:
        share = day.presence_minutes / day.open_minutes
        return f"receivers observed {percent(share)} of the open minutes, and {LEAST_COVERED:.0%} are needed"
    if day.arrivals < LEAST_ARRIVALS:
        return f"fewer than {LEAST_ARRIVALS} phones arrived"
    return ""


def _own(kept: Sequence[CountedDay]) -> Basis:
    factor = factor_of_days(kept)
    if factor is not None:
        return Basis(factor, f"{factor.freedom + 1} days")
    if len(kept) < LEAST_DAYS:
        return Basis(None, f"too few earlier days on which doors and receivers were observed, {len(kept)} of {LEAST_DAYS}")
    return Basis(None, "the counts of earlier days do not fit their phones")


def _rows(store: AskedStore, days: Sequence[EstimatedDay]) -> Iterator[tuple[Any, ...]]:
    times = times_of(store)
    for label, each in zip(store.cut.labels, days, strict=True):
        factor = each.basis.factor
        value = None if each.found is None or factor is None else round(factor.value, 3)
        keys = store.facts.name, times[label], each.day.covered, round(each.day.arrivals)
        yield (*keys, value, *_interval(each.found), _counted([each]), each.basis.text)


def _counted(days: Sequence[EstimatedDay]) -> int | None:
    """The guests that the doors counted; None if on one of the days they were not observed at all."""
    if not all(each.day.doors_minutes or each.day.counted or not each.day.open_minutes for each in days):
        return None
    return sum(each.day.counted for each in days)


def _interval(found: Estimated | None) -> tuple[int | None, int | None, int | None]:
    """At least, the estimate, and at most: whole people, rounded outwards."""
    if found is None:
        return None, None, None
    return max(0, floor(found.people - found.half_width)), round(found.people), ceil(found.people + found.half_width)


def _totals(found: Mapping[str, Sequence[EstimatedDay]]) -> list[tuple[Any, ...]]:
    """A row for each store with several days, and one for all stores: of what has an estimate on each of its days."""
    of_stores = {name: whole for name, days in found.items() if (whole := _whole(days)) is not None}
    rows = [_total(name, found[name], whole) for name, whole in of_stores.items() if len(found[name]) > 1]
    if len(found) > 1 and len(of_stores) == len(found):
        rows.append(_total(ALL_STORES, [day for days in found.values() for day in days], together(list(of_stores.values()))))
    return rows


def _whole(days: Sequence[EstimatedDay]) -> Estimated | None:
    opened = _opened(days)
    parts = [part for day in opened if (part := day.part) is not None]
    return estimated(parts) if parts and len(parts) == len(opened) else None


def _opened(days: Sequence[EstimatedDay]) -> list[EstimatedDay]:
    """The days of which a total is made, in each of its columns."""
    return [day for day in days if day.day.open_minutes]


def _total(name: str, days: Sequence[EstimatedDay], whole: Estimated) -> tuple[Any, ...]:
    opened = _opened(days)
    covered = sum(each.day.presence_minutes for each in opened) / sum(each.day.open_minutes for each in opened)
    came = sum(each.day.arrivals for each in opened)
    return (name, None, covered, round(came), round(whole.people / came, 3), *_interval(whole), _counted(opened), "")


def _notes(stores: Sequence[AskedStore], found: Mapping[str, Sequence[EstimatedDay]]) -> Iterator[str]:
    yield (
        "people is an estimate, at 95 % between at least and at most: phones that arrived, times the factor; the factor is learned from"
        f" earlier days with door counts, {LEARNED_DAYS} at most"
    )
    named = partial(_by_reason, stores, found)
    yield from (f"no estimate, {reason}: {which}" for reason, which in named(lambda day: "" if day.found else day.basis.text))
    yield from (f"{reason}: {which}" for reason, which in named(_from_others))
    yield from (f"{reason}: {which}" for reason, which in named(_drift))
    yield from (f"{reason}: {which}" for reason, which in named(_odd))


def _from_others(day: EstimatedDay) -> str:
    return f"no factor of its own, so that of {day.basis.text}" if day.found is not None and "stores" in day.basis.text else ""


def _drift(day: EstimatedDay) -> str:
    drift = 0.0 if day.found is None or day.basis.factor is None else day.basis.factor.drift
    return "the factor drifts, and the interval is wider by as much" if abs(drift) >= _SEEN else ""


def _odd(day: EstimatedDay) -> str:
    factor = day.basis.factor
    return "days whose counts do not fit their phones are left out of the factor" if day.found is not None and factor and factor.odd else ""


def _by_reason(
    stores: Sequence[AskedStore], found: Mapping[str, Sequence[EstimatedDay]], reason_of: Callable[[EstimatedDay], str]
) -> Iterator[tuple[str, str]]:
    """Each reason with the stores and days that have it."""
    which: dict[str, list[str]] = {}
    for store in stores:
        for label, day in zip(store.cut.labels, found[store.facts.name], strict=True):
            if reason := reason_of(day):
                which.setdefault(reason, []).append(f"{store.facts.name} {label}")
    for reason, names in which.items():
        more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
        yield reason, f"{', '.join(names[:_MOST_NAMED])}{more}"
