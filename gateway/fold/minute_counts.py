"""Counts per minute: the cells of `traffic` (by store) and `zone_traffic` (by zone), rewritten while they change.

Only sums are kept. Every contribution can be taken back exactly, so a late link or a late agent mends the minutes it touches.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_MINUTE
from gateway.fold.store import FoldStore
from gateway.points import SCHEMA
from gateway.points.rows import TrafficPoint, ZoneTrafficPoint

TRAFFIC: Final = ("in", "out", "visits_started", "visits_open", "known_open", "visits_closed", "dwell_sum_s", "transactions",
                  "transactions_known", "returns", "revenue", "touches", "occupancy", "drift", "anonymous_started",
                  "anonymous_open", "staff_entries", "in_staff", "staff_owed", "staff_owed_until",
                  "passers_by", "in_moved", "out_moved")  # fmt: skip
"""The values of a store's cell. What is added stands at the end: cells that an earlier release kept are shorter.

How many of the staff the doors have yet to count, and until which minute, are no fields of a point; nor is how many people that an
adjustment takes back were moved to a minute from others (gateway.fold.adjustments), which `in` and `out` have in them.
"""
ZONE: Final = ("entries", "exits", "present", "known_present", "dwell_sum_s", "dwells", "passes", "passing_sum_s")
TRAFFIC_COLUMN: Final = {name: index for index, name in enumerate(TRAFFIC)}
OCCUPANCY, DRIFT = TRAFFIC_COLUMN["occupancy"], TRAFFIC_COLUMN["drift"]
STAFF_ENTRIES: Final = TRAFFIC_COLUMN["staff_entries"]
_IN, _OUT = TRAFFIC_COLUMN["in"], TRAFFIC_COLUMN["out"]
_IN_MOVED, _OUT_MOVED = TRAFFIC_COLUMN["in_moved"], TRAFFIC_COLUMN["out_moved"]
ZONE_COLUMN: Final = {name: index for index, name in enumerate(ZONE)}
KEEP_MINUTES: Final = 3
"""How long a minute stays in memory after the last that its store or zone has; the ledger keeps it afterwards."""
NO_FLOOR: Final = -(1 << 62)

Cell = list[float]


class CellChange(NamedTuple):
    """A cell that changed, with its values when it was emitted last."""

    owner: int
    minute: int
    before: Cell


class Cells:
    """Cells of one kind by (owner, minute). `owner` is the code of a store or zone; a minute counts from 1970, UTC."""

    def __init__(self, table: str, width: int, store: FoldStore) -> None:
        self.table: Final = table
        self._width: Final = width
        self._store: Final = store
        self._cells: defaultdict[int, dict[int, Cell]] = defaultdict(dict)
        self._minutes: defaultdict[int, list[int]] = defaultdict(list)
        self._floor: dict[int, int] = {}
        """Minutes below it may be in the ledger."""
        self._changed: dict[tuple[int, int], Cell] = {}
        """The values that these cells were emitted with last."""
        self._new: set[tuple[int, int]] = set()

    def add(self, owner: int, minute: int, index: int, amount: float) -> None:
        """Add an amount to one value of a cell."""
        cell = self._cell(owner, minute)
        if (owner, minute) not in self._changed:
            self._changed[owner, minute] = cell.copy()
        cell[index] += amount

    def add_span(self, owner: int, first: int, last: int, index: int, amount: float) -> None:
        """Add an amount to every minute from `first` to `last`, both included."""
        for minute in range(first, last + 1):
            self.add(owner, minute, index, amount)

    def add_spans(self, owners: npt.NDArray[np.int32], first: npt.NDArray[Any], last: npt.NDArray[Any], index: int) -> None:
        """Add 1 to every minute of each span, for many owners at once.

        Spans are spelled out as minutes, and equal cells are added up before a cell is touched. One integer stands for a cell: the owner in
        the upper 32 bits, the minute in the lower.
        """
        if not len(owners):
            return
        lengths = last - first + 1
        minute = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths) + np.repeat(first, lengths)
        cells, counts = np.unique(np.repeat(owners.astype(np.int64), lengths) << 32 | minute, return_counts=True)
        for cell, count in zip(cells.tolist(), counts.tolist(), strict=True):
            self.add(cell >> 32, cell & 0xFFFFFFFF, index, count)

    def add_each(self, owners: npt.NDArray[np.int32], minutes: npt.NDArray[Any], amounts: Mapping[int, Any]) -> None:
        """Add amounts, by index, to one minute of each owner: a column with an amount a row, or one number for every row."""
        if not len(owners):
            return
        cells, place, rows = np.unique(owners.astype(np.int64) << 32 | minutes, return_inverse=True, return_counts=True)
        sums = {
            index: (np.bincount(place, amount) if isinstance(amount, np.ndarray) else rows * amount).tolist()
            for index, amount in amounts.items()
        }
        for n, cell in enumerate(cells.tolist()):
            for index, of_cells in sums.items():
                self.add(cell >> 32, cell & 0xFFFFFFFF, index, of_cells[n])

    def get(self, owner: int, minute: int) -> Cell:
        """Return the values of a cell, which is made if there was none."""
        return self._cell(owner, minute)

    def before(self, owner: int, minute: int) -> tuple[int, Sequence[float]] | None:
        """Return the nearest earlier minute that has a cell, and its values; None if there is none."""
        minutes, floor = self._minutes[owner], self._floor.get(owner, NO_FLOOR)
        index = bisect_left(minutes, minute)
        here = minutes[index - 1] if index else NO_FLOOR
        kept = self._store.load_cell_before(self.table, owner, minute) if here < floor else None
        if kept and kept[0] > here:
            return kept[0], self._widened(kept[1])
        return (here, self._cells[owner][here]) if index else None

    def minutes(self, owner: int, first: int, last: int) -> list[int]:
        """Return the minutes from `first` to `last`, both included, that have cells."""
        minutes = self._minutes[owner]
        here = minutes[bisect_left(minutes, first) : bisect_right(minutes, last)]
        if first >= self._floor.get(owner, NO_FLOOR):
            return here
        return sorted({*here, *self._store.cell_minutes(self.table, owner, first, last)})

    def emitted(self, owner: int, minute: int) -> Sequence[float]:
        """Return the values that a cell was emitted with last; zeros if it was not."""
        here = self._emitted_here(owner, minute)
        if here is None and minute < self._floor.get(owner, NO_FLOOR):
            return self._widened(self._store.load_cell(self.table, owner, minute) or ())
        return here or [0.0] * self._width

    def emitted_in(self, owner: int, first: int, last: int) -> list[Sequence[float]]:
        """Return the same of every minute from `first` to `last`, both included, that has a cell: the store is asked once."""
        kept = self._store.load_cells(self.table, owner, first, last) if first < self._floor.get(owner, NO_FLOOR) else {}
        minutes = self._minutes[owner]
        here = dict.fromkeys(minutes[bisect_left(minutes, first) : bisect_right(minutes, last)])
        return [self._emitted_here(owner, minute) or self._widened(kept.get(minute, ())) for minute in {**kept, **here}]

    def _emitted_here(self, owner: int, minute: int) -> Sequence[float] | None:
        """Return the values that a cell of the memory was emitted with last, zeros if it was not; None if it is not here."""
        if (owner, minute) in self._changed:
            return self._changed[owner, minute]
        if (owner, minute) in self._new:
            return [0.0] * self._width
        return self._cells[owner].get(minute)

    def latest_emitted(self, owner: int) -> int | None:
        """Return the latest minute in memory that was emitted; None if there is none."""
        return next((minute for minute in reversed(self._minutes[owner]) if (owner, minute) not in self._new), None)

    def touch(self, owner: int, minute: int) -> None:
        """Emit the cell again at the end of the batch."""
        if (owner, minute) not in self._changed:
            self._changed[owner, minute] = self._cell(owner, minute).copy()

    def put_off(self, change: CellChange) -> None:
        """Emit a cell at the end of the next batch instead."""
        self._changed[change.owner, change.minute] = change.before

    def take_new(self) -> set[tuple[int, int]]:
        """Return (owner, minute) of the cells that were made since the last call."""
        new, self._new = self._new, set()
        return new

    def changed_in(self, index: int) -> list[tuple[int, int]]:
        """Return (owner, minute) of the cells of which one value is another than the one that was emitted last."""
        return [(owner, minute) for (owner, minute), before in self._changed.items() if self._cell(owner, minute)[index] != before[index]]

    def take_changed(self) -> list[CellChange]:
        """Return the cells that changed since the last call, by owner and minute."""
        changed = [CellChange(owner, minute, before) for (owner, minute), before in sorted(self._changed.items())]
        self._changed = {}
        return changed

    def retire(self) -> None:
        """Move cells that are older than KEEP_MINUTES to the ledger."""
        saved = []
        for owner, minutes in self._minutes.items():
            keep_from = minutes[-1] - KEEP_MINUTES if minutes else 0
            count = bisect_left(minutes, keep_from)
            if not count:
                continue
            saved += [(owner, minute, self._cells[owner].pop(minute)) for minute in minutes[:count]]
            del minutes[:count]
            self._floor[owner] = max(self._floor.get(owner, NO_FLOOR), keep_from)
        self._store.save_cells(self.table, saved)

    def _cell(self, owner: int, minute: int) -> Cell:
        cell = self._cells[owner].get(minute)
        if cell is None:
            kept = self._store.load_cell(self.table, owner, minute) if minute < self._floor.get(owner, NO_FLOOR) else None
            cell = self._cells[owner][minute] = self._widened(kept or ())
            insort(self._minutes[owner], minute)
            if not kept:
                self._new.add((owner, minute))
        return cell

    def _widened(self, cell: Sequence[float]) -> Cell:
        """Return a cell that an earlier release may have kept, with zeros for what was added since."""
        return [*cell, *[0.0] * (self._width - len(cell))]

    def dump(self) -> dict[str, Any]:
        return {
            "cells": [[owner, minute, cell] for owner, cells in self._cells.items() for minute, cell in cells.items()],
            "floor": list(self._floor.items()),
            "changed": list(self._changed),
            "before": list(self._changed.values()),
            "new": list(self._new),
        }

    def load(self, values: Mapping[str, Any]) -> None:
        for owner, minute, cell in values["cells"]:
            self._cells[owner][minute] = self._widened(cell)
            insort(self._minutes[owner], minute)
        self._floor = dict(values["floor"])
        before = values.get("before") or [self._cell(owner, minute).copy() for owner, minute in values["changed"]]
        self._changed = {(owner, minute): self._widened(cell) for (owner, minute), cell in zip(values["changed"], before, strict=True)}
        self._new = {(owner, minute) for owner, minute in values["new"]}


def stated_at_doors(cell: Sequence[float]) -> tuple[int, int]:
    """Return how many came in and went out in a store's minute as its doors and adjustments state it, before people were moved."""
    moved = cell[_IN_MOVED : _OUT_MOVED + 1] or (0, 0)  # an earlier release moved nobody
    return int(cell[_IN] - moved[0]), int(cell[_OUT] - moved[1])


def traffic_fields(cell: Sequence[float]) -> dict[str, Any]:
    """Return the fields of a store's minute, by name, in the schema's order."""
    values = dict(zip(TRAFFIC, cell, strict=True))
    return dict(zip(SCHEMA["traffic"].fields, _fields("traffic", values), strict=True))


def traffic_row(store: str, minute: int, cell: Sequence[float]) -> TrafficPoint:
    """Return the point of a store's minute."""
    return TrafficPoint(minute * NS_PER_MINUTE, store, *traffic_fields(cell).values())


def zone_row(store: str, zone: str, minute: int, cell: Sequence[float]) -> ZoneTrafficPoint:
    """Return the point of a zone's minute."""
    return ZoneTrafficPoint(minute * NS_PER_MINUTE, store, zone, *_fields("zone_traffic", dict(zip(ZONE, cell, strict=True))))


def _fields(measurement: str, values: dict[str, float]) -> Iterator[Any]:
    """In the schema's order."""
    for name, kind in SCHEMA[measurement].fields.items():
        yield int(values[name]) if kind == "int" else round(values[name], 6)
