"""Voids and amends of touches and counts. One that comes before its event waits for it in the store, without end.

What an event is in the end depends on the set of its corrections: amends apply in the order of their own times, then ids, and a void wins
over all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from gateway.fold.amends import in_turn
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
        of = corrected_id(values, self._target)
        row = row_of(record, values, of or values["of"])._replace(waits=int(of is None))
        self._state.ledger.save_corrections([row])
        if of is not None:
            return self._apply(of)
        self._waiting.add(row.of)
        self._state.counts["void_unknown_total"] += 1
        self._state.unknown_voids.hear(row.of, record.store, record.agent, record.received_ns)
        return Corrected()

    def keep(self, record: Record, values: Mapping[str, Any]) -> CorrectionRow:
        """Keep and return an adjustment among the corrections, which are listed with who made them and why; it corrects no event."""
        row = row_of(record, values, f"{ADJUSTMENT}:{values['id']}")
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
        rows = self._state.ledger.corrections_of(event_id)
        target = self._target(event_id)
        if isinstance(target, TouchRow):
            return Corrected(facts=self._touches.correct(target, _changes(rows), _is_void(rows)))
        return Corrected() if target is None else Corrected(self._correct_count(target, rows))

    def _correct_count(self, row: CountRow, corrections: Sequence[CorrectionRow]) -> Cell:
        entered, left = people_by(row.entered, row.left, corrections)
        return self._doors.replace(row, row._replace(entered=entered, left=left))


def row_of(record: Record, values: Mapping[str, Any], of: str) -> CorrectionRow:
    """Return a record of a correction as it is kept, with the id of what it corrects."""
    return CorrectionRow(of, record.store, record.agent, record.seq, values["kind"], values["time_ns"], 0, record.body.decode())


def corrected_id(values: Mapping[str, Any], event: Callable[[str], object]) -> str | None:
    """Return the id under which `event` has the event of a correction; None if it has not come."""
    return next((each for each in (values["of"], values.get("of_earlier")) if each and event(each)), None)


def people_by(entered: int, left: int, corrections: Iterable[CorrectionRow]) -> tuple[int, int]:
    """Return how many people a count or an adjustment states, in and out, by all its voids and amends."""
    rows = list(corrections)
    if _is_void(rows):
        return 0, 0
    merged = {key: value for _, values in _changes(rows) for key, value in values.items()}
    return merged.get("in", entered), merged.get("out", left)


def _is_void(rows: Iterable[CorrectionRow]) -> bool:
    return any(row.kind == VOID for row in rows)


def _changes(rows: Iterable[CorrectionRow]) -> list[tuple[CorrectionRow, Mapping[str, Any]]]:
    """Return what amends replace, in their order."""
    return [(row, json.loads(row.body)["set"]) for row in in_turn(rows) if row.kind != VOID]
