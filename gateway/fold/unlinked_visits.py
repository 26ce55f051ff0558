"""Visits on their own, whose subject nobody is linked to: most of all, so they are opened and closed as columns."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_MINUTE
from gateway.fold.begun import Begun
from gateway.fold.estate_index import seconds_of
from gateway.fold.state import State
from gateway.fold.store import VisitRow
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.visit_rows import Segment, TrafficContribution, emit, number_of_zones, of_track, row_of
from gateway.fold.visit_segments import VisitSegments
from gateway.fold.writers import ColumnWriter, Values, rows_of


class UnlinkedVisits:
    """Open and close visits as columns, with the rows that `Visits` makes of each."""

    def __init__(self, state: State, segments: VisitSegments) -> None:
        self._state: Final = state
        self._segments: Final = segments
        self._writer: Final = ColumnWriter(state)

    def open(self, rows: Begun) -> None:
        """Open the first visits of tracks, one row a track."""
        zone_bits = self._state.estate.zone_bits(rows.zone)
        self._segments.begin(self._writer, rows.slot, rows.time_ns, rows.key_ns, rows.agent, zone_bits, NO_CODE)
        self._emit(rows.slot)

    def close(self, slots: npt.NDArray[Any]) -> None:
        """Close the visits of subjects whom nobody heard within the timeout; each ended with its last evidence."""
        if not len(slots):
            return
        self._segments.end(self._writer, slots)
        self._segments.keep_many(rows_of(VisitRow, self._emit(slots), len(slots)))

    def _emit(self, slots: npt.NDArray[Any]) -> Values:
        segments = of_track(self._state, self._writer, slots, None)

        def counted(part: slice) -> list[str]:
            return self._counted(segments, slots[part], part)

        def absences(part: slice) -> list[str]:
            return self._segments.absences.texts(slots[part])

        row = row_of(self._state, self._writer, segments, 0, counted, absences)
        emit(self._writer, row, number_of_zones(segments.zones), self._segments.absences.entries(slots), known=False)
        return row

    def _counted(self, segments: Segment, slots: npt.NDArray[Any], part: slice) -> list[str]:
        """Return what each of some closed visits contributes, as the store has it."""
        t, start_ns, last_ns = self._state.tracks, np.asarray(segments.start_ns)[part], np.asarray(segments.last_ns)[part]
        seconds, counted = seconds_of(start_ns, last_ns), t.v_counted[slots]
        columns = (start_ns // NS_PER_MINUTE, t.v_minute[slots], seconds, t.v_anonymous[slots], counted)
        texts = [
            TrafficContribution(first, last, known=False, closed=True, seconds=seconds, anonymous=anonymous).to_json() if counts else ""
            for first, last, seconds, anonymous, counts in zip(*[column.tolist() for column in columns], strict=True)
        ]
        for place in np.flatnonzero(t.v_staff[slots]).tolist():
            of_staff = self._segments.contribution(slots.item(place))
            texts[place] = of_staff.to_json() if of_staff else ""
        return texts
