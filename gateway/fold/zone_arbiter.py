"""Which zone has a subject: the strongest receiver owns it, with a margin and a holdoff from the profile.

Several agents hear one beacon: that is evidence, not several people. A STAY row is already the mean of many sightings, so a level is
that of the owner's latest row. An owner that is not heard for two STAY periods is stale, and one that sent an EXIT is gone. The common
row changes nothing but the time and level of the latest evidence: for those, whole columns are compared at once.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from footfall.pseudonyms import to_hex
from gateway.fold import zone_rules
from gateway.fold.contest_columns import ContestColumns
from gateway.fold.dwell_rows import OPEN
from gateway.fold.dwells import Dwells
from gateway.fold.passers import Passers
from gateway.fold.quiet_rows import are_quiet, take_quiet
from gateway.fold.reorder_buffer import AS_THE_SLOT, Evidence
from gateway.fold.slices import SLOTS_AT_ONCE, Slices
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import DECIDED, SETTLES
from gateway.fold.visits import RETIRE_NS, Visits
from gateway.fold.zone_contest import ZoneContest
from gateway.fold.zone_levels import HeardRow
from gateway.fold.zone_rules import ends, in_rounds


class ZoneArbiter:
    """Apply evidence in order, and open, extend and close dwells and visits by it."""

    def __init__(self, state: State, visits: Visits, dwells: Dwells) -> None:
        self._state: Final = state
        self._visits: Final = visits
        self._dwells: Final = dwells
        self._contest: Final = ZoneContest(state, visits, dwells, self._is_covered)
        self._columns: Final = ContestColumns(state, visits, dwells)
        self._slices: Final = Slices(state, self._columns, self._decide)
        self._passers: Final = Passers(state, visits)

    def take(self, rows: Evidence) -> None:
        """Apply rows that are sorted by slot, and within a slot in their order."""
        rows = self._passers.take(rows)
        for part in self._slices.parts(rows):
            self._state.deaf_zones.hear(part.zone)
            self._take(part)

    def _take(self, rows: Evidence) -> None:
        in_rounds(rows, self._unchanged, self._apply_unchanged, self._apply_transitions, self._apply_rows)

    def _apply_transitions(self, rows: Evidence) -> None:
        """At most one row a slot: the common ones as columns, all else one by one."""
        if len(rows) <= zone_rules.FEW:
            self._apply_rows(rows)
            return
        rest = self._columns.take(rows)
        self._decide(self._columns.over(rows.slot, rows.place_ns))
        self._apply_rows(rest)

    def _apply_rows(self, rows: Evidence) -> None:
        for slot, profile, *row in zip(
            rows.slot.tolist(), rows.profile.tolist(), rows.place_ns.tolist(), rows.time_ns.tolist(), rows.key_ns.tolist(),
            rows.zone.tolist(), rows.agent.tolist(), rows.rssi_dbm.tolist(), rows.kind.tolist(), rows.count.tolist(), strict=True,
        ):  # fmt: skip
            self._apply_row(slot, HeardRow(*row), profile)

    def _unchanged(self, rows: Evidence, first: npt.NDArray[np.bool_], start: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Rows that, with all before them in their slot alike, change nothing but the latest evidence.

        Contests that are over before a slot's first row are decided first.
        """
        begins = np.flatnonzero(first)
        self._decide(self._columns.over(rows.slot[begins], rows.place_ns[begins]))
        s, slots = self._state.tracks, rows.slot[begins]
        able = (s.contest[slots] == DECIDED) & (s.d_state[slots] == OPEN) & ~s.v_grouped[slots]
        able &= self._state.deaf_zones.of_store[s.store[slots]] == NO_CODE
        able &= ~self._state.estate.joint.stores[s.store[slots]]
        if not able.any():
            return np.zeros(len(rows), np.bool_)
        times = np.diff(begins, append=len(rows))
        asked = np.repeat(able, times)
        return asked & self._are_in_visits(rows, begins, times) & are_quiet(s, self._state.estate.limits, rows, asked)

    def _are_in_visits(self, rows: Evidence, begins: npt.NDArray[np.intp], times: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Whether rows of an owner extend an open visit, or need none; of each slot so many rows begin at `begins`."""
        s, estate, t, slots = self._state.tracks, self._state.estate, rows.time_ns, rows.slot[begins]
        in_visit = np.empty(len(t), np.bool_)
        in_visit[1:] = t[1:] - t[:-1] <= estate.least_absence_ns
        in_visit[begins] = t[begins] - s.v_last_ns[slots] <= estate.least_absence_ns
        in_visit &= np.repeat(s.v_state[slots] == OPEN, times)
        return in_visit | np.repeat(estate.zone_outside[s.zone[slots]], times).astype(np.bool_)

    def _apply_unchanged(self, rows: Evidence) -> None:
        """Of several rows of a slot the last one counts."""
        s, last = self._state.tracks, ends(rows.slot)
        slots, last_ns = rows.slot[last], rows.time_ns[last]
        s.last_ns[slots] = last_ns
        inside = ~self._state.estate.zone_outside[s.zone[slots]]
        s.v_last_ns[slots[inside]] = last_ns[inside]
        take_quiet(self._state, rows)
        self._visits.advance(slots)
        self._dwells.advance(slots)

    def _apply_row(self, slot: int, row: HeardRow, profile: int) -> None:
        s = self._state.tracks
        deaf = self._state.deaf_zones.of_store.item(s.store.item(slot))
        if self._contest.is_over(slot, row.place_ns):
            self._contest.decide(slot)
        if row.time_ns < s.last_ns[slot]:
            self._apply_out_of_order(slot, row, profile)
            return
        if profile != s.profile[slot]:
            self._take_profile(slot, row.time_ns, profile)
        s.last_ns[slot] = row.time_ns
        self._contest.take(slot, row)
        if deaf != NO_CODE:
            self._contest.suppose(slot, row)
        if self._contest.is_over(slot, row.place_ns):
            self._contest.decide(slot)

    def _take_profile(self, slot: int, time_ns: int, profile: int) -> None:
        """A subject that is new, or so long gone that its slot may have been freed, has the profile of its first row in order."""
        s, state = self._state.tracks, self._state
        if profile == AS_THE_SLOT or time_ns - int(s.last_ns[slot]) <= int(state.estate.timeout_ns[s.store[slot]]) + RETIRE_NS:
            return
        if s.last_ns[slot]:
            self._end(slot)
        s.profile[slot] = profile
        s.staff[slot] = state.are_staff(s.subject[slot : slot + 1], s.profile[slot : slot + 1])[0]

    def _end(self, slot: int) -> None:
        """What the slot knew is over, as if it were freed."""
        s = self._state.tracks
        if s.d_state[slot] == OPEN:
            self._dwells.close(slot)
        if s.v_state[slot] == OPEN:
            self._visits.close(slot)
        self._dwells.parts.reach()
        self._visits.project()
        self._visits.forget(slot)
        s.d_state[slot] = s.v_state[slot] = 0
        s.zone[slot] = s.p_zone[slot] = NO_CODE

    def _is_covered(self, slot: int, time_ns: int) -> bool:
        """Whether another track, or a slot that is gone, knows where the subject was: then late evidence opens no second dwell."""
        s, state = self._state.tracks, self._state
        subject, store = int(s.subject[slot]), int(s.store[slot])
        tracks = s.tracks_of(subject, store)
        if tracks[0] == slot and not self._visits.may_be_retired(store, time_ns):
            return False
        if time_ns > s.dwell_known_until_ns[slot]:
            self._dwells.save()
            ends = [state.ledger.dwell_end(to_hex(subject), state.estate.stores.names[store], time_ns)]
            ends += [int(s.zone_ns[track]) for track in tracks if track != slot and s.d_state[track] and s.d_start_ns[track] <= time_ns]
            ends += [int(s.last_ns[track]) for track in tracks if s.contest[track] == SETTLES and s.lead_ns[track] <= time_ns]
            s.dwell_known_until_ns[slot] = max(ends)
        return bool(time_ns <= s.dwell_known_until_ns[slot])

    def _apply_out_of_order(self, slot: int, row: HeardRow, profile: int) -> None:
        """Evidence older than the track's latest: known already, an earlier beginning, or another track's."""
        s, time_ns, is_outside = self._state.tracks, row.time_ns, self._state.estate.zone_outside[row.zone]
        self._visits.parts.make_whole(s.subject.item(slot), s.store.item(slot))
        if row.kind == Kind.EXIT:
            self._contest.late_exit(slot, row.zone, row.agent, time_ns)
        if self._is_known_already(slot, time_ns):
            if not is_outside:
                self._visits.within(slot, time_ns)
            return
        start_ns, timeout_ns = int(s.v_start_ns[slot]), int(self._state.estate.timeout_ns[s.store[slot]])
        if s.v_state[slot] and 0 < start_ns - time_ns <= timeout_ns:
            if not is_outside:
                self._visits.earlier(slot, time_ns)
            return
        if s.v_state[slot] and 0 < time_ns - int(s.v_last_ns[slot]) <= timeout_ns:  # later rows settle whose the subject is
            if not is_outside:
                self._visits.evidence(slot, time_ns, row.key_ns, row.agent, row.zone)
            return
        if not is_outside:
            self._apply_row(self._out_of_order_track(slot, time_ns), row, profile)

    def _is_known_already(self, slot: int, time_ns: int) -> bool:
        """Whether the slot knows that its subject was there: within its visit, or while its zone settles and no visit began yet."""
        s = self._state.tracks
        if s.contest[slot] != SETTLES:
            return bool(s.v_state[slot] and time_ns >= s.v_start_ns[slot])
        return bool(time_ns >= s.lead_ns[slot] or (s.v_state[slot] and s.v_start_ns[slot] <= time_ns <= s.v_last_ns[slot]))

    def _out_of_order_track(self, slot: int, time_ns: int) -> int:
        """A later track that can take the time in order, or holds it within its visit; a new one if none can."""
        s = self._state.tracks
        subject, store = int(s.subject[slot]), int(s.store[slot])
        tracks = s.tracks_of(subject, store)
        for track in tracks[tracks.index(slot) + 1 :]:
            if time_ns >= s.last_ns[track] or (s.v_state[track] and s.v_start_ns[track] <= time_ns):
                return track
        self._state.counts["late_lanes_total"] += 1
        return s.add(subject, store, int(s.profile[slot]), bool(s.staff[slot]))

    def expire(self, watermark_ns: npt.NDArray[np.int64], closing_ns: npt.NDArray[np.int64], waiting: npt.NDArray[np.int32]) -> None:
        """Close what is over by its timeout, and free slots that the watermarks have passed by far; `waiting` are needed."""
        if not len(watermark_ns):
            return
        needed = np.zeros(self._state.tracks.size, np.bool_)
        needed[waiting] = True
        for start in range(0, len(needed), SLOTS_AT_ONCE):
            part = slice(start, start + SLOTS_AT_ONCE)
            used = self._state.tracks.store[: len(needed)][part] != NO_CODE
            self._close(start + np.flatnonzero(used), closing_ns)
            self._retire(start + np.flatnonzero(used & ~needed[part]), watermark_ns)

    def decide(self, watermark_ns: npt.NDArray[np.int64]) -> None:
        """Decide what is over by the watermarks."""
        if len(watermark_ns):
            tracks = self._state.tracks
            self._slices.reach(watermark_ns)
            if len(slots := np.flatnonzero(tracks.contest[: tracks.size])):
                self._decide(self._columns.over(slots, watermark_ns[tracks.store[slots]]))

    def are_over(self, slots: npt.NDArray[Any], watermark_ns: npt.NDArray[np.int64]) -> bool:
        """Return whether a contest of some slots would be decided by watermarks, one a slot."""
        return len(self._columns.over(slots, watermark_ns)) > 0

    def _decide(self, slots: npt.NDArray[Any]) -> None:
        if len(slots) > zone_rules.FEW:
            slots = self._columns.decide(slots)
        for slot in slots.tolist():
            self._contest.decide(slot)

    def _close(self, slots: npt.NDArray[np.intp], closing_ns: npt.NDArray[np.int64]) -> None:
        s, estate = self._state.tracks, self._state.estate
        closing = closing_ns[s.store[slots]]
        open_still = s.contest[slots] != DECIDED
        self._decide(slots[open_still & (closing - s.last_ns[slots] > estate.limits.gap_ns[s.profile[slots]])])
        ended = slots[(s.d_state[slots] == OPEN) & (closing - s.zone_ns[slots] > estate.limits.gap_ns[s.profile[slots]])]
        unknown = s.d_fan[ended] == NO_CODE
        self._dwells.close_many(ended[unknown])
        for slot in ended[~unknown].tolist():
            self._dwells.close(slot)
        self._passers.close(slots, closing_ns)
        overdue = slots[(s.v_state[slots] == OPEN) & (closing - s.v_last_ns[slots] > estate.timeout_ns[s.store[slots]])]
        alone = self._visits.may_close_alone(overdue)
        self._visits.unlinked.close(overdue[alone])
        for slot in overdue[~alone].tolist():
            self._visits.close(slot)

    def _retire(self, slots: npt.NDArray[np.intp], watermark_ns: npt.NDArray[np.int64]) -> None:
        s, estate = self._state.tracks, self._state.estate
        store = s.store[slots]
        heard_ns = np.maximum(s.last_ns[slots], s.pass_last_ns[slots])
        gone = (s.v_state[slots] != OPEN) & (s.d_state[slots] != OPEN) & (s.contest[slots] == DECIDED) & (heard_ns > 0)
        gone &= watermark_ns[store] - heard_ns > estate.timeout_ns[store] + RETIRE_NS
        gone &= (s.pass_ns[slots] == 0) | s.pass_counted[slots]
        retired = slots[gone]
        if not len(retired):
            return
        self._dwells.parts.reach()
        self._visits.project()
        for slot in retired.tolist():
            self._visits.forget(slot)
        self._state.joint_places.forget(retired.tolist())
        s.remove(retired)
