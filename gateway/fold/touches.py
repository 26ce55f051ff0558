"""Touches and counts that came as plain events: stored, counted, linked, taken back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from footfall.baskets import as_documented
from footfall.units import NS_PER_MINUTE
from gateway.fold.event_keys import event_key_ns
from gateway.fold.minute_counts import TRAFFIC_COLUMN
from gateway.fold.state import State
from gateway.fold.store import CountRow, TouchRow
from gateway.fold.visits import Visits
from gateway.points.rows import DoorPoint, TouchPoint
from gateway.records import Record


class Touches:
    """Keeps touches and counts, with what each contributes to the minutes of its store."""

    def __init__(self, state: State, visits: Visits) -> None:
        self._state: Final = state
        self._visits: Final = visits

    def touch(self, record: Record, values: Mapping[str, Any]) -> None:
        """Store a touch, and emit its point. It has the fan that it names itself, else whom links give it now."""
        subjects, time_ns = values["subjects"], values["time_ns"]
        subject = subjects[0] if subjects else ""
        key_ns = event_key_ns(self._state, record, values)
        row = TouchRow(record.store, record.agent, record.seq, time_ns, key_ns, values["id"], subject, "", values["fan"], 0,
                       record.body.decode())  # fmt: skip
        self._change(row, values, self._fan(row, values), 0, is_new=True)

    def count(self, record: Record, values: Mapping[str, Any]) -> tuple[int, int]:
        """Count people through a door; return (store, minute) of the cell that changed."""
        key_ns = event_key_ns(self._state, record, values)
        inner = self._is_inner(record.store, values["door"])
        row = CountRow(values["id"], record.store, record.agent, values["door"], key_ns, values["in"], values["out"], inner)
        self._state.ledger.save_count(row)
        if row.entered or row.left:
            self._state.doors.count(record.store, values["door"], values["time_ns"])
        return self._door(row, 1)

    def void(self, record: Record, values: Mapping[str, Any]) -> tuple[int, int] | None:
        """Take an event back by its id; return (store, minute) of a door's cell that changed. An unknown id is counted."""
        ledger = self._state.ledger
        for event_id in (values["of"], values.get("of_earlier")):  # events of earlier releases are stored under the second
            if event_id and (row := ledger.touch_by_id(event_id)):
                self._change(row, json.loads(row.body), row.fan, 1)
                return None
            if event_id and (count := ledger.count_by_id(event_id)):
                ledger.save_count(count._replace(entered=0, left=0))
                return self._door(count, -1)
        self._state.counts["void_unknown_total"] += 1
        self._state.unknown_voids.hear(record.store, record.agent, record.received_ns)
        return None

    def repeat(self, store: str, agent: str, key_ns: int) -> None:
        """Emit a touch once more, as it is now."""
        if row := self._state.ledger.touch_by_key(store, agent, key_ns):
            self._state.points.emit(_point(row, json.loads(row.body)))

    def relink(self, name: str) -> None:
        """Give touches the fan that identity gives them now, after it learned of a subject, a reference or a fan."""
        for row in self._state.ledger.touches_of(name):
            values = json.loads(row.body)
            fan = self._fan(row, values)
            if fan != row.fan:
                self._change(row, values, fan, row.void)

    def _fan(self, row: TouchRow, values: Mapping[str, Any]) -> str:
        """Return whom the touch names, else whom links give one of its identifiers at the time."""
        if row.given_fan:
            return row.given_fan
        found = (self._state.links.fan_of(subject, row.time_ns) for subject in values["subjects"])
        return next((fan for fan in found if fan), "")

    def _change(self, row: TouchRow, values: Mapping[str, Any], fan: str, void: int, is_new: bool = False) -> None:
        """Store the touch of these `values`, with another fan, or void; what it contributed before is taken back."""
        store = self._state.estate.stores.of(row.store)
        if not is_new and not row.void:
            self._contribute(store, row.time_ns, values, row.fan, -1)
        if not void:
            self._contribute(store, row.time_ns, values, fan, 1)
        changed = row if (fan, void) == (row.fan, row.void) else row._replace(fan=fan, void=void)  # a copy takes a microsecond
        self._state.fan_touches.save(None if is_new else row, changed, values)
        self._state.emit(_point(changed, values), None if is_new else _point(row, values))
        if fan or row.fan:
            for each in sorted({fan, row.fan} - {""}):
                self._visits.touched(store, each, row.time_ns)

    def _contribute(self, store: int, time_ns: int, values: Mapping[str, Any], fan: str, sign: int) -> None:
        cells, minute = self._state.traffic, time_ns // NS_PER_MINUTE
        cells.add(store, minute, TRAFFIC_COLUMN["touches"], sign)
        if values["what"] == "transaction":
            cells.add(store, minute, TRAFFIC_COLUMN["transactions"], sign)
            cells.add(store, minute, TRAFFIC_COLUMN["revenue"], sign * values["amount"])
            if fan:
                cells.add(store, minute, TRAFFIC_COLUMN["transactions_known"], sign)
        elif values["what"] == "return":
            cells.add(store, minute, TRAFFIC_COLUMN["returns"], sign)
            cells.add(store, minute, TRAFFIC_COLUMN["revenue"], -sign * values["amount"])

    def _is_inner(self, store: str, door: str) -> int:
        return int((store, door) in self._state.inner_doors)

    def _door(self, row: CountRow, sign: int) -> tuple[int, int]:
        """Count people, or take them back, as the door was when they were counted; (store, minute) of the cell that changed."""
        store, minute = self._state.estate.stores.of(row.store), row.key_ns // NS_PER_MINUTE
        if not (self._is_inner(row.store, row.door) if row.inner < 0 else row.inner):
            self._state.traffic.add(store, minute, TRAFFIC_COLUMN["in"], sign * row.entered)
            self._state.traffic.add(store, minute, TRAFFIC_COLUMN["out"], sign * row.left)
        counted = DoorPoint(time_ns=row.key_ns, agent=row.agent, door=row.door, store=row.store, in_=row.entered, out=row.left)
        if sign > 0:
            self._state.emit(counted, None)
        else:
            self._state.emit(counted._replace(in_=0, out=0), counted)
        return store, minute


def _point(row: TouchRow, values: Mapping[str, Any]) -> TouchPoint:
    return TouchPoint(
        time_ns=row.key_ns, agent=row.agent, channel=values["channel"], store=row.store, what=values["what"], zone=values["zone"],
        subject=row.subject, fan=row.fan, ref=values["ref"], staff_id=values["staff_id"], department=values["department"],
        campaign=values["campaign"], items=as_documented(values["items"]), stage=values["stage"], amount=values["amount"],
        void=bool(row.void),
    )  # fmt: skip
