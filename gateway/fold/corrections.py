"""Voids and amends of touches and counts. One that comes before its event waits for it in the store, without end.

What an event is in the end depends on the set of its corrections: amends apply in the order of their own times, then ids, if they fit it,
and a void wins over all. What does not fit is kept, with UNFIT, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from footfall.compact_json import decoded
from gateway.fold.amends import COUNT, TOUCH, UNFIT, VOID, Amends, amends_of
from gateway.fold.door_counts import Cell, DoorCounts
from gateway.fold.state import State
from gateway.fold.store import CorrectionRow, CountRow, TouchRow
from gateway.fold.touch_facts import first_values
from gateway.fold.touches import Touches
from gateway.identity.facts import Fact
from gateway.records import Record

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
        self.cannot_be_corrected(values["id"])
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
        self._met(event_id)
        return self._apply(event_id)

    def cannot_be_corrected(self, event_id: str | None) -> None:
        """Let nothing wait any more for an event that came and is none that a correction is of, such as a void."""
        if event_id is not None and event_id in self._waiting:
            self._met(event_id)
            self._mark([(row, UNFIT) for row in self._state.ledger.corrections_of(event_id)])

    def _met(self, event_id: str) -> None:
        self._waiting.discard(event_id)
        self._state.unknown_voids.met(event_id)

    def _target(self, event_id: str) -> TouchRow | CountRow | None:
        return self._state.ledger.touch_by_id(event_id) or self._state.ledger.count_by_id(event_id)

    def _apply(self, event_id: str) -> Corrected:
        target, rows = self._target(event_id), self._state.ledger.corrections_of(event_id)
        if target is None:
            return Corrected()
        if isinstance(target, TouchRow):
            amends = amends_of(TOUCH, first_values(decoded(target.body)), rows)
            self._mark_unfit(rows, amends)
            return Corrected(facts=self._touches.correct(target, amends, _is_void(rows)))
        kind = ADJUSTMENT if self._state.ledger.corrections_of(f"{ADJUSTMENT}:{event_id}") else COUNT
        self._mark_unfit(rows, amends_of(kind, {}, rows))
        return Corrected(self._correct_count(kind, target, rows))

    def _mark_unfit(self, rows: Sequence[CorrectionRow], amends: Amends) -> None:
        """Keep of each correction whether it fits."""
        unfit = {row for row, _ in amends.unfit}
        self._mark([(row, UNFIT if row in unfit else 0) for row in rows])

    def _mark(self, marked: Sequence[tuple[CorrectionRow, int]]) -> None:
        """Keep what became of corrections, and count those that no longer, or never, fit."""
        changed = [row._replace(waits=waits) for row, waits in marked if row.waits != waits]
        self._state.counts["corrections_unfit_total"] += sum(row.waits == UNFIT for row in changed)
        self._state.ledger.save_corrections(changed)

    def _correct_count(self, kind: str, row: CountRow, corrections: Sequence[CorrectionRow]) -> Cell:
        entered, left = people_by(kind, row.entered, row.left, corrections)
        return self._doors.replace(row, row._replace(entered=entered, left=left))


def row_of(record: Record, values: Mapping[str, Any], of: str) -> CorrectionRow:
    """Return a record of a correction as it is kept, with the id of what it corrects."""
    return CorrectionRow(of, record.store, record.agent, record.seq, values["kind"], values["time_ns"], 0, record.body.decode())


def corrected_id(values: Mapping[str, Any], event: Callable[[str], object]) -> str | None:
    """Return the id under which `event` has the event of a correction; None if it has not come."""
    return next((each for each in (values["of"], values.get("of_earlier")) if each and event(each)), None)


def people_by(kind: str, entered: int, left: int, corrections: Iterable[CorrectionRow]) -> tuple[int, int]:
    """Return how many people a count or an adjustment states, in and out, by its voids, and its amends that fit."""
    rows = list(corrections)
    if _is_void(rows):
        return 0, 0
    merged = amends_of(kind, {}, rows).values
    return merged.get("in", entered), merged.get("out", left)


def _is_void(rows: Iterable[CorrectionRow]) -> bool:
    return any(row.kind == VOID for row in rows)
