"""The right answer to a comparison, minute by minute: the same wall time on paired days, open and observed on both sides.

A store is comparable if it was open on both sides, and observed in nine tenths of its open minutes on each, for each task that the
measures need. Of a comparable store those minutes are compared that were open on both sides, or closed on both, and were not missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property, lru_cache
from math import log
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from simulators.chain.chain import MS_PER_MINUTE, ChainStore
from simulators.numbers.answers import Cells, Key, Replied, Values
from simulators.numbers.clock import wall
from simulators.numbers.days import GROUP, other_day
from simulators.numbers.facts import Fact, added_up, one_by_one
from simulators.numbers.made_of import OBSERVED_BY
from simulators.numbers.opening import OPEN, QUARTER, SEEN, TASKS, minutes_open, missed_minutes
from simulators.numbers.reckon import Cell, Reckoning, apart, give_minutes, span_ms
from simulators.numbers.table import Asked
from simulators.numbers.usual import USUAL, USUAL_SUFFIXES, beside_usual

LEAST_SHARE: Final = 0.9
SPLIT: Final = ("in", "transactions", "revenue")
"""What a change of revenue is taken apart by."""
SPLIT_NAMES: Final = ("revenue_from_traffic", "revenue_from_conversion", "revenue_from_basket")


StoreMinute = tuple[str, int]


class Pair(NamedTuple):
    """A minute of this side, and its counterpart."""

    here: int
    there: int


class _Sides:
    """The cells of both sides, under the groups of this one. All open minutes that are compared were observed."""

    def __init__(self, asked: Asked) -> None:
        self._asked: Final = asked
        self._of_stores: Final = asked.of_stores
        self._cells: Final[tuple[dict[Key, Cell], dict[Key, Cell]]] = ({}, {})
        self._minutes: Final[dict[Key, Counter[str]]] = {}

    def add(self, reckoning: Reckoning, at: Fact, happened: Sequence[Sequence[Fact]], is_open: bool) -> None:
        """Add a minute: what happened on each side, and whether it was open on both. What is compared counts as seen."""
        minutes = [OPEN, *TASKS, *SEEN.values()] if is_open else SEEN.values()
        self._minutes.setdefault(reckoning.key(self._of_stores, at), Counter()).update(minutes)
        for cells, facts in zip(self._cells, happened, strict=True):
            for fact in facts:
                for each in apart(self._asked, fact):
                    cell = cells.setdefault(reckoning.key(self._asked, replace(at, groups=each.groups)), Cell())
                    cell.counts.update(fact.counts)
                    cell.together = cell.counts

    def cells(self) -> tuple[dict[Key, Cell], dict[Key, Cell]]:
        for cells in self._cells:
            give_minutes(self._asked, cells, self._minutes)
        return self._cells


SUFFIXES: Final = ("", "_before", "_change", "_ratio")


def columns(asked: Asked) -> list[str]:
    """Return what a comparison has of each measure, and how a change of revenue is taken apart."""
    suffixes = USUAL_SUFFIXES if asked.compare == USUAL else SUFFIXES
    found = [f"{measure}{suffix}" for measure in asked.measures for suffix in suffixes]
    return [*found, *(SPLIT_NAMES if set(SPLIT) <= set(asked.measures) and asked.compare != USUAL else ())]


class Comparing:
    """Compares what one chain's truth knows."""

    def __init__(self, reckoning: Reckoning) -> None:
        self._reckoning: Final = reckoning

    def replied(self, asked: Asked) -> Replied:
        """Return both sides, the difference, and its share of the other side, of all that is comparable."""
        if asked.compare == USUAL:
            return beside_usual(self._reckoning, asked)
        facts, rows, totals = self._by_minute(asked.question), _Sides(asked), _Sides(asked.model_copy(update={"by": (), "interval": None}))
        of_store = _Sides(asked.model_copy(update={"by": ("store",), "interval": None}))
        every = (rows, totals, *((of_store,) if asked.has_totals_of_stores else ()))
        for store, minutes in self._comparable(asked):
            opened = self._open[store.name]
            for here, there in minutes.items():
                happened = facts.get((store.name, here), ()), _mean([facts.get(each, ()) for each in there])
                if here in opened or any(happened) or here % QUARTER == 0:
                    at = Fact(store.name, 0, wall(here * MS_PER_MINUTE, store.zone), Counter(), {}, [])
                    for sides in every:
                        sides.add(self._reckoning, at, happened, here in opened)
        found = Replied(self._values(asked, rows), self._values(asked, totals))
        if asked.compare == GROUP:
            found = found._replace(totals={key: _without_other_side(asked, values) for key, values in found.totals.items()})
        return found._replace(totals={**found.totals, **(self._values(asked, of_store) if asked.has_totals_of_stores else {})})

    def comparable(self, asked: Asked) -> set[str]:
        """Return the stores that are comparable."""
        return {store.name for store, _ in self._comparable(asked)}

    def _values(self, asked: Asked, sides: _Sides) -> Cells:
        cells = sides.cells()
        return {key: self._of_both(asked, *(side.get(key, Cell()) for side in cells)) for key in cells[0].keys() | cells[1].keys()}

    def _of_both(self, asked: Asked, *both: Cell) -> Values:
        here, there = (self._reckoning.values(asked, cell, asked.measures) for cell in both)
        found: dict[str, Any] = {measure: here[measure] for measure in asked.measures}
        for measure in asked.measures:
            now, before = here[measure], there[measure]
            found[f"{measure}_before"] = before
            found[f"{measure}_change"] = None if now is None or before is None else now - before
            found[f"{measure}_ratio"] = None if now is None or not before else (now - before) / abs(before)
        if set(SPLIT) <= set(asked.measures):
            found |= dict(zip(SPLIT_NAMES, _split(here, there), strict=True))
        return found

    def _by_minute(self, question: str) -> Mapping[tuple[str, int], list[Fact]]:
        found: dict[tuple[str, int], list[Fact]] = {}
        for fact in added_up(one_by_one(self._reckoning.simulated, question), MS_PER_MINUTE):
            found.setdefault((fact.store, fact.time_ms // MS_PER_MINUTE), []).append(fact)
        return found

    def _comparable(self, asked: Asked) -> Iterator[tuple[ChainStore, Mapping[int, Sequence[StoreMinute]]]]:
        """Yield each comparable store with its minutes, and those of other stores that each is compared with."""
        tasks = {OBSERVED_BY[measure] for measure in asked.measures if measure in OBSERVED_BY}
        for store in self._reckoning.stores.values():
            if asked.stores and store.name not in asked.stores:
                continue
            minutes: dict[int, list[StoreMinute]] = {}
            for other in self._others(asked, store):
                pairs = _pairs(asked, store, other)
                if all(self._is_seen(side, each, tasks) for side, each in _sides(store, other, pairs)):
                    for pair in pairs:
                        if self._is_same(store, other, pair, tasks):
                            minutes.setdefault(pair.here, []).append((other.name, pair.there))
            if minutes:
                yield store, minutes

    def _others(self, asked: Asked, store: ChainStore) -> Sequence[ChainStore]:
        kind, _, name = (asked.compare or "").partition(":")
        if kind == GROUP:
            return _group(asked, store, list(self._reckoning.stores.values()))
        return [self._reckoning.stores[name] if kind == "store" else store]

    def _is_seen(self, store: ChainStore, minutes: list[int], tasks: set[str]) -> bool:
        opened = [minute for minute in minutes if minute in self._open[store.name]]
        missed = [sum(minute in self._missed.get((store.name, task), ()) for minute in opened) for task in tasks]
        return bool(opened) and all(len(opened) - each >= LEAST_SHARE * len(opened) for each in missed)

    def _is_same(self, store: ChainStore, other: ChainStore, pair: Pair, tasks: set[str]) -> bool:
        sides = (store.name, pair.here), (other.name, pair.there)
        is_open = [minute in self._open[name] for name, minute in sides]
        if is_open[0] != is_open[1]:
            return False
        return not (is_open[0] and any(minute in self._missed.get((name, task), ()) for name, minute in sides for task in tasks))

    @cached_property
    def _open(self) -> Mapping[str, set[int]]:
        found: dict[str, set[int]] = {}
        for chain in (self._reckoning.chain, *self._reckoning.past):
            for store in chain.stores:
                found.setdefault(store.name, set()).update(minutes_open(chain, store))
        return found

    @cached_property
    def _missed(self) -> Mapping[tuple[str, str], set[int]]:
        """The boxes of earlier weeks did what those of the chain could not do yet."""
        found = missed_minutes(self._reckoning.chain, self._reckoning.simulated.truth)
        for chain in self._reckoning.past:
            own = missed_minutes(chain, self._reckoning.simulated.truth)
            for store in chain.stores:
                seen = range(store.from_ms // MS_PER_MINUTE, store.to_ms // MS_PER_MINUTE)
                for task in TASKS:
                    found[store.name, task].difference_update(set(seen) - own[store.name, task])
                    found[store.name, task].update(own[store.name, task].difference(seen))
        return found


def _sides(store: ChainStore, other: ChainStore, pairs: Sequence[Pair]) -> list[tuple[ChainStore, list[int]]]:
    return [(store, [pair.here for pair in pairs]), (other, [pair.there for pair in pairs])]


def _pairs(asked: Asked, store: ChainStore, other: ChainStore) -> Sequence[Pair]:
    """Return each minute of the span with that of the same wall time on the other day; a time that is shown twice counts once."""
    return _of_clocks(asked, span_ms(asked, store), store.zone, other.zone)


@lru_cache(maxsize=16)
def _of_clocks(asked: Asked, span: tuple[int, int], zone: ZoneInfo, other_zone: ZoneInfo) -> Sequence[Pair]:
    """Stores of the same clocks share their pairs."""
    found: dict[datetime, Pair] = {}
    for minute in range(*(time_ms // MS_PER_MINUTE for time_ms in span)):
        moment = wall(minute * MS_PER_MINUTE, zone).replace(tzinfo=None, fold=0)
        day = other_day(asked, moment.date(), zone)
        if day is None or moment in found:
            continue
        there = datetime.combine(day, moment.time(), other_zone)
        other_minute = round(there.timestamp()) // 60
        if wall(other_minute * MS_PER_MINUTE, other_zone).replace(tzinfo=None) == there.replace(tzinfo=None):
            found[moment] = Pair(minute, other_minute)
    return list(found.values())


def _mean(of_stores: Sequence[Sequence[Fact]]) -> Sequence[Fact]:
    """Return what happened in the mean of several stores."""
    if len(of_stores) == 1:
        return of_stores[0]
    share = 1 / len(of_stores)
    return [replace(fact, counts=Counter({name: n * share for name, n in fact.counts.items()})) for facts in of_stores for fact in facts]


def _without_other_side(asked: Asked, values: Values) -> Values:
    """Each store has a group of its own: there is no other side of all stores."""
    return {name: value if name in asked.measures else None for name, value in values.items()}


def _group(asked: Asked, store: ChainStore, every: Sequence[ChainStore]) -> list[ChainStore]:
    """Return the other stores of the longest part of a store's path that has any, as paths are on the last day."""
    own = _path_of(asked, store)
    alike = {other.name: _alike(own, _path_of(asked, other)) for other in every if other is not store}
    return [other for other in every if alike.get(other.name) == max(alike.values())]


def _path_of(asked: Asked, store: ChainStore) -> list[str]:
    moves = store.life.moves_day
    is_before = moves is not None and asked.last < store.date_of(moves)
    return (store.life.path_before if is_before else store.plan.path).split("/")


def _alike(path: Sequence[str], other: Sequence[str]) -> int:
    """Return how many parts two paths begin with alike."""
    return next((i for i, parts in enumerate(zip(path, other, strict=False)) if parts[0] != parts[1]), min(len(path), len(other)))


def _split(here: Values, there: Values) -> tuple[float | None, ...]:
    """Return what of the change of revenue came from people, from how many bought, and from how much: by logarithmic means."""
    (people, sales, money), (people_then, sales_then, money_then) = ([side[name] for name in SPLIT] for side in (here, there))
    if min(value or 0 for value in (people, sales, money, people_then, sales_then, money_then)) <= 0:
        return (None, None, None)
    mean = money if money == money_then else (money - money_then) / log(money / money_then)
    per_person, per_person_then = sales / people, sales_then / people_then
    basket, basket_then = money / sales, money_then / sales_then
    return tuple(mean * log(a / b) for a, b in ((people, people_then), (per_person, per_person_then), (basket, basket_then)))
