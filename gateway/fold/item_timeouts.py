"""When an item is gone: nobody heard it for its timeout, though who heard it last was there to hear it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_S
from gateway.fold.state import State
from gateway.fold.tables.items import Items
from gateway.fold.watermarks import Watermarks

EXIT_NS: Final = 15 * NS_PER_S
"""So long after the timeout an EXIT may still come: agents send it when their own timeout has passed."""


class ItemTimeouts:
    """Asks about items by slot, at times of their store."""

    def __init__(self, state: State, watermarks: Watermarks) -> None:
        self._state: Final = state
        self._watermarks: Final = watermarks

    def timeout_ns(self, items: Items, slots: Any) -> Any:
        """Return after how long a silence an item has left, ns: for one slot or for an array."""
        return self._state.estate.limits.gap_ns[items.profile[slots]] + EXIT_NS

    def is_gone(self, items: Items, slot: int, time_ns: int, now_ns: int) -> bool:
        """Return whether an item was gone at a time; `now_ns` is that of the batch."""
        if time_ns - int(items.last_ns[slot]) <= self.timeout_ns(items, slot):
            return False
        return bool(self.are_gone(items, np.array([slot]), np.array([time_ns]), now_ns)[0])

    def are_gone(self, items: Items, slots: npt.NDArray[Any], time_ns: npt.NDArray[np.int64], now_ns: int) -> npt.NDArray[np.bool_]:
        """Return the same for arrays of one row an item. An agent that is away has not seen by now that anything is gone."""
        for agent in (items.last_agent[slots], items.zone_agent[slots]):
            pairs, place = np.unique(items.store[slots].astype(np.int64) << 32 | agent, return_inverse=True)
            progress_ns = [self._watermarks.progress_ns(pair >> 32, pair & 0xFFFFFFFF, now_ns) for pair in pairs.tolist()]
            time_ns = np.minimum(time_ns, np.array(progress_ns)[place])
        gone: npt.NDArray[np.bool_] = time_ns - items.last_ns[slots] > self.timeout_ns(items, slots)
        return gone
