"""Visits on their own, whose subject nobody is linked to: most of all, so they are opened and closed as columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.pseudonyms import to_hex
from footfall.units import NS_PER_MINUTE, NS_PER_MS
from gateway.fold.estate_index import seconds_of
from gateway.fold.minute_counts import TRAFFIC_COLUMN
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.state import State
from gateway.fold.store import ROWS_AT_ONCE, VisitRow
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.visit_segments import CLOSED, OPEN, TrafficContribution, VisitSegments
from gateway.points import Coded, Points


class UnlinkedVisits:
    """Open, close and emit visits as columns, with the rows that `Visits` makes of each."""

    def __init__(self, state: State, segments: VisitSegments) -> None:
        self._state: Final = state
        self._segments: Final = segments

    def open(self, rows: Evidence) -> None:
        """The first visits of their slots, one row a slot."""
        state, s, slot, time_ns = self._state, self._state.tracks, rows.slot, rows.time_ns
        minute = time_ns // NS_PER_MINUTE
        self._segments.begin(slot, time_ns, rows.key_ns, rows.agent, state.estate.zone_bits(rows.zone), NO_CODE)
        counted, store = s.v_counted[slot], s.store[slot]
        ones = np.ones(int(counted.sum()))
        state.traffic.add_each(
            store[counted], minute[counted], {TRAFFIC_COLUMN["visits_started"]: ones, TRAFFIC_COLUMN["visits_open"]: ones}
        )
        self._emit(slot)

    def close(self, slots: npt.NDArray[Any]) -> None:
        """Nobody heard these subjects within the timeout; each visit ended with its last evidence."""
        s = self._state.tracks
        s.v_state[slots] = CLOSED
        counted = slots[s.v_counted[slots]]
        ended = {
            TRAFFIC_COLUMN["visits_closed"]: np.ones(len(counted)),
            TRAFFIC_COLUMN["dwell_sum_s"]: seconds_of(s.v_start_ns[counted], s.v_last_ns[counted]),
        }
        self._state.traffic.add_each(s.store[counted], s.v_minute[counted], ended)
        self._emit(slots)
        self._segments.keep_many(self._rows(slots))

    def _emit(self, slots: npt.NDArray[Any]) -> None:
        s, names, n = self._state.tracks, self._state.estate, len(slots)
        no, zeros, nobody = np.zeros(n, np.bool_), np.zeros(n, np.int64), Coded.constant("", n)
        self._state.points.emit_columns(
            Points(
                "visit",
                s.v_key_ns[slots],
                {
                    "agent": Coded.take(s.v_agent[slots], names.agents.names),
                    "store": Coded.take(s.store[slots], names.stores.names),
                },
                {
                    "subject": s.subject[slots], "fan": nobody, "known": no, "is_staff": s.staff[slots],
                    "open": s.v_state[slots] == OPEN, "started_ms": s.v_start_ns[slots] // NS_PER_MS,
                    "seconds": seconds_of(s.v_start_ns[slots], s.v_last_ns[slots]),
                    "zones": np.bitwise_count(s.v_zones[slots]).astype(np.int64), "touches": zeros, "transactions": zeros,
                    "amount": np.zeros(n), "void": no, "merged_into": nobody,
                },
            )
        )  # fmt: skip

    def _rows(self, slots: npt.NDArray[Any]) -> Iterator[VisitRow]:
        """Of closed visits, as the ledger has them; a few thousand at a time are spelled out."""
        s, estate = self._state.tracks, self._state.estate
        stores, agents = estate.stores.names, estate.agents.names
        for at in range(0, len(slots), ROWS_AT_ONCE):
            part = slots[at : at + ROWS_AT_ONCE]
            start_ns, last_ns = s.v_start_ns[part], s.v_last_ns[part]
            columns = (s.subject[part], s.store[part], s.v_key_ns[part], s.v_agent[part], start_ns, last_ns, s.v_zones[part].view(np.int64),
                       s.staff[part], s.v_counted[part], s.v_minute[part], seconds_of(start_ns, last_ns))  # fmt: skip
            for subject, store, key_ns, agent, start, last, zones, staff, counted, minute, seconds in zip(
                *[column.tolist() for column in columns], strict=True
            ):
                counted_as = TrafficContribution(start // NS_PER_MINUTE, minute, False, True, seconds).to_json() if counted else ""
                yield VisitRow(to_hex(subject), stores[store], key_ns, agents[agent], start, last, zones, int(staff), 0, "", 0, counted_as)
