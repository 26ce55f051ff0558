"""How many are in each zone now, of those who carry a device: decided, and probably. For the live stream; no part of the state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.fold.dwell_rows import OPEN
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.zones_now import zones_now

STORES_AT_ONCE: Final = 200
"""Of a chain in which somebody walks everywhere so many stores are shown anew with each look, in turn."""
SLOTS_AT_ONCE: Final = 65_536
"""What is asked about all tracks at once takes its memory for good."""


class ZoneCrowd(NamedTuple):
    """Subjects that are not staff, in one zone."""

    decided: int
    probable: int
    """With those for whom the zone leads, without those for whom another does."""


class ZoneCrowds:
    """`look` for stores that changed, then ask for them."""

    def __init__(self, state: State) -> None:
        self._state: Final = state
        self._shown = np.zeros((len(ZoneCrowd._fields), 0), np.int64)
        """By field and zone, as it was when its store was looked at."""
        self._turn = 0
        """The store code at which the next look begins."""

    def look(self) -> list[int]:
        """Return the codes of stores whose crowds changed since they were returned last; of very many those whose turn it is."""
        now = self._count()
        shown = np.zeros_like(now)
        shown[:, : self._shown.shape[1]] = self._shown
        zone_store = self._state.estate.zone_store
        stores = np.unique(zone_store[(now != shown).any(axis=0)])
        stores = np.roll(stores, -int(np.searchsorted(stores, self._turn)))[:STORES_AT_ONCE]
        if len(stores):
            self._turn = int(stores[-1]) + 1
        which = np.isin(zone_store, stores)
        shown[:, which] = now[:, which]
        self._shown = shown
        found: list[int] = stores.tolist()
        return found

    def of(self, store: int) -> Mapping[str, ZoneCrowd]:
        """Return the zones of a store in which anybody is, as of the last look."""
        zones = np.flatnonzero((self._state.estate.zone_store[: self._shown.shape[1]] == store) & self._shown.any(axis=0))
        return {self._state.estate.zone_name[zone]: ZoneCrowd(*self._shown[:, zone].tolist()) for zone in zones.tolist()}

    def _count(self) -> npt.NDArray[np.int64]:
        s, zones = self._state.tracks, len(self._state.estate.zone_name)
        found = np.zeros((len(ZoneCrowd._fields), zones), np.int64)
        for begin in range(0, s.size, SLOTS_AT_ONCE):
            slots = np.arange(begin, min(begin + SLOTS_AT_ONCE, s.size))
            slots = slots[(s.store[slots] != NO_CODE) & ~s.staff[slots] & ~s.out_of_order[slots]]
            found[0] += np.bincount(s.zone[slots[s.d_state[slots] == OPEN]], minlength=zones)
            found[1] += np.bincount(zones_now(self._state, slots).zone, minlength=zones)
        return found
