"""Arrivals: known fans who come into a store, reported at once for the live stream; they are no part of the state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from footfall.pseudonyms import TOP_BIT
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.state import State
from gateway.fold.visit_rows import OPEN


@dataclass(frozen=True, slots=True)
class Arrival:
    """A known fan came into a store."""

    store: str
    zone: str
    fan: str
    time_ns: int


def arrivals(state: State, rows: Evidence, subject: npt.NDArray[np.uint64]) -> Iterator[Arrival]:
    """Yield the fans whose ENTER rows these are and who have no visit yet, each once a store, with the latest row."""
    links, estate, found = state.links, state.estate, {}
    came = (rows.kind == Kind.ENTER) & (state.tracks.v_state[rows.slot] != OPEN) & (subject < np.uint64(TOP_BIT))
    for i in np.flatnonzero(came).tolist():
        time_ns, zone = int(rows.time_ns[i]), int(rows.zone[i])
        if fan := links.fan_of(int(subject[i]), time_ns):
            store = estate.stores.names[estate.zone_store[zone]]
            found[store, fan] = Arrival(store, estate.zone_name[zone], fan, time_ns)
    yield from found.values()
