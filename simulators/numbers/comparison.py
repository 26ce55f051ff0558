"""The right answer to a comparison, minute by minute: the same wall time on paired days, open and observed on both sides.

A store is comparable if it was open on both sides, and observed in nine tenths of its open minutes on each, for each task that the
measures need. Of a comparable store those minutes are compared that were open on both sides, or closed on both, and were not missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from math import log
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from simulators.chain.chain import MS_PER_MINUTE, ChainStore
from simulators.numbers.answers import Cells, Key, Replied, Values
from simulators.numbers.clock import wall
from simulators.numbers.facts import Fact, added_up, one_by_one
from simulators.numbers.opening import OPEN, QUARTER, SEEN, TASKS, minutes_open, missed_minutes
from simulators.numbers.reckon import OBSERVED_BY, Cell, Reckoning, give_minutes, span_ms
from simulators.numbers.table import Asked
from simulators.numbers.usual import USUAL, USUAL_SUFFIXES, beside_usual

LEAST_SHARE: Final = 0.9
SPLIT: Final = ("in", "transactions", "revenue")
"""What a change of revenue is taken apart by."""
SPLIT_NAMES: Final = ("revenue_from_traffic", "revenue_from_conversion", "revenue_from_basket")


class Pair(NamedTuple):
    """A minute of this side, and its counterpart."""

    here: int
    there: int


class _Sides:
    """The cells of both sides, under the groups of this one. All open minutes that are compared were observed."""

    def __init__(self, asked: Asked) -> None:
        self._asked: Final = asked
        self._cells: Final[tuple[dict[Key, Cell], dict[Key, Cell]]] = ({}, {})
        self._minutes: Final[dict[Key, Counter[str]]] = {}

    def add(self, reckoning: Reckoning, at: Fact, happened: Sequence[Sequence[Fact]], is_open: bool) -> None:
        """Add a minute: what happened on each side, and whether it was open on both. What is compared counts as seen."""
        minutes = [OPEN, *TASKS, *SEEN.values()] if is_open else SEEN.values()
        self._minutes.setdefault(reckoning.key(self._asked.of_stores, at), Counter()).update(minutes)
        for cells, facts in zip(self._cells, happened, strict=True):
            for fact in facts:
                key = reckoning.key(self._asked, replace(at, groups=fact.groups))
                cell = cells.setdefault(key, Cell())
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
        for store, other, pairs in self._comparable(asked):
            opened = self._open[store.name]
            for pair in pairs:
                happened = facts.get((store.name, pair.here), ()), facts.get((other.name, pair.there), ())
                if pair.here in opened or any(happened) or pair.here % QUARTER == 0:
                    at = Fact(store.name, 0, wall(pair.here * MS_PER_MINUTE, store.zone), Counter(), {}, [])
                    for sides in every:
                        sides.add(self._reckoning, at, happened, pair.here in opened)
        found = Replied(self._values(asked, rows), self._values(asked, totals))
        return found._replace(totals={**found.totals, **(self._values(asked, of_store) if asked.has_totals_of_stores else {})})

    def comparable(self, asked: Asked) -> set[str]:
        """Return the stores that are comparable."""
        return {store.name for store, _, _ in self._comparable(asked)}

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

    def _comparable(self, asked: Asked) -> Iterator[tuple[ChainStore, ChainStore, list[Pair]]]:
        tasks = {OBSERVED_BY[measure] for measure in asked.measures if measure in OBSERVED_BY}
        for store in self._reckoning.stores.values():
            if asked.stores and store.name not in asked.stores:
                continue
            other = self._other(asked, store)
            pairs = _pairs(asked, store, other)
            if all(self._is_seen(side, minutes, tasks) for side, minutes in _sides(store, other, pairs)):
                yield store, other, [pair for pair in pairs if self._is_same(store, other, pair, tasks)]

    def _other(self, asked: Asked, store: ChainStore) -> ChainStore:
        kind, _, name = (asked.compare or "").partition(":")
        return self._reckoning.stores[name] if kind == "store" else store

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
        chain = self._reckoning.chain
        return {store.name: set(minutes_open(chain, store)) for store in chain.stores}

    @cached_property
    def _missed(self) -> Mapping[tuple[str, str], set[int]]:
        return missed_minutes(self._reckoning.chain, self._reckoning.simulated.truth)


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
        day = _other_day(asked, moment.date(), zone)
        if day is None or moment in found:
            continue
        there = datetime.combine(day, moment.time(), other_zone)
        other_minute = round(there.timestamp()) // 60
        if wall(other_minute * MS_PER_MINUTE, other_zone).replace(tzinfo=None) == there.replace(tzinfo=None):
            found[moment] = Pair(minute, other_minute)
    return list(found.values())


_GOLDEN_WEEK: Final = frozenset(date(2026, 10, day) for day in range(1, 8))
_CHINA: Final = ("Asia/Shanghai", "Asia/Urumqi")


def _is_after_golden_week(day: date, other: date, zone: ZoneInfo) -> bool:
    """Return whether an ordinary day would be compared with one of the Golden Week, which is the only such holiday in these weeks."""
    return zone.key in _CHINA and other in _GOLDEN_WEEK and day not in _GOLDEN_WEEK


def _other_day(asked: Asked, day: date, zone: ZoneInfo) -> date | None:
    length = (asked.last - asked.first).days + 1
    kind = asked.compare or ""
    if kind.startswith("store:"):
        return day
    if kind == "previous":
        if asked.align == "weekday":
            other = day - timedelta(days=-(-length // 7) * 7)
            return None if _is_after_golden_week(day, other, zone) else other
        is_month = asked.first.day == 1 and (asked.last + timedelta(days=1)).day == 1
        return _month_before(day) if is_month else day - timedelta(days=length)
    return date.fromisoformat(kind.partition("..")[0]) + (day - asked.first)


def _month_before(day: date) -> date | None:
    """Return the same day of the month before, if it has one."""
    try:
        return day.replace(year=day.year - (day.month == 1), month=(day.month - 2) % 12 + 1)
    except ValueError:
        return None


def _split(here: Values, there: Values) -> tuple[float | None, ...]:
    """Return what of the change of revenue came from people, from how many bought, and from how much: by logarithmic means."""
    (people, sales, money), (people_then, sales_then, money_then) = ([side[name] for name in SPLIT] for side in (here, there))
    if min(value or 0 for value in (people, sales, money, people_then, sales_then, money_then)) <= 0:
        return (None, None, None)
    mean = money if money == money_then else (money - money_then) / log(money / money_then)
    per_person, per_person_then = sales / people, sales_then / people_then
    basket, basket_then = money / sales, money_then / sales_then
    return tuple(mean * log(a / b) for a, b in ((people, people_then), (per_person, per_person_then), (basket, basket_then)))
