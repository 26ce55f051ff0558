"""Voids and amends of touches and counts. One that comes before its event waits for it in the store, without end.

What an event is in the end depends on the set of its corrections: amends apply in the order of their own times, and a void wins over all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from gateway.fold.door_counts import Cell, DoorCounts
from gateway.fold.state import State
from gateway.fold.store import CorrectionRow, CountRow, TouchRow
from gateway.fold.touches import Touches
from gateway.identity.facts import Fact
from gateway.records import Record

VOID: Final = "void"
AMEND: Final = "amend"
ADJUSTMENT: Final = "adjustment"


class Corrected(NamedTuple):
    """What a correction changes beside the event's own row."""

    cell: Cell | None = None
    """Of a door's count."""
    facts: Sequence[Fact] = ()
    """What it states about identity."""


class Corrections:
    """Applies them to the rows that `touches` and `doors` keep."""

    def __init__(self, state: State, touches: Touches, doors: DoorCounts) -> None:
        self._state: Final = state
        self._touches: Final = touches
        self._doors: Final = doors
        self._waiting: Final = {row.of for row in state.ledger.waiting_corrections()}
        """Ids of the events that corrections wait for."""

    def take(self, record: Record, values: Mapping[str, Any]) -> Corrected:
        """Correct an event by its id, or wait for it; one that waits is counted."""
        of = next((each for each in (values["of"], values.get("of_earlier")) if each and self._target(each)), None)
        row = CorrectionRow(of or values["of"], record.store, record.agent, record.seq, values["kind"], values["time_ns"], int(of is None),
                            record.body.decode())  # fmt: skip
        self._state.ledger.save_corrections([row])
        if of is not None:
            return self._apply(of)
        self._waiting.add(row.of)
        self._state.counts["void_unknown_total"] += 1
        self._state.unknown_voids.hear(row.of, record.store, record.agent, record.received_ns)
        return Corrected()

    def keep(self, record: Record, values: Mapping[str, Any]) -> CorrectionRow:
        """Keep and return an adjustment among the corrections, which are listed with who made them and why; it corrects no event."""
        row = CorrectionRow(f"{ADJUSTMENT}:{values['id']}", record.store, record.agent, record.seq, ADJUSTMENT, values["time_ns"], 0,
                            record.body.decode())  # fmt: skip
        self._state.ledger.save_corrections([row])
        return row

    def arrived(self, event_id: str | None) -> Corrected:
        """Apply what waited for an event, after it was stored."""
        if event_id is None or event_id not in self._waiting:
            return Corrected()
        self._waiting.discard(event_id)
        self._state.unknown_voids.met(event_id)
        rows = self._state.ledger.corrections_of(event_id)
        self._state.ledger.save_corrections([row._replace(waits=0) for row in rows])
        return self._apply(event_id)

    def _target(self, event_id: str) -> TouchRow | CountRow | None:
        return self._state.ledger.touch_by_id(event_id) or self._state.ledger.count_by_id(event_id)

    def _apply(self, event_id: str) -> Corrected:
        rows = sorted(self._state.ledger.corrections_of(event_id), key=lambda row: (row.time_ns, row.store, row.agent, row.row))
        is_void = any(row.kind == VOID for row in rows)
        changes = [(row, json.loads(row.body)["set"]) for row in rows if row.kind != VOID]
        target = self._target(event_id)
        if isinstance(target, TouchRow):
            return Corrected(facts=self._touches.correct(target, changes, is_void))
        return Corrected() if target is None else Corrected(self._correct_count(target, changes, is_void))

    def _correct_count(self, row: CountRow, changes: Sequence[tuple[CorrectionRow, Mapping[str, Any]]], is_void: bool) -> Cell:
        merged = {key: value for _, values in changes for key, value in values.items()}
        entered, left = (0, 0) if is_void else (merged.get("in", row.entered), merged.get("out", row.left))
        return self._doors.replace(row, row._replace(entered=entered, left=left))
