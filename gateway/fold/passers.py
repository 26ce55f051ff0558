"""Passers-by: subjects that were heard, but never as loud as inside. They have no visit and no dwell, and the minutes count them apart.

A zone or a profile may state an entrance level. Evidence below it counts only of who is inside: who was as loud once, and was heard
since without a silence longer than the store's idle timeout. Before that, it is a pass: it begins with its first row, and ends with such
a silence. Then it is counted in the minute in which it began, and the store behind the fold keeps it as a visit without zones. Who turns
out to be inside within the timeout of a pass, late as the row may be, has passed nobody by: then the pass is taken back.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.pseudonyms import to_hex
from footfall.units import NS_PER_MINUTE
from gateway.fold.minute_counts import TRAFFIC_COLUMN
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.state import State
from gateway.fold.store import VisitRow
from gateway.fold.visit_limits import ANY_DBM
from gateway.fold.visits import Visits
from gateway.fold.zone_rules import starts

_PASSERS: Final = TRAFFIC_COLUMN["passers_by"]
_COUNTED: Final = "pass"
"""What the store keeps of a pass that the minutes count, where a visit has its contribution."""


class Passers:
    """Holds back evidence of who is not inside, and counts passes."""

    def __init__(self, state: State, visits: Visits) -> None:
        self._state: Final = state
        self._visits: Final = visits

    def take(self, rows: Evidence) -> Evidence:
        """Return the rows that count, of rows sorted by slot and within a slot in their order."""
        estate, s = self._state.estate, self._state.tracks
        if not estate.states_entrance_levels:
            return rows
        ours = np.flatnonzero(~estate.zone_outside[rows.zone])
        slot, time_ns = rows.slot[ours], rows.time_ns[ours]
        needed = np.where(s.staff[slot], ANY_DBM, estate.entrance_dbm(rows.zone[ours], s.profile[slot]))
        loud = rows.rssi_dbm[ours] >= needed
        rare = self._are_rare(slot, time_ns)
        np.maximum.at(s.inside_ns, slot[~rare], time_ns[~rare])
        counts = np.ones(len(rows), np.bool_)
        for place in np.flatnonzero(rare).tolist():
            counts[ours[place]] = self._is_inside(slot.item(place), time_ns.item(place), bool(loud[place]))
        return rows if counts.all() else rows.take(counts)

    def _are_rare(self, slot: npt.NDArray[np.int32], time_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Return which rows are of slots that may not be inside all the time: those are looked at one by one."""
        s, (_, first) = self._state.tracks, starts(slot)
        before_ns = np.where(first, self._inside_ns(slot), np.concatenate([time_ns[:1], time_ns[:-1]]))
        is_known = (before_ns > 0) & (np.abs(time_ns - before_ns) <= self._state.estate.timeout_ns[s.store[slot]])
        plain = is_known & (time_ns >= s.inside_since_ns[slot]) & (s.pass_ns[slot] == 0)
        rare: npt.NDArray[np.bool_] = np.isin(slot, slot[~plain])
        return rare

    def _is_inside(self, slot: int, time_ns: int, loud: bool) -> bool:
        s = self._state.tracks
        inside_ns, timeout_ns = int(self._inside_ns(slot)), int(self._state.estate.timeout_ns[s.store[slot]])
        is_known = inside_ns > 0 and abs(time_ns - inside_ns) <= timeout_ns
        if loud:
            self._enter(slot, time_ns, timeout_ns)
            s.inside_since_ns[slot] = min(time_ns, s.inside_since_ns.item(slot)) if is_known else time_ns
        elif not is_known or time_ns < s.inside_since_ns[slot]:
            self._pass(slot, time_ns, timeout_ns)
            return False
        s.inside_ns[slot] = max(inside_ns, time_ns)
        return True

    def _inside_ns(self, slot: Any) -> Any:
        """Return the latest evidence inside, of a track or of several: a visit may have begun before a level was stated."""
        s = self._state.tracks
        return np.maximum(s.inside_ns[slot], np.where(s.v_state[slot] != 0, s.v_last_ns[slot], 0))

    # Passes

    def _pass(self, slot: int, time_ns: int, timeout_ns: int) -> None:
        """Take evidence of who is not inside; what is before the begin of a visit shows nothing."""
        s = self._state.tracks
        if self._inside_ns(slot) > time_ns:
            return
        if s.pass_ns[slot] and time_ns - s.pass_last_ns.item(slot) > timeout_ns:
            self._count(slot)
            s.pass_ns[slot] = 0
        if not s.pass_ns[slot]:
            s.pass_ns[slot], s.pass_counted[slot] = time_ns, False
        s.pass_last_ns[slot] = max(s.pass_last_ns.item(slot), time_ns)

    def _enter(self, slot: int, time_ns: int, timeout_ns: int) -> None:
        """Whoever is inside now did not pass by within the timeout of it."""
        s = self._state.tracks
        first_ns, last_ns = s.pass_ns.item(slot), s.pass_last_ns.item(slot)
        if (first_ns and (s.pass_counted[slot] or time_ns < last_ns)) or self._visits.may_be_retired(int(s.store[slot]), time_ns):
            self._take_back(slot, time_ns, timeout_ns)
        if first_ns and not s.pass_counted[slot] and time_ns - last_ns > timeout_ns:
            self._count(slot)
        s.pass_ns[slot] = s.pass_last_ns[slot] = 0

    def close(self, slots: npt.NDArray[Any], closing_ns: npt.NDArray[np.int64]) -> None:
        """Count the passes of slots that are over by their timeout; `closing_ns` by store."""
        s = self._state.tracks
        slots = slots[(s.pass_ns[slots] > 0) & ~s.pass_counted[slots]]
        stores = s.store[slots]
        for slot in slots[closing_ns[stores] - s.pass_last_ns[slots] > self._state.estate.timeout_ns[stores]].tolist():
            self._count(slot)

    def _count(self, slot: int) -> None:
        s = self._state.tracks
        first_ns, last_ns, store = s.pass_ns.item(slot), s.pass_last_ns.item(slot), int(s.store[slot])
        if s.pass_counted[slot]:
            return
        s.pass_counted[slot] = True
        timeout_ns = int(self._state.estate.timeout_ns[store])
        if s.v_state[slot] and s.v_start_ns[slot] <= last_ns + timeout_ns and s.v_last_ns[slot] >= first_ns - timeout_ns:
            return  # the level is stated no more, and so it came in
        row = VisitRow(
            to_hex(s.subject.item(slot)), self._state.estate.stores.names[store], first_ns, "", first_ns, last_ns, 0, 0, 0, "", 0, _COUNTED
        )
        self._state.ledger.save_visits([row])
        self._state.traffic.add(store, first_ns // NS_PER_MINUTE, _PASSERS, 1)

    def _take_back(self, slot: int, time_ns: int, timeout_ns: int) -> None:
        s, ledger = self._state.tracks, self._state.ledger
        subject, store = to_hex(s.subject.item(slot)), int(s.store[slot])
        name = self._state.estate.stores.names[store]
        for row in ledger.visits(subject, name, time_ns - timeout_ns, time_ns + timeout_ns):
            if row.counted == _COUNTED:
                ledger.save_visits([row._replace(counted="")])
                self._state.traffic.add(store, row.start_ns // NS_PER_MINUTE, _PASSERS, -1)
