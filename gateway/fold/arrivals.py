"""Arrivals: known fans who come into a store, reported at once for the live stream; they are no part of the state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from footfall.pseudonyms import TOP_BIT
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.state import State
from gateway.fold.visit_rows import CLOSED, OPEN

REMEMBERED: Final = 100_000
"""Fans of whom the latest arrival is kept."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A known fan came into a store."""

    store: str
    zone: str
    fan: str
    time_ns: int


class Arrivals:
    """Which known fans arrive. Rows wait before they open a visit, so each arrival is remembered until then."""

    def __init__(self, state: State) -> None:
        self._state: Final = state
        self._latest_ns: Final[dict[tuple[int, str], int]] = {}
        """By store and fan: the latest ENTER row; the least recent first."""

    def of(self, rows: Evidence, subject: npt.NDArray[np.uint64]) -> list[Arrival]:
        """Return the fans of ENTER rows that begin a visit, each once a visit and store.

        An ENTER within the store's idle timeout of one before, or of a visit's last row, begins none. After a restart an arrival whose
        rows still wait may be returned again.
        """
        state, found = self._state, []
        which = np.flatnonzero((rows.kind == Kind.ENTER) & ~self._in_visit(rows) & (subject < np.uint64(TOP_BIT)))
        for i in which.tolist():
            time_ns, zone = int(rows.time_ns[i]), int(rows.zone[i])
            store = int(state.estate.zone_store[zone])
            if (fan := state.links.fan_of(int(subject[i]), time_ns)) and self._is_new(store, fan, time_ns):
                found.append(Arrival(state.estate.stores.names[store], state.estate.zone_name[zone], fan, time_ns))
        return found

    def _in_visit(self, rows: Evidence) -> npt.NDArray[np.bool_]:
        tracks, timeout_ns = self._state.tracks, self._state.estate.timeout_ns
        v_state, since_ns = tracks.v_state[rows.slot], rows.time_ns - tracks.v_last_ns[rows.slot]
        goes_on: npt.NDArray[np.bool_] = (v_state == OPEN) | ((v_state == CLOSED) & (since_ns <= timeout_ns[tracks.store[rows.slot]]))
        return goes_on

    def _is_new(self, store: int, fan: str, time_ns: int) -> bool:
        latest_ns = self._latest_ns.pop((store, fan), None)
        self._latest_ns[store, fan] = time_ns if latest_ns is None else max(time_ns, latest_ns)
        if len(self._latest_ns) > REMEMBERED:
            del self._latest_ns[next(iter(self._latest_ns))]
        return latest_ns is None or abs(time_ns - latest_ns) > int(self._state.estate.timeout_ns[store])
