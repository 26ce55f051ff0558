"""Passers-by: subjects that were heard, but never as loud as inside. They have no visit and no dwell, and the minutes count them apart.

A zone or a profile may state an entrance level. Evidence below it counts only of who is inside: who was as loud once, and was heard
since without a silence longer than the store's idle timeout. Before that, it is a pass: it begins with its first row, and ends with such
a silence. Then it is counted in the minute in which it began, and the store behind the fold keeps it as a visit without zones. Who turns
out to be inside within the timeout of a pass, late as the row may be, has passed nobody by: then the pass is taken back. Late evidence may
also join two passes. So the count follows from the evidence alone: it is that of presences without a silence longer than the timeout in
which nothing was as loud as inside. Passes that are not counted are kept too, since later rows may join others with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.pseudonyms import to_hex
from footfall.units import NS_PER_MINUTE
from gateway.fold.minute_counts import TRAFFIC_COLUMN
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.state import State
from gateway.fold.store import VisitRow, is_visit
from gateway.fold.tables.tracks import SETTLES
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
        self._others: Final[dict[int, list[tuple[int, int]]]] = {}
        """By slot: spans inside before its latest, of the rows that are taken now. No visit may have them yet."""

    def take(self, rows: Evidence) -> Evidence:
        """Return the rows that count, of rows sorted by slot and within a slot in their order."""
        estate, s = self._state.estate, self._state.tracks
        self._others.clear()
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
        since_ns, inside_ns = self._inside(slot)
        timeout_ns = int(self._state.estate.timeout_ns[s.store[slot]])
        is_near = inside_ns > 0 and since_ns - timeout_ns <= time_ns <= inside_ns + timeout_ns
        if not loud and not (is_near and time_ns >= since_ns):
            self._pass(slot, time_ns, timeout_ns)
            return False
        if is_near and since_ns <= time_ns <= inside_ns:
            return True
        if not is_near:
            self._others.setdefault(slot, []).append((since_ns, inside_ns) if time_ns > inside_ns > 0 else (time_ns, time_ns))
        if is_near or time_ns > inside_ns:
            s.inside_since_ns[slot] = min(since_ns, time_ns) if is_near else time_ns
            s.inside_ns[slot] = max(inside_ns, time_ns)
        self._enter(slot, time_ns, time_ns < inside_ns)
        return True

    def _inside(self, slot: int) -> tuple[int, int]:
        """Return the latest span of evidence inside."""
        s = self._state.tracks
        since_ns = s.inside_since_ns.item(slot) or (s.v_start_ns.item(slot) if s.v_state[slot] else 0)
        return since_ns, int(self._inside_ns(slot))

    def _inside_ns(self, slot: Any) -> Any:
        """Return the latest evidence inside, of a track or of several: a visit may have begun before a level was stated."""
        s = self._state.tracks
        return np.maximum(s.inside_ns[slot], np.where(s.v_state[slot] != 0, s.v_last_ns[slot], 0))

    # Passes

    def _pass(self, slot: int, time_ns: int, timeout_ns: int) -> None:
        """Take evidence of who is not inside."""
        s = self._state.tracks
        first_ns, last_ns = s.pass_ns.item(slot), s.pass_last_ns.item(slot)
        if first_ns and time_ns < first_ns - timeout_ns:
            self._settle(slot, time_ns, time_ns)
            return
        if first_ns and time_ns > last_ns + timeout_ns:
            self._count(slot)
            first_ns = 0
        s.pass_ns[slot] = min(first_ns, time_ns) if first_ns else time_ns
        s.pass_last_ns[slot] = max(last_ns, time_ns) if first_ns else time_ns
        s.pass_counted[slot] = False

    def _enter(self, slot: int, time_ns: int, is_late: bool) -> None:
        """Whoever is inside now did not pass by within the timeout of it."""
        s = self._state.tracks
        store, first_ns = int(s.store[slot]), s.pass_ns.item(slot)
        timeout_ns = int(self._state.estate.timeout_ns[store])
        if first_ns and time_ns >= first_ns - timeout_ns:
            self._count(slot)
        if first_ns or is_late or self._visits.may_be_retired(store, time_ns):
            self._take_back(slot, time_ns, timeout_ns)
        if time_ns >= first_ns - timeout_ns:
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
        if not s.pass_counted[slot]:
            s.pass_counted[slot] = True
            self._settle(slot, s.pass_ns.item(slot), s.pass_last_ns.item(slot))

    def _settle(self, slot: int, first_ns: int, last_ns: int) -> None:
        """Join a pass with those within the timeout of it, keep it, and count it unless its subject was inside within the timeout."""
        s, ledger = self._state.tracks, self._state.ledger
        subject, store = to_hex(s.subject.item(slot)), int(s.store[slot])
        name, timeout_ns = self._state.estate.stores.names[store], int(self._state.estate.timeout_ns[store])
        self._visits.save()
        while True:
            near = ledger.visits(subject, name, first_ns - timeout_ns, last_ns + timeout_ns)
            passes = [row for row in near if not is_visit(row)]
            span = min([first_ns, *(row.start_ns for row in passes)]), max([last_ns, *(row.last_ns for row in passes)])
            if span == (first_ns, last_ns):
                break
            first_ns, last_ns = span
        came_in = len(passes) < len(near) or any(
            from_ns <= last_ns + timeout_ns and to_ns >= first_ns - timeout_ns for from_ns, to_ns in self._spans_inside(slot)
        )
        self._uncount(store, passes)
        row = VisitRow(subject, name, first_ns, "", first_ns, last_ns, 0, 0, 0, "", 0, "" if came_in else _COUNTED)
        ledger.save_visits([row])
        if not came_in:
            self._state.traffic.add(store, first_ns // NS_PER_MINUTE, _PASSERS, 1)

    def _spans_inside(self, slot: int) -> Iterator[tuple[int, int]]:
        """Yield when the subject was inside, as far as its tracks and the rows that are taken now show it."""
        s = self._state.tracks
        yield from self._others.get(slot, ())
        if s.inside_ns[slot]:
            yield self._inside(slot)
        for track in s.tracks_of(s.subject.item(slot), s.store.item(slot)):
            if s.v_state[track]:
                yield s.v_start_ns.item(track), s.v_last_ns.item(track)
            if s.contest[track] == SETTLES:
                yield s.lead_ns.item(track), s.last_ns.item(track)

    def _take_back(self, slot: int, time_ns: int, timeout_ns: int) -> None:
        s = self._state.tracks
        subject, store = to_hex(s.subject.item(slot)), int(s.store[slot])
        name = self._state.estate.stores.names[store]
        self._uncount(store, self._state.ledger.visits(subject, name, time_ns - timeout_ns, time_ns + timeout_ns))

    def _uncount(self, store: int, rows: Sequence[VisitRow]) -> None:
        for row in rows:
            if row.counted == _COUNTED:
                self._state.ledger.save_visits([row._replace(counted="")])
                self._state.traffic.add(store, row.start_ns // NS_PER_MINUTE, _PASSERS, -1)
