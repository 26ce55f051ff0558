"""People counted through doors by plain events: stored, counted, corrected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from footfall.units import NS_PER_MINUTE
from gateway.fold.event_keys import event_key_ns
from gateway.fold.minute_counts import TRAFFIC_COLUMN
from gateway.fold.state import State
from gateway.fold.store import CountRow
from gateway.points.rows import DoorPoint
from gateway.records import Record

Cell = tuple[int, int]
"""(store, minute) of traffic."""


class DoorCounts:
    """Keeps counts, with what each contributes to the minutes of its store."""

    def __init__(self, state: State) -> None:
        self._state: Final = state

    def count(self, record: Record, values: Mapping[str, Any]) -> Cell:
        """Count people through a door; return the cell that changed."""
        key_ns = event_key_ns(self._state, record, values)
        inner = self._is_inner(record.store, values["door"])
        row = CountRow(values["id"], record.store, record.agent, values["door"], key_ns, values["in"], values["out"], inner)
        self._state.ledger.save_count(row)
        if row.entered or row.left:
            self._state.doors.count(record.store, values["door"], values["time_ns"])
        self._state.emit(_point(row), None)
        return self._add(row, 1)

    def replace(self, before: CountRow, row: CountRow) -> Cell:
        """Count a row as it is now, and no longer as it was; return the cell that changed."""
        self.restate(before, row)
        self._add(before, -1)
        return self._add(row, 1)

    def restate(self, before: CountRow, row: CountRow) -> None:
        """Store and emit a count as it is now, of which the minutes are written apart."""
        self._state.ledger.save_count(row)
        self._state.emit(_point(row), _point(before))

    def is_inner(self, row: CountRow) -> bool:
        """Return whether a row's door does not count for its store, as the door was when it was counted."""
        return bool(self._is_inner(row.store, row.door) if row.inner < 0 else row.inner)

    def _is_inner(self, store: str, door: str) -> int:
        return int((store, door) in self._state.inner_doors)

    def _add(self, row: CountRow, sign: int) -> Cell:
        """Count people, or take them back, as the door was when they were counted."""
        store, minute = self._state.estate.stores.of(row.store), row.key_ns // NS_PER_MINUTE
        if not self.is_inner(row):
            self._state.traffic.add(store, minute, TRAFFIC_COLUMN["in"], sign * row.entered)
            self._state.traffic.add(store, minute, TRAFFIC_COLUMN["out"], sign * row.left)
        return store, minute


def _point(row: CountRow) -> DoorPoint:
    return DoorPoint(time_ns=row.key_ns, agent=row.agent, door=row.door, store=row.store, in_=row.entered, out=row.left)
