"""Time in which nothing changes, as long as no row comes: whoever simulates need not look at every moment of it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.fold.dwell_rows import OPEN
from gateway.fold.item_events import ItemEvents
from gateway.fold.reorder_buffer import ReorderBuffer
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import DECIDED
from gateway.fold.visits import RETIRE_NS
from gateway.fold.watermarks import NEVER_NS, Watermarks
from gateway.fold.zone_arbiter import ZoneArbiter

Slots = npt.NDArray[Any]


class QuietTime:
    """Looks at what the parts of a fold have; it changes nothing."""

    def __init__(
        self, state: State, watermarks: Watermarks, reorder_buffer: ReorderBuffer, item_events: ItemEvents, zone_arbiter: ZoneArbiter
    ) -> None:
        self._state: Final = state
        self._watermarks: Final = watermarks
        self._reorder_buffer: Final = reorder_buffer
        self._item_events: Final = item_events
        self._zone_arbiter: Final = zone_arbiter

    def lasts_until(self, until_ns: int) -> bool:
        """Return whether all that is stored and known stays as it is while all agents report up to a time that they heard nothing.

        False also where that is not known: while rows wait, and where there are goods.
        """
        if len(self._reorder_buffer) or len(self._item_events.waiting) or len(self._item_events.table):
            return False
        s, by_store = self._state.tracks, self._watermarks.by_store
        watermark_ns = np.where(by_store > NEVER_NS, until_ns, by_store)
        stores, slots = np.arange(len(by_store)), np.flatnonzero(s.store[: s.size] != NO_CODE)
        usual = self._state.usual_levels
        if not usual.has_begun(stores, usual.slice_of(stores, watermark_ns)).all():
            return False
        at_ns = watermark_ns[s.store[slots]]
        if (at_ns > self._ends_ns(slots)).any():
            return False
        undecided = s.contest[slots] != DECIDED
        return not self._zone_arbiter.are_over(slots[undecided], at_ns[undecided])

    def _ends_ns(self, slots: Slots) -> npt.NDArray[np.int64]:
        """Return up to when each slot's dwell, contest, pass and visit go on, and the slot is kept, as `ZoneArbiter.expire` has it."""
        s, estate = self._state.tracks, self._state.estate
        gap_ns, timeout_ns = estate.limits.gap_ns[s.profile[slots]], estate.timeout_ns[s.store[slots]]
        heard_ns = np.maximum(s.last_ns[slots], s.pass_last_ns[slots])
        ends = (
            (s.contest[slots] != DECIDED, s.last_ns[slots] + gap_ns),
            (s.d_state[slots] == OPEN, s.zone_ns[slots] + gap_ns),
            ((s.pass_ns[slots] > 0) & ~s.pass_counted[slots], s.pass_last_ns[slots] + timeout_ns),
            (s.v_state[slots] == OPEN, s.v_last_ns[slots] + timeout_ns),
            (heard_ns > 0, heard_ns + timeout_ns + RETIRE_NS),
        )
        never = np.iinfo(np.int64).max
        found: npt.NDArray[np.int64] = np.min([np.where(applies, end_ns, never) for applies, end_ns in ends], axis=0)
        return found
