"""Points of outcomes: at the end of a batch, the rows of the days that are due, as far as they changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from footfall.units import NS_PER_MINUTE, NS_PER_S
from gateway.fold.fan_owners import FanOwners
from gateway.fold.outcome_reading import OutcomeReading
from gateway.fold.state import State
from gateway.fold.visit_groups import VisitGroups
from gateway.outcome.day import COUNTS, FIELDS, DayKey, rows_of
from gateway.outcome.journey import HUNDREDTHS, RETURN, SALE, Act
from gateway.points.rows import OutcomePoint

TABLE: Final = "outcome"
"""Of cells in the store; a store's day stands there under its first minute, as the rows that were written last."""
_NOTHING: Final = (0,) * len(FIELDS)
_DAY_MINUTES: Final = 1440
Rows = dict[DayKey, tuple[int, ...]]


class OutcomePoints:
    """`emit` at the end of each batch, after the minutes."""

    def __init__(self, state: State, groups: VisitGroups) -> None:
        self._state: Final = state
        self._owners: Final = FanOwners(state)
        self._reading: Final = OutcomeReading(state, groups, self._owners)

    def emit(self) -> None:
        """Emit the days that are due."""
        days = self._state.outcome_days
        late, refs = days.take_late()
        for (store, fan), span in late.items():
            self._mark_led(self._reading.acts(fan, store, span.from_ns, span.to_ns + self._state.contribution.window_ns))
        for ref in sorted(refs):
            self._mark_returns(ref)
        reowned, days.reowned = days.reowned, []
        for each in dict.fromkeys(reowned):
            for fan, from_ns in self._owners.changed(each):
                self._mark_owned(fan, from_ns)
        for due in days.take_due():
            self._write(due.store, due.begin_s)

    def _mark_led(self, acts: Iterable[Act]) -> None:
        """Mark the days of what a fan bought, and of what was brought back of that."""
        for act in acts:
            if act.what == SALE:
                self._state.outcome_days.mark(self._state.estate.stores.of(act.store), act.time_ns // NS_PER_MINUTE)
                if act.ref:
                    self._mark_returns(act.ref)

    def _mark_owned(self, fan: str, from_ns: int) -> None:
        """Mark the days on which a fan bought or came since a time, in all stores."""
        self._mark_led(self._reading.acts_since(fan, from_ns))
        for subject in self._state.links.subjects_of(fan):
            for row in self._state.ledger.visits_of(subject):
                if row.start_ns >= from_ns:
                    self._state.outcome_days.mark(self._state.estate.stores.of(row.store), row.start_ns // NS_PER_MINUTE)

    def _mark_returns(self, ref: str) -> None:
        for act in self._reading.acts_of_ref(ref):
            if act.what == RETURN:
                self._state.outcome_days.mark(self._state.estate.stores.of(act.store), act.time_ns // NS_PER_MINUTE)

    def _write(self, store: int, begin_s: int) -> None:
        """Emit the rows of a day that are others than were written last; one that is there no more has zeros."""
        _, first_s, end_s = self._state.estate.day_span(store, begin_s)
        self._take_back_stale(store, first_s // 60 - _DAY_MINUTES, end_s // 60 - 1)
        rows = rows_of(self._reading.day(store, first_s * NS_PER_S, end_s * NS_PER_S), self._state.contribution)
        self._replace(store, first_s // 60, rows)

    def _take_back_stale(self, store: int, first: int, last: int) -> None:
        """Take back rows under a time with which no day begins any more, since the store's clock or hours changed."""
        for minute in self._state.ledger.cell_minutes(TABLE, store, first, last):
            if self._state.estate.day_span(store, minute * 60)[1] != minute * 60 and any(map(any, self._kept(store, minute).values())):
                self._replace(store, minute, {})
                for each in (minute, minute + _DAY_MINUTES - 1):
                    self._state.outcome_days.mark(store, each)

    def _replace(self, store: int, minute: int, rows: Rows) -> None:
        before = self._kept(store, minute)
        if rows == before:
            return
        name = self._state.estate.stores.names[store]
        for key in sorted(before.keys() | rows.keys()):
            if (row := rows.get(key, _NOTHING)) != before.get(key):
                self._state.points.emit(point_of(minute * NS_PER_MINUTE, name, key, row))
        kept = rows | dict.fromkeys(before.keys() - rows.keys(), _NOTHING)
        self._state.ledger.save_cells(TABLE, [(store, minute, [[*key, *row] for key, row in kept.items()])])

    def _kept(self, store: int, minute: int) -> Rows:
        return {DayKey(by, value): tuple(row) for by, value, *row in self._state.ledger.load_cell(TABLE, store, minute) or ()}

    def again(self, store: int, minute: int) -> None:
        """Emit the rows of a day once more, as they were written last."""
        name = self._state.estate.stores.names[store]
        for key, row in self._kept(store, minute).items():
            self._state.points.emit(point_of(minute * NS_PER_MINUTE, name, key, row))


def point_of(time_ns: int, store: str, key: DayKey, row: Sequence[int]) -> OutcomePoint:
    """Return the point of a row; what is in hundredths there is in whole units here."""
    return OutcomePoint(time_ns, key.by, store, key.value, *_fields(row))  # type: ignore[arg-type] # in the order of FIELDS


def _fields(row: Sequence[int]) -> Iterator[int | float]:
    for field, value in zip(FIELDS, row, strict=True):
        yield value if field in COUNTS else value / HUNDREDTHS
