"""Slices of a store's time: what is learned in one is used from the next on, once all is decided that was over before.

So what is usual in a zone, and which zone is deaf, follows from the places of rows, and not from when agents deliver them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.fold.contest_columns import ContestColumns
from gateway.fold.estate_index import NEVER_NS
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.usual_levels import UsualLevels

MOST_DAYS: Final = 31
"""After so many what was known before counts no more."""
SLOTS_AT_ONCE: Final = 65_536
"""So many slots are asked at a time: what is asked about all at once takes its memory for good."""
Slots = npt.NDArray[Any]


class Slices:
    """Begins slices in time. `columns` returns the slots whose contests are over; `decide` decides them."""

    def __init__(self, state: State, columns: ContestColumns, decide: Callable[[Slots], None]) -> None:
        self._state: Final = state
        self._columns: Final = columns
        self._decide: Final = decide

    def parts(self, rows: Evidence) -> Iterator[Evidence]:
        """Yield rows slice by slice, each once it has begun in their stores."""
        usual, store = self._usual(), self._state.tracks.store[rows.slot]
        slices = usual.slice_of(store, rows.place_ns)
        if usual.has_begun(store, slices).all():
            yield rows
            return
        begins = np.append([True], slices[1:] != slices[:-1])  # a slot's rows are in order: that leaves few to be sorted
        for number in np.unique(slices[begins]).tolist():
            part = rows.take(slices == number)
            stores = np.unique(self._state.tracks.store[part.slot])
            self._begin(stores, np.full(len(stores), number))
            yield part

    def reach(self, watermark_ns: npt.NDArray[np.int64]) -> None:
        """Begin the slices of all stores that their watermarks have reached."""
        stores = np.arange(len(watermark_ns))
        self._begin(stores, self._usual().slice_of(stores, watermark_ns))

    def _usual(self) -> UsualLevels:
        estate = self._state.estate
        for known in (self._state.usual_levels, self._state.deaf_zones):
            known.grow(len(estate.zone_store), len(estate.stores))
        self._state.zone_shares.grow(len(estate.zone_store))
        return self._state.usual_levels

    def _begin(self, stores: npt.NDArray[Any], numbers: npt.NDArray[Any]) -> None:
        """Begin a slice in each store: the one after the present at first, so that this alone is looked at, then that of a new day."""
        usual, s = self._state.usual_levels, self._state.tracks
        for next_of in (usual.next_one, usual.day_between, usual.day_between):
            late = ~usual.has_begun(stores, numbers)
            stores, numbers = stores[late], numbers[late]
            if not len(stores):
                return
            begun = next_of(stores, numbers)
            until_ns, begins = np.zeros(len(self._state.estate.stores), np.int64), np.zeros(len(self._state.estate.stores), np.bool_)
            until_ns[stores], begins[stores] = usual.begin_ns(begun), True
            slots = np.flatnonzero(s.contest[: s.size])
            slots = slots[begins[s.store[slots]]]
            self._decide(self._columns.over(slots, until_ns[s.store[slots]]))
            self._conclude(stores, begun)
            usual.begin(stores, begun, self._state.estate.zone_store)

    def _conclude(self, stores: npt.NDArray[Any], begun: npt.NDArray[Any]) -> None:
        """Find out who was where in the slices that are over, since others begin, and which zones heard nobody."""
        usual, deaf, shares = self._state.usual_levels, self._state.deaf_zones, self._state.zone_shares
        zone_store = self._state.estate.zone_store
        present, since_ns = usual.present(stores), np.full(len(self._state.estate.stores), NEVER_NS)
        since_ns[stores] = usual.begin_ns(present)
        there, heard, spent = np.zeros(len(since_ns), np.int64), np.zeros(len(zone_store), np.int64), np.zeros(len(zone_store), np.int64)
        for slots in self._slots(since_ns):
            more = deaf.count(self._state.tracks, slots, since_ns)
            there, heard = there + more[0], heard + more[1]
            spent += shares.count(self._state.tracks, slots, since_ns, self._state.estate.zone_outside)
        days = np.zeros(len(since_ns), np.int64)
        days[stores] = np.minimum(usual.day_of(begun) - usual.day_of(present), MOST_DAYS)
        deaf.conclude(stores, there, heard, zone_store)
        deaf.begin_days(days, zone_store)
        shares.conclude(spent, days, zone_store)

    def _slots(self, since_ns: npt.NDArray[np.int64]) -> Iterator[Slots]:
        """Yield the slots that were heard since a time of their store."""
        s = self._state.tracks
        for begin in range(0, s.size, SLOTS_AT_ONCE):
            used = begin + np.flatnonzero(s.store[begin : min(begin + SLOTS_AT_ONCE, s.size)] != NO_CODE)
            yield used[s.last_ns[used] >= since_ns[s.store[used]]]
