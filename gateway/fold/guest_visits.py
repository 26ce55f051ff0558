"""The visits of a store's day of which more than a device is known: each once, with the span and the devices of all its segments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from gateway.fold.state import State
from gateway.fold.store import is_visit
from gateway.fold.visit_groups import VisitGroups
from gateway.fold.visit_rows import Segment, VisitKey, joined


class GuestVisits:
    """Save segments first: what tracks have is newer than the store."""

    def __init__(self, state: State, groups: VisitGroups) -> None:
        self._state: Final = state
        self._groups: Final = groups

    def of_day(self, store: int, begin_ns: int, end_ns: int) -> Iterator[Segment]:
        """Yield the visits that began in a span, of fans and of provisional ones, without those of staff; each has its group's span."""
        shown: set[VisitKey] = set()
        for segment in self._segments(store, begin_ns, end_ns):
            if segment.key in shown:
                continue
            group = self._groups.of(store, segment) if segment.grouped else [segment]
            shown.update(each.key for each in group)
            visit = joined(segment, group)
            if begin_ns <= visit.start_ns < end_ns:
                yield visit

    def _segments(self, store: int, begin_ns: int, end_ns: int) -> list[Segment]:
        segments, name = self._groups.segments, self._state.estate.stores.names[store]
        rows = self._state.ledger.visits_of_fans(name, begin_ns, end_ns)
        found = {segment.key: segment for segment in map(segments.from_row, filter(is_visit, rows))}
        found |= {segment.key: segment for segment in map(segments.of_track, self._tracks(store))}
        guests = (each for each in found.values() if each.fan and not each.staff and begin_ns <= each.start_ns < end_ns)
        return sorted(guests, key=lambda each: each.key)

    def _tracks(self, store: int) -> list[int]:
        tracks = self._state.tracks
        slots: list[int] = np.flatnonzero((tracks.store[: tracks.size] == store) & (tracks.v_state[: tracks.size] != 0)).tolist()
        return slots
