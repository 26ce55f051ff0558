"""The keys of cells as numbers: store, path, weekday, zone and so on, so that cells of equal keys can be added up. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

import numpy as np

from footfall.units import NS_PER_DAY, NS_PER_HOUR
from gateway.points import Coded
from gateway.query.asked import AskedStore
from gateway.query.cells import IndexColumn, MeasureCells
from gateway.query.groups import CLOCK, GroupKey
from gateway.query.intervals import Cut, Day, cut, labels_in_order
from gateway.query.spans import iso
from gateway.query.wall import NsColumn, wall_ns

ALL_STORES: Final = "all stores"
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TIME: Final = GroupKey("time")


@dataclass(frozen=True)
class KeyCodes:
    """Numbers the values of keys for the stores of one question. Numbers are in the order in which answers list the values."""

    stores: Sequence[AskedStore]
    day: Day = "midnight"

    def of(self, key: GroupKey, cells: MeasureCells) -> IndexColumn:
        """Return the number of each cell's value of the key."""
        if key.group in _OF_CELLS:
            return _OF_CELLS[key.group](self, key, cells)
        return cells.texts[key.column].codes.astype(np.intp)

    def values(self, key: GroupKey, text: Coded | None = None) -> Sequence[Any]:
        """Return the value of each number; `text` is the column of cells that the key reads, if it is no key of stores or times."""
        if key.group in _VALUES:
            return _VALUES[key.group](self, key)
        return () if text is None else text.names

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels of all stores' intervals, in the order of time."""
        return tuple(labels_in_order(each.cut.labels for each in self._cuts.values()))

    @cached_property
    def _cuts(self) -> Mapping[int, AskedStore]:
        """A store of each clock: stores of the same clock share their cut."""
        return {id(store.cut): store for store in self.stores}

    @cached_property
    def versions(self) -> list[tuple[str, str]]:
        """Path and ownership of every version of every store, one store's after the other's."""
        return [(version.path, version.ownership) for store in self.stores for version in store.facts.versions]

    def _version(self, cells: MeasureCells) -> IndexColumn:
        """The number of each cell's version, in `_versions`."""
        counts = [len(store.facts.versions) for store in self.stores]
        found = np.cumsum([0, *counts])[cells.store]
        for number in (i for i, count in enumerate(counts) if count > 1):
            here = np.flatnonzero(cells.store == number)
            begins = np.array([version.span.begin_ns for version in self.stores[number].facts.versions], np.int64)
            found[here] += np.maximum(np.searchsorted(begins, cells.time_ns[here], "right") - 1, 0)
        return found

    def of_versions(self, names: Sequence[str], cells: MeasureCells) -> IndexColumn:
        """Return the number of each cell's name, given the name of every version."""
        order = {name: i for i, name in enumerate(sorted(set(names)))}
        return np.array([order[name] for name in names], np.intp)[self._version(cells)]

    def paths(self, level: int) -> list[str]:
        """Return each version's path, cut to so many parts; all of it for 0."""
        return ["/".join(path.split("/")[: level or None]) for path, _ in self.versions]

    def interval(self, key: GroupKey, cells: MeasureCells) -> IndexColumn:
        """Return the number of the label of each cell's interval."""
        place = {label: i for i, label in enumerate(self.labels)}
        found = np.zeros(len(cells), np.intp)
        for clock, here in self._by(lambda store: id(store.cut), cells):
            one: Cut = clock.cut
            at = np.searchsorted(one.edges_ns, cells.time_ns[here], "right") - 1
            # The bucket of the first cell may begin before the span does.
            found[here] = np.array([place[label] for label in one.labels], np.intp)[at.clip(0, len(one.labels) - 1)]
        return found

    def _wall(self, cells: MeasureCells) -> NsColumn:
        found = np.zeros(len(cells), np.int64)
        for clock, here in self._by(lambda store: store.zone.key, cells):
            found[here] = wall_ns(clock.zone, cells.time_ns[here])
        return found

    def _by(self, clock: Callable[[AskedStore], Any], cells: MeasureCells) -> list[tuple[AskedStore, Any]]:
        """A store of each clock, and which cells it has."""
        one_of = {clock(store): store for store in self.stores}
        if len(one_of) == 1:
            return [(store, slice(None)) for store in one_of.values()]
        number = {name: i for i, name in enumerate(one_of)}
        of_store = np.array([number[clock(store)] for store in self.stores], np.intp)
        of_cell = of_store[cells.store]
        return [(store, np.flatnonzero(of_cell == i)) for i, store in enumerate(one_of.values())]

    def weekday(self, key: GroupKey, cells: MeasureCells) -> IndexColumn:
        """Return each cell's day of the week, Monday 0, of the store's day."""
        found = np.zeros(len(cells), np.intp)
        for store, here in self._by(lambda store: (id(store.cut), store.zone.key, store.facts.day_start), cells):
            days = cut(store.facts, store.from_ns, store.to_ns, "1d", self.day, store.zone)
            at = np.searchsorted(days.edges_ns, cells.time_ns[here], "right") - 1
            weekdays = np.array([date.fromisoformat(label).weekday() for label in days.labels], np.intp)
            found[here] = weekdays[at.clip(0, len(weekdays) - 1)]
        return found

    def hour(self, key: GroupKey, cells: MeasureCells) -> IndexColumn:
        """Return the hour that the store's clock shows."""
        return (self._wall(cells) % NS_PER_DAY // NS_PER_HOUR).astype(np.intp)

    def times(self, key: GroupKey) -> Sequence[str]:
        """Return when intervals begin: local time with its offset where all stores have one clock, else the label that they share."""
        if len(self._cuts) > 1:
            return self.labels
        (only,) = self._cuts.values()
        texts = times_of(only)
        return [texts[label] for label in self.labels]


def times_of(store: AskedStore) -> dict[str, str]:
    """Return when each of a store's intervals begins, with its offset, by the label; one that the span cuts has its own begin."""
    return {label: iso(begin, store.zone) for label, begin in zip(store.cut.labels, store.cut.begins_ns, strict=True)}


_OF_CELLS: Final[Mapping[str, Callable[[KeyCodes, GroupKey, MeasureCells], IndexColumn]]] = {
    "chain": lambda codes, key, cells: np.zeros(len(cells), np.intp),
    "store": lambda codes, key, cells: cells.store,
    "path": lambda codes, key, cells: codes.of_versions(codes.paths(key.level), cells),
    "ownership": lambda codes, key, cells: codes.of_versions([owner for _, owner in codes.versions], cells),
    "time": KeyCodes.interval,
    "weekday": KeyCodes.weekday,
    "hour": KeyCodes.hour,
}
_VALUES: Final[Mapping[str, Callable[[KeyCodes, GroupKey], Sequence[Any]]]] = {
    "chain": lambda codes, key: (ALL_STORES,),
    "store": lambda codes, key: [store.facts.name for store in codes.stores],
    "path": lambda codes, key: sorted(set(codes.paths(key.level))),
    "ownership": lambda codes, key: sorted({owner for _, owner in codes.versions}),
    "time": KeyCodes.times,
    "weekday": lambda codes, key: WEEKDAYS,
    "hour": lambda codes, key: range(24),
}
FIXED: Final = frozenset({"time", *CLOCK})
"""Keys of time: a gauge of one place has a value in each of them."""
