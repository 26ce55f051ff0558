"""Adjustments of doors that count: those that leave a store's day with nobody less than none, in and out.

Which ones do follows from the day's counts and adjustments alone, not from the order in which they come: one that would take back more than
the day has waits for the counts that are missing. Those that add people come first, then by their own times.

No minute has less than nobody either: what an adjustment takes back and its own minute lacks is taken off the minutes around it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from footfall.units import NS_PER_DAY, NS_PER_MINUTE
from gateway.fold.corrections import ADJUSTMENT, people_by
from gateway.fold.door_counts import Cell, DoorCounts
from gateway.fold.minute_counts import TRAFFIC_COLUMN, stated_at_doors
from gateway.fold.state import State
from gateway.fold.store import CorrectionRow, CountRow

_MOVED: Final = tuple((TRAFFIC_COLUMN[name], TRAFFIC_COLUMN[f"{name}_moved"]) for name in ("in", "out"))
"""What a minute has, and how much of that was moved to it: below 0 where it bears what another one lacks."""

_LONGEST_DAY: Final = 2 * NS_PER_DAY // NS_PER_MINUTE
"""In minutes, and longer than any: a day on which clocks are put back, or the time zone changes, has more than 24 hours."""


class Stated(NamedTuple):
    """What an adjustment states unless it is void; `key` is its own, among all of the store."""

    time_ns: int
    key: str
    entered: int
    left: int

    @property
    def takes_back(self) -> bool:
        return min(self.entered, self.left) < 0

    @property
    def turn(self) -> tuple[bool, int, str]:
        """Return when it comes among those of its day."""
        return self.takes_back, self.time_ns, self.key


class _Kept(NamedTuple):
    """An adjustment, what it states, and what of it is counted."""

    row: CorrectionRow
    stated: Stated
    counted: CountRow


class Adjustments:
    """Keeps them by store; `settle` counts those of a day that it bears, and no others."""

    def __init__(self, state: State, doors: DoorCounts) -> None:
        self._state: Final = state
        self._doors: Final = doors
        self._by_store: Final[defaultdict[str, dict[str, CorrectionRow]]] = defaultdict(dict)
        for row in state.ledger.adjustments():
            self.keep(row)

    def keep(self, row: CorrectionRow) -> None:
        """Remember one, whose count is stored beside it."""
        self._by_store[row.store][row.of] = row
        if row.waits:
            self._state.waiting_adjustments[row.of] = f"{row.store}/{json.loads(row.body)['door']}"
        else:
            self._state.waiting_adjustments.pop(row.of, None)

    def settle(self, store: int, minute: int) -> list[Cell]:
        """Count the adjustments that the store's day of a minute bears; return the cells that changed."""
        return [] if next(self._of_day(store, minute), None) is None else self._settle_day(store, minute)

    def days_changed(self, store: int) -> list[Cell]:
        """Do the same of all the store's days, since they begin at other times; return the cells that changed or may be of another day.

        People may have been moved over what begins a day by now: into a day without adjustments, or to and fro in equal numbers. So every
        day is settled that has an adjustment or a minute of which people were moved.
        """
        rows = self._by_store.get(self._state.estate.stores.names[store], {}).values()
        adjusted = {row.time_ns // NS_PER_MINUTE for row in rows}
        minutes = adjusted | self._moved_near(store, adjusted)
        days = {self._state.estate.day(store, minute): minute for minute in minutes}
        changed = {cell for minute in days.values() for cell in self._settle_day(store, minute)}
        return sorted(changed | {(store, minute) for minute in minutes})

    def _settle_day(self, store: int, minute: int) -> list[Cell]:
        found = list(self._that_count(self._of_day(store, minute)))
        changed = self._bear(store, minute, found) if any(each.stated.takes_back or each.row.waits for each in found) else []
        return changed + self._even_out(store, minute)

    def _bear(self, store: int, minute: int, found: Sequence[_Kept]) -> list[Cell]:
        entered, left = self._counted(store, minute)
        entered -= sum(each.counted.entered for each in found)
        left -= sum(each.counted.left for each in found)
        borne = those_borne(entered, left, [each.stated for each in found])
        return [cell for each in sorted(found, key=lambda each: each.stated.turn) for cell in self._count(each, each.row.of in borne)]

    def _moved_near(self, store: int, adjusted: Iterable[int]) -> set[int]:
        """Return the minutes of which people were moved: none is further from an adjustment than the longest day lasts."""
        traffic = self._state.traffic
        near = {each for minute in adjusted for each in traffic.minutes(store, minute - _LONGEST_DAY, minute + _LONGEST_DAY)}
        return {each for each in near if any(traffic.get(store, each)[moved] for _, moved in _MOVED)}

    def _even_out(self, store: int, minute: int) -> list[Cell]:
        """Leave no minute of the day below 0; return the cells that changed."""
        traffic, changed = self._state.traffic, set[Cell]()
        minutes = self._minutes(store, minute)
        cells = [traffic.get(store, each) for each in minutes]
        for column, moved in _MOVED:
            borne = without_negatives([cell[column] - cell[moved] for cell in cells])
            for each, cell, people in zip(minutes, cells, borne, strict=True):
                if more := people - cell[column]:
                    traffic.add(store, each, column, more)
                    traffic.add(store, each, moved, more)
                    changed.add((store, each))
        return sorted(changed)

    def _of_day(self, store: int, minute: int) -> Iterator[CorrectionRow]:
        """Yield the adjustments of the day."""
        estate = self._state.estate
        for row in self._by_store.get(estate.stores.names[store], {}).values():
            if estate.day(store, row.time_ns // NS_PER_MINUTE) == estate.day(store, minute):
                yield row

    def _that_count(self, rows: Iterable[CorrectionRow]) -> Iterator[_Kept]:
        """Yield those whose doors count for the store."""
        for row in rows:
            event_id = json.loads(row.body)["id"]
            counted = self._state.ledger.count_by_id(event_id)
            if counted is not None and not self._doors.is_inner(counted):
                yield _Kept(row, stated_by(row, self._state.ledger.corrections_of(event_id)), counted)

    def _counted(self, store: int, minute: int) -> tuple[int, int]:
        """Return how many the doors of a store counted on a day, with what is adjusted now."""
        stated = [stated_at_doors(self._state.traffic.get(store, each)) for each in self._minutes(store, minute)]
        return sum(entered for entered, _ in stated), sum(left for _, left in stated)

    def _minutes(self, store: int, minute: int) -> list[int]:
        """Return the minutes of a store's day that have cells, in order."""
        _, begin_s, end_s = self._state.estate.day_span(store, minute * 60)
        return self._state.traffic.minutes(store, begin_s // 60, end_s // 60 - 1)

    def _count(self, each: _Kept, is_borne: bool) -> list[Cell]:
        waits = int(not is_borne)
        if each.row.waits != waits:
            row = each.row._replace(waits=waits)
            self.keep(row)
            self._state.ledger.save_corrections([row])
        entered, left = (each.stated.entered, each.stated.left) if is_borne else (0, 0)
        if (each.counted.entered, each.counted.left) == (entered, left):
            return []
        return [self._doors.replace(each.counted, each.counted._replace(entered=entered, left=left))]


def stated_by(row: CorrectionRow, corrections: Iterable[CorrectionRow]) -> Stated:
    """Return what an adjustment states, unless it is void; no amend fits one."""
    values = json.loads(row.body)
    return Stated(row.time_ns, row.of, *people_by(ADJUSTMENT, values["in"], values["out"], corrections))


def those_borne(entered: int, left: int, adjustments: Iterable[Stated]) -> frozenset[str]:
    """Return the keys of the adjustments that a day bears whose doors counted so many people, in and out."""
    borne = set()
    for each in sorted(adjustments, key=lambda each: each.turn):
        if _bears(entered, each.entered) and _bears(left, each.left):
            entered, left = entered + each.entered, left + each.left
            borne.add(each.key)
    return frozenset(borne)


def _bears(people: int, more: int) -> bool:
    """Return whether as many may be added: nobody is taken back who was not counted."""
    return more >= 0 or people + more >= 0


def without_negatives(counts: Sequence[float]) -> list[float]:
    """Return counts of minutes, in order and with the same sum, of which none is below 0 unless the sum is.

    What a minute lacks is taken off those before it, from the latest on: who was counted wrongly had been counted by then. What they do
    not have is taken off those after it.
    """
    found, owed = list(counts), 0.0
    for place in (*reversed(range(len(found))), *range(len(found))):
        owed += found[place]
        found[place], owed = max(owed, 0.0), min(owed, 0.0)
    return [*found[:-1], found[-1] + owed] if found else []
