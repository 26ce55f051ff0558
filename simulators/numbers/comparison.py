"""The right answer to a comparison, minute by minute: the same wall time on paired days, open and observed on both sides.

A store is comparable if it was open on both sides, and observed in nine tenths of its open minutes on each, for each task that the
measures need. Of a comparable store those minutes are compared that were open on both sides, or closed on both, and were not missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from math import log
from typing import Any, Final, NamedTuple

from simulators.chain.chain import MS_PER_MINUTE, ChainStore
from simulators.numbers.answers import Cells, Key, Replied, Values
from simulators.numbers.clock import wall
from simulators.numbers.facts import Fact, added_up, one_by_one
from simulators.numbers.opening import minutes_open, missed_minutes
from simulators.numbers.reckon import OBSERVED_BY, Cell, Reckoning, span_ms
from simulators.numbers.table import Asked

LEAST_SHARE: Final = 0.9
SPLIT: Final = ("in", "transactions", "revenue")
"""What a change of revenue is taken apart by."""
SPLIT_NAMES: Final = ("revenue_from_traffic", "revenue_from_conversion", "revenue_from_basket")


class Pair(NamedTuple):
    """A minute of this side, and its counterpart."""

    here: int
    there: int


@dataclass(slots=True)
class Both:
    """A cell of each side."""

    here: Cell
    there: Cell


class Comparing:
    """Compares what one chain's truth knows."""

    def __init__(self, reckoning: Reckoning) -> None:
        self._reckoning: Final = reckoning

    def replied(self, asked: Asked) -> Replied:
        """Return both sides, the difference, and its share of the other side, of all that is comparable."""
        facts = self._by_minute(asked.question)
        found: dict[Key, Both] = {}
        totals: dict[Key, Both] = {}
        for store, other, pairs in self._comparable(asked):
            for pair in pairs:
                for side, name, minute in (("here", store, pair.here), ("there", other, pair.there)):
                    for fact in facts.get((name.name, minute), ()):
                        moved = _moved(fact, store, pair.here)
                        total_keys = [(), *([(("store", store.name),)] if "store" in asked.by else [])]
                        for cells, key in [(found, self._reckoning.key(asked, moved)), *((totals, key) for key in total_keys)]:
                            both = cells.setdefault(key, Both(Cell(), Cell()))
                            getattr(both, side).counts.update(fact.counts)
        return Replied(self._values(asked, found), self._values(asked, totals))

    def comparable(self, asked: Asked) -> set[str]:
        """Return the stores that are comparable."""
        return {store.name for store, _, _ in self._comparable(asked)}

    def _values(self, asked: Asked, cells: Mapping[Key, Both]) -> Cells:
        return {key: self._of_both(asked, both) for key, both in cells.items()}

    def _of_both(self, asked: Asked, both: Both) -> Values:
        here, there = (self._reckoning.values(asked, cell, asked.measures) for cell in (both.here, both.there))
        found: dict[str, Any] = dict(here)
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
            pairs = list(_pairs(asked, store, other))
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
        return missed_minutes(self._reckoning.simulated.truth)


def _sides(store: ChainStore, other: ChainStore, pairs: list[Pair]) -> list[tuple[ChainStore, list[int]]]:
    return [(store, [pair.here for pair in pairs]), (other, [pair.there for pair in pairs])]


def _pairs(asked: Asked, store: ChainStore, other: ChainStore) -> Iterator[Pair]:
    """Yield each minute of the span with that of the same wall time on the other day; a time that is shown twice counts once."""
    from_ms, to_ms = span_ms(asked, store)
    seen: set[datetime] = set()
    for minute in range(from_ms // MS_PER_MINUTE, to_ms // MS_PER_MINUTE):
        moment = wall(minute * MS_PER_MINUTE, store.zone).replace(tzinfo=None, fold=0)
        day = _other_day(asked, moment.date())
        if day is None or moment in seen:
            continue
        seen.add(moment)
        there = datetime.combine(day, moment.time(), other.zone)
        other_minute = round(there.timestamp()) // 60
        if wall(other_minute * MS_PER_MINUTE, other.zone).replace(tzinfo=None) == there.replace(tzinfo=None):
            yield Pair(minute, other_minute)


def _other_day(asked: Asked, day: date) -> date | None:
    length = (asked.last - asked.first).days + 1
    kind = asked.compare or ""
    if kind.startswith("store:"):
        return day
    if kind == "previous":
        return _month_before(day) if asked.align == "date" else day - timedelta(days=-(-length // 7) * 7)
    first, _, last = (date.fromisoformat(text) for text in kind.partition("..")[::2]) if ".." in kind else (None, None, None)
    return None if first is None or last is None else first + (day - asked.first)


def _month_before(day: date) -> date | None:
    """Return the same day of the month before, if it has one."""
    try:
        return day.replace(year=day.year - (day.month == 1), month=(day.month - 2) % 12 + 1)
    except ValueError:
        return None


def _moved(fact: Fact, store: ChainStore, minute: int) -> Fact:
    """Return a fact of the other side as if it had happened here."""
    time_ms = minute * MS_PER_MINUTE
    return Fact(store.name, time_ms, wall(time_ms, store.zone), Counter(), fact.groups, [])


def _split(here: Values, there: Values) -> tuple[float | None, ...]:
    """Return what of the change of revenue came from people, from how many bought, and from how much: by logarithmic means."""
    (people, sales, money), (people_then, sales_then, money_then) = ([side[name] for name in SPLIT] for side in (here, there))
    if min(people, sales, money, people_then, sales_then, money_then) <= 0:
        return (None, None, None)
    mean = money if money == money_then else (money - money_then) / log(money / money_then)
    per_person, per_person_then = sales / people, sales_then / people_then
    basket, basket_then = money / sales, money_then / sales_then
    return tuple(mean * log(a / b) for a, b in ((people, people_then), (per_person, per_person_then), (basket, basket_then)))
