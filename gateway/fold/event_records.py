"""Plain events as records of the journal have them: each by its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from footfall.compact_json import decoded
from gateway.fold.adjustments import Adjustments
from gateway.fold.corrections import Corrected, Corrections
from gateway.fold.coverage import Coverage
from gateway.fold.door_counts import DoorCounts
from gateway.fold.minute_points import MinutePoints
from gateway.fold.occupancy_points import emit_occupancy
from gateway.fold.state import State
from gateway.fold.touches import Touches
from gateway.identity.facts import Fact
from gateway.identity.facts_json import facts_of_record
from gateway.records import Record

Values = Mapping[str, Any]


class EventRecords:
    """`take` one; return what it states about identity."""

    def __init__(self, state: State, touches: Touches, minute_points: MinutePoints, coverage: Coverage) -> None:
        self._state: Final = state
        self._touches: Final = touches
        self._doors: Final = DoorCounts(state)
        self._corrections: Final = Corrections(state, touches, self._doors)
        self._adjustments: Final = Adjustments(state, self._doors)
        self._minute_points: Final = minute_points
        self._coverage: Final = coverage

    def take(self, record: Record) -> list[Fact]:
        values = decoded(record.body)
        return self._TAKE[values["kind"]](self, record, values)

    def settle(self) -> None:
        """At the end of a batch, count the adjustments of doors that the days bear in which people were counted."""
        for store, minute in self._minute_points.unsettled():
            for cell in self._adjustments.settle(store, minute):
                self._minute_points.count(*cell)

    def days_changed(self, stores: Iterable[int]) -> None:
        """Take that days of stores begin at other times: which adjustments they bear, and where people are moved, is worked out anew."""
        for store in stores:
            self._minute_points.settle_days(store, {minute for _, minute in self._adjustments.days_changed(store)})

    def _touch(self, record: Record, values: Values) -> list[Fact]:
        facts = self._touches.touch(record, values)
        return facts + self._corrected(self._corrections.arrived(values["id"]))

    def _count(self, record: Record, values: Values) -> list[Fact]:
        self._minute_points.count(*self._doors.count(record, values))
        if seconds := values.get("seconds"):
            estate = self._state.estate
            self._coverage.counted(estate.stores.of(record.store), estate.agents.of(record.agent), values["time_ns"], seconds)
        return self._corrected(self._corrections.arrived(values["id"]))

    def _adjustment(self, record: Record, values: Values) -> list[Fact]:
        self._adjustments.keep(self._corrections.keep(record, values))
        return self._count(record, values)

    def _correction(self, record: Record, values: Values) -> list[Fact]:
        return self._corrected(self._corrections.take(record, values))

    def _corrected(self, corrected: Corrected) -> list[Fact]:
        if corrected.cell:
            self._minute_points.count(*corrected.cell)
        return list(corrected.facts)

    def _occupancy(self, record: Record, values: Values) -> list[Fact]:
        self._corrections.cannot_be_corrected(values["id"])
        emit_occupancy(self._state, record, values)
        return []

    def _fact(self, record: Record, values: Values) -> list[Fact]:
        return facts_of_record(record.kind, record.body, record.received_ns)

    _TAKE: Final[Mapping[str, Callable[[EventRecords, Record, Values], list[Fact]]]] = {
        "touch": _touch,
        "count": _count,
        "adjustment": _adjustment,
        "occupancy": _occupancy,
        "void": _correction,
        "amend": _correction,
        "fact": _fact,
    }
