"""Which zone has a subject: the strongest receiver owns it, with a margin and a holdoff from the profile.

Several agents hear one beacon: that is evidence, not several people. A STAY row is already the mean of many sightings, so a level is
that of the owner's latest row. The common row changes nothing but the time and level of the latest evidence: for those, whole
columns are compared at once. A subject for which anything else may happen in this turn is taken row by row.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from footfall.pseudonyms import to_hex
from gateway.fold.dwells import OPEN, Dwells
from gateway.fold.estate import NS_PER_MINUTE
from gateway.fold.order import Evidence
from gateway.fold.slots import NOBODY
from gateway.fold.state import State
from gateway.fold.visits import Visits

RETIRE_NS: Final = 3600 * 1_000_000_000
"""How long after its visit's timeout a slot is kept; evidence from before goes to a new lane."""


class Presence:
    """Takes evidence in order and tells visits and dwells what it means."""

    def __init__(self, state: State, visits: Visits, dwells: Dwells) -> None:
        self._state: Final = state
        self._visits: Final = visits
        self._dwells: Final = dwells

    def take(self, rows: Evidence) -> None:
        """Rows sorted by slot, and within a slot in their order."""
        first = np.empty(len(rows), np.bool_)
        first[0], first[1:] = True, rows.slot[1:] != rows.slot[:-1]
        starts = np.flatnonzero(first)
        group = np.cumsum(first) - 1
        quiet_slot = np.logical_and.reduceat(self._quiet(rows, first, starts[group]), starts)
        quiet = quiet_slot[group]
        if quiet.any():
            self._apply_quiet(rows.pick(quiet))
        busy = rows.pick(~quiet)
        one = self._one
        for row in zip(
            busy.slot.tolist(), busy.time_ns.tolist(), busy.key_ns.tolist(), busy.zone.tolist(), busy.agent.tolist(),
            busy.rssi_dbm.tolist(), busy.kind.tolist(), strict=True,
        ):  # fmt: skip
            one(*row)

    def _quiet(self, rows: Evidence, first: npt.NDArray[np.bool_], start: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Rows that, with all before them in their slot quiet, change nothing but the latest evidence."""
        s, estate, slot, t = self._state.slots, self._state.estate, rows.slot, rows.time_ns
        owner = s.zone[slot]
        known = (s.v_state[slot] == OPEN) & (s.d_state[slot] == OPEN) & ~s.v_grouped[slot] & (owner != NOBODY)
        own = rows.zone == owner
        row_before_t = np.concatenate([t[:1], t[:-1]])
        previous_t = np.where(first, s.last_ns[slot], row_before_t)
        visit_t = np.where(first, s.v_last_ns[slot], row_before_t)
        # The owner's latest row before each row: in this turn, else what the slot remembers.
        index = np.arange(len(t))
        latest_own = np.concatenate([[-1], np.maximum.accumulate(np.where(own, index, -1))[:-1]])
        here = latest_own >= start
        level = np.where(here, rows.rssi_dbm[latest_own], s.level_dbm[slot])
        owner_t = np.where(here, t[latest_own], s.zone_ns[slot])
        profile, minute = s.profile[slot], t // NS_PER_MINUTE
        outside = estate.zone_outside[owner]
        weaker = (rows.rssi_dbm <= level + estate.profile_margin_db[profile]) | (t - s.since_ns[slot] < estate.profile_holdoff_ns[profile])
        quiet: npt.NDArray[np.bool_] = (
            known
            & (rows.kind != Kind.EXIT)
            & (t >= previous_t)
            & (t - owner_t <= estate.profile_gap_ns[profile])
            & np.where(own, minute == s.d_minute[slot], weaker)
            & (outside | ((minute == s.v_minute[slot]) & (t - visit_t <= estate.timeout_ns[s.store[slot]])))
        )
        return quiet

    def _apply_quiet(self, rows: Evidence) -> None:
        """Of several rows of a slot the last one counts: numpy assigns repeated indices in order."""
        s = self._state.slots
        s.last_ns[rows.slot] = rows.time_ns
        inside = ~self._state.estate.zone_outside[s.zone[rows.slot]]
        s.v_last_ns[rows.slot[inside]] = rows.time_ns[inside]
        own = rows.zone == s.zone[rows.slot]
        s.zone_ns[rows.slot[own]] = rows.time_ns[own]
        s.level_dbm[rows.slot[own]] = rows.rssi_dbm[own]

    def _one(self, slot: int, time_ns: int, key_ns: int, zone: int, agent: int, rssi_dbm: int, kind: int) -> None:
        s = self._state.slots
        if time_ns < s.last_ns[slot]:
            self._late(slot, time_ns, key_ns, zone, agent, rssi_dbm, kind)
            return
        s.last_ns[slot] = time_ns
        self._arbitrate(slot, time_ns, key_ns, zone, agent, rssi_dbm, kind)
        owner = int(s.zone[slot])
        place = zone if owner == NOBODY else owner
        if not self._state.estate.zone_outside[place]:
            self._visits.evidence(slot, time_ns, key_ns, agent, place)

    def _arbitrate(self, slot: int, time_ns: int, key_ns: int, zone: int, agent: int, rssi_dbm: int, kind: int) -> None:
        s, estate = self._state.slots, self._state.estate
        owner, profile = int(s.zone[slot]), int(s.profile[slot])
        if kind == Kind.EXIT:
            self._dwells.late_exit(slot, zone, time_ns)
        elif owner == NOBODY or time_ns - int(s.zone_ns[slot]) > estate.profile_gap_ns[profile]:
            if not self._is_covered(slot, time_ns):
                self._dwells.open(slot, zone, time_ns, key_ns, agent)
                s.level_dbm[slot] = rssi_dbm
        elif zone == owner:
            self._dwells.extend(slot, time_ns)
            s.level_dbm[slot] = rssi_dbm
        elif (
            rssi_dbm > int(s.level_dbm[slot]) + estate.profile_margin_db[profile]
            and time_ns - int(s.since_ns[slot]) >= estate.profile_holdoff_ns[profile]
        ):
            self._dwells.open(slot, zone, time_ns, key_ns, agent)
            s.level_dbm[slot] = rssi_dbm

    def _is_covered(self, slot: int, time_ns: int) -> bool:
        """Whether another lane of the subject knows where it was: then late evidence opens no second dwell."""
        s, state = self._state.slots, self._state
        subject, store = int(s.subject[slot]), int(s.store[slot])
        lanes = s.lanes(subject, store)
        if lanes[0] == slot:
            return False
        if time_ns > s.covered_ns[slot]:
            self._dwells.save()
            ends = [state.ledger.dwell_end(to_hex(subject), state.estate.stores.names[store], time_ns)]
            ends += [int(s.zone_ns[lane]) for lane in lanes if lane != slot and s.d_state[lane] and s.d_start_ns[lane] <= time_ns]
            s.covered_ns[slot] = max(ends)
        return bool(time_ns <= s.covered_ns[slot])

    def _late(self, slot: int, time_ns: int, key_ns: int, zone: int, agent: int, rssi_dbm: int, kind: int) -> None:
        """Evidence older than the lane's latest: known already, an earlier beginning, or another lane's."""
        s = self._state.slots
        if kind == Kind.EXIT:
            self._dwells.late_exit(slot, zone, time_ns)
        start_ns, store = int(s.v_start_ns[slot]), int(s.store[slot])
        if s.v_state[slot] and time_ns >= start_ns:
            return
        if s.v_state[slot] and start_ns - time_ns <= self._state.estate.timeout_ns[store]:
            if not self._state.estate.zone_outside[zone]:
                self._visits.earlier(slot, time_ns)
            return
        if self._state.estate.zone_outside[zone]:
            return
        self._one(self._lane_for(slot, time_ns), time_ns, key_ns, zone, agent, rssi_dbm, kind)

    def _lane_for(self, slot: int, time_ns: int) -> int:
        """A later lane that can take the time in order, or holds it within its visit; a new one if none can."""
        s = self._state.slots
        subject, store = int(s.subject[slot]), int(s.store[slot])
        lanes = s.lanes(subject, store)
        for lane in lanes[lanes.index(slot) + 1 :]:
            if time_ns >= s.last_ns[lane] or (s.v_state[lane] and s.v_start_ns[lane] <= time_ns):
                return lane
        self._state.counts["late_lanes_total"] += 1
        return s.add(subject, store, int(s.profile[slot]), bool(s.staff[slot]))

    def expire(self, watermark_ns: npt.NDArray[np.int64], waiting: npt.NDArray[np.int32]) -> None:
        """Close what the watermarks have passed by its timeout, and free slots that nobody needs; `waiting` are needed."""
        s, estate, n = self._state.slots, self._state.estate, self._state.slots.size
        used = s.store[:n] != NOBODY
        store = np.where(used, s.store[:n], 0)
        if not len(watermark_ns):
            return
        now = watermark_ns[store]
        for slot in np.flatnonzero((s.d_state[:n] == OPEN) & (now - s.zone_ns[:n] > estate.profile_gap_ns[s.profile[:n]])).tolist():
            self._dwells.close(slot)
        overdue = now - s.v_last_ns[:n] > estate.timeout_ns[store]
        for slot in np.flatnonzero((s.v_state[:n] == OPEN) & overdue).tolist():
            self._visits.close(slot)
        gone = used & (s.v_state[:n] != OPEN) & (s.d_state[:n] != OPEN)
        gone &= (s.last_ns[:n] > 0) & (now - s.last_ns[:n] > estate.timeout_ns[store] + RETIRE_NS)
        gone[waiting] = False
        retired = np.flatnonzero(gone).tolist()
        if retired:
            self._visits.project()
        for slot in retired:
            self._visits.forget(slot)
            s.remove(slot)
