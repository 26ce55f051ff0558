"""Dwells: how long a subject's presence in a zone lasted. A track has one now, and keeps the one before it for its late exit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.pseudonyms import to_hex
from footfall.units import NS_PER_MINUTE
from gateway.fold.begun import Begun
from gateway.fold.dwell_parts import PREVIOUS, DwellParts
from gateway.fold.dwell_quality import sure_percent
from gateway.fold.dwell_rows import CLOSED, OPEN, closed, current, emit, opened, previous
from gateway.fold.fan_dwells import dwell_before, dwell_of_track
from gateway.fold.kept_dwells import KeptDwells
from gateway.fold.minute_counts import ZONE_COLUMN
from gateway.fold.state import State
from gateway.fold.store import DwellRow
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.whose import Whose
from gateway.fold.writers import ColumnWriter, RowWriter, Values, Writer, rows_of


class Dwells:
    """Keeps the cells of `zone_traffic` in step with every dwell: each change first takes back what was counted.

    `writer` and `slot` go together: one track and its number, or many and an array (gateway.fold.writers).
    """

    def __init__(self, state: State, whose: Whose) -> None:
        self._state: Final = state
        self._whose: Final = whose
        self._row: Final = RowWriter(state)
        self._columns: Final = ColumnWriter(state)
        self.kept: Final = KeptDwells(state)
        self.parts: Final = DwellParts(state, whose, self.kept)

    # Opening and closing

    def open(self, slot: int, zone: int, time_ns: int, key_ns: int, agent: int) -> None:
        """Open a dwell in `zone`; the one before it is closed."""
        tracks, state = self._state.tracks, self._state
        self.parts.settle(slot)
        if tracks.d_state[slot] == OPEN:
            self.close(slot)
        if tracks.d_state[slot]:
            self._remember(slot)
        fan = state.fan_code(self._whose.fan_of(int(tracks.subject[slot]), int(tracks.store[slot]), time_ns))
        shared = self.kept.fans.is_shared(fan, key_ns, to_hex(tracks.subject.item(slot)), tracks.store.item(slot))
        self._begin(self._row, slot, zone, time_ns, key_ns, agent, fan, not shared)
        if shared:
            self.kept.recount(None, dwell_of_track(state, slot))

    def open_many(self, rows: Begun) -> None:
        """Open a dwell a row, one row a slot, of subjects that nobody is linked to."""
        tracks, slot = self._state.tracks, rows.slot
        if len(ended := slot[tracks.d_state[slot] == OPEN]):
            self.close_many(ended)
        self._remember(slot[tracks.d_state[slot] != 0])
        self._begin(self._columns, slot, rows.zone, rows.time_ns, rows.key_ns, rows.agent, NO_CODE, True)

    def close(self, slot: int) -> None:
        """Close a dwell: it ended with its last evidence."""
        with self._recounted(slot) as shared:
            self.kept.keep(DwellRow(**self._end(self._row, slot, not shared)))

    def close_many(self, slots: npt.NDArray[Any]) -> None:
        """Close the dwells of slots, of subjects that nobody is linked to."""
        if not len(slots):
            return
        row = self._end(self._columns, slots, True)
        self.save()
        self._state.ledger.save_dwells(rows_of(DwellRow, row, len(slots)))
        subjects = self._state.tracks.subject[slots]
        for subject in subjects[self._state.links.may_be_linked(subjects)].tolist():
            self.kept.fans.hear(to_hex(subject))

    def _begin(self, writer: Writer, slot: Any, zone: Any, time_ns: Any, key_ns: Any, agent: Any, fan: Any, alone: bool) -> None:
        """With `alone` false nothing is counted: the fan's other devices may be of the same stay."""
        t, minute = self._state.tracks, time_ns // NS_PER_MINUTE
        t.zone[slot], t.zone_ns[slot], t.since_ns[slot], t.faint_ns[slot] = zone, time_ns, time_ns, 0
        t.d_state[slot], t.d_key_ns[slot], t.d_agent[slot], t.d_start_ns[slot] = OPEN, key_ns, agent, time_ns
        t.d_part_ns[slot], t.d_part_key_ns[slot] = time_ns, key_ns
        t.d_minute[slot], t.d_fan[slot], t.d_sure[slot] = minute, fan, sure_percent(self._state, slot, zone, time_ns)
        if alone:
            writer.count(self._state.zones, zone, minute, opened(self._state.fans.known(fan)), ~t.staff[slot])
        emit(writer, current(self._state, writer, slot))

    def _end(self, writer: Writer, slot: Any, alone: bool) -> Values:
        self._state.tracks.d_state[slot] = CLOSED
        if alone:
            self._count_end(writer, slot, 1)
        row = current(self._state, writer, slot)
        emit(writer, row)
        return row

    def _count_end(self, writer: Writer, slot: Any, sign: int) -> None:
        t, number = self._state.tracks, writer.number
        start_ns, last_ns = number(t.d_part_ns[slot]), number(t.zone_ns[slot])
        amounts = closed(start_ns, last_ns, sign)
        writer.count(self._state.zones, number(t.zone[slot]), last_ns // NS_PER_MINUTE, amounts, ~t.staff[slot])

    def _remember(self, slot: int | npt.NDArray[Any]) -> None:
        """Keep the dwell that another follows."""
        t = self._state.tracks
        for name in ("key_ns", "agent", "start_ns", "part_key_ns", "part_ns", "minute", "fan", "sure"):
            getattr(t, f"p_{name}")[slot] = getattr(t, f"d_{name}")[slot]
        t.p_zone[slot], t.p_last_ns[slot] = t.zone[slot], t.zone_ns[slot]

    # Evidence

    def extend(self, slot: int, time_ns: int) -> None:
        """Take evidence of the owner, in order: the dwell lasts until then, and is open again if it was closed."""
        tracks, minute = self._state.tracks, time_ns // NS_PER_MINUTE
        self.parts.hear(slot)
        if tracks.d_state[slot] == OPEN and minute <= tracks.d_minute[slot]:
            tracks.zone_ns[slot] = time_ns
            return
        with self._recounted(slot) as shared:
            self._reopen(slot, not shared)
            tracks.zone_ns[slot] = time_ns
            before = int(tracks.d_minute[slot])
            tracks.d_minute[slot] = max(minute, before)
            if not shared and not tracks.staff[slot]:
                self._count_minutes(int(tracks.zone[slot]), before + 1, minute, self._state.fans.known(tracks.d_fan[slot]))

    def _reopen(self, slot: int, alone: bool) -> None:
        """Let a dwell that was closed go on."""
        if self._state.tracks.d_state[slot] != CLOSED:
            return
        if alone:
            self._count_end(self._row, slot, -1)
        self._state.tracks.d_state[slot] = OPEN
        emit(self._row, current(self._state, self._row, slot))

    def cut(self, slot: int, end_ns: int) -> None:
        """Let a dwell end before its latest evidence, if that is later: it is open then, though a silence may have closed it before."""
        t = self._state.tracks
        if end_ns >= t.zone_ns.item(slot):
            return
        if t.d_part_ns[slot] != t.d_start_ns[slot]:
            self.parts.make_whole(slot)
        minute, before = end_ns // NS_PER_MINUTE, int(t.d_minute[slot])
        with self._recounted(slot) as shared:
            self._reopen(slot, not shared)
            t.zone_ns[slot], t.d_minute[slot] = end_ns, min(minute, before)
            if not shared and not t.staff[slot]:
                self._count_minutes(int(t.zone[slot]), minute + 1, before, self._state.fans.known(t.d_fan[slot]), -1)

    def end_at(self, slots: npt.NDArray[Any], end_ns: npt.NDArray[np.int64]) -> None:
        """End open dwells at a time, later or earlier than their latest evidence."""
        t = self._state.tracks
        within = end_ns // NS_PER_MINUTE == t.d_minute[slots]
        t.zone_ns[slots[within]] = end_ns[within]
        for slot, time_ns in zip(slots[~within].tolist(), end_ns[~within].tolist(), strict=True):
            if time_ns > t.zone_ns[slot]:
                self.extend(slot, time_ns)
            self.cut(slot, time_ns)

    def advance(self, slots: npt.NDArray[Any]) -> None:
        """Count the minutes that the evidence of slots has reached since."""
        t = self._state.tracks
        self.parts.hear_many(slots)
        last = t.zone_ns[slots] // NS_PER_MINUTE
        moved = last > t.d_minute[slots]
        slots, last = slots[moved], last[moved]
        shared = self._are_shared(slots)
        for slot, minute in zip(slots[shared].tolist(), last[shared].tolist(), strict=True):
            with self._recounted(slot):
                t.d_minute[slot] = minute
        slots, last = slots[~shared], last[~shared]
        counted = ~t.staff[slots]
        zones, first = t.zone[slots], t.d_minute[slots] + 1
        self._state.zones.add_spans(zones[counted], first[counted], last[counted], ZONE_COLUMN["present"])
        known = counted & self._state.fans.known(t.d_fan[slots])
        self._state.zones.add_spans(zones[known], first[known], last[known], ZONE_COLUMN["known_present"])
        t.d_minute[slots] = last

    def _are_shared(self, slots: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Return of which tracks another device may count for the fan in the stay; most are nobody's."""
        t = self._state.tracks
        shared: npt.NDArray[np.bool_] = t.d_fan[slots] != NO_CODE
        for place in np.flatnonzero(shared).tolist():
            shared[place] = self.kept.fans.is_track_shared(slots.item(place))
        return shared

    @contextmanager
    def _recounted(self, slot: int) -> Iterator[bool]:
        """Yield whether other devices may count for the fan; then what a track's dwell counts is mended after the change."""
        if not self.kept.fans.is_track_shared(slot):
            yield False
            return
        before = dwell_of_track(self._state, slot)
        yield True
        self.kept.recount(before, dwell_of_track(self._state, slot))

    def _count_minutes(self, zone: int, first: int, last: int, known: bool, sign: int = 1) -> None:
        self._state.zones.add_span(zone, first, last, ZONE_COLUMN["present"], sign)
        if known:
            self._state.zones.add_span(zone, first, last, ZONE_COLUMN["known_present"], sign)

    def late_exit(self, slot: int, zone: int, time_ns: int) -> None:
        """Lengthen the dwell to an EXIT that is later than its evidence, within the gap of the profile."""
        t = self._state.tracks
        gap_ns = self._state.estate.limits_of[t.profile.item(slot)].gap_ns
        if zone == t.zone[slot]:
            if 0 < time_ns - int(t.zone_ns[slot]) <= gap_ns:
                self.extend(slot, time_ns)
        elif zone == t.p_zone[slot] and t.p_last_ns[slot] < time_ns <= min(t.d_start_ns[slot], t.p_last_ns[slot] + gap_ns):
            self._lengthen_previous(slot, time_ns)

    def _lengthen_previous(self, slot: int, time_ns: int) -> None:
        t, before = self._state.tracks, dwell_before(self._state, slot)
        t.p_last_ns[slot] = time_ns
        t.p_minute[slot] = max(time_ns // NS_PER_MINUTE, before.minute)
        self.kept.recount(before, dwell_before(self._state, slot))
        self.kept.write(previous(self._state, self._row, slot))
        if self.parts.is_passed(slot, PREVIOUS):
            self.parts.cut(slot, PREVIOUS)

    # The store

    def save(self) -> None:
        """Write what is kept to the store."""
        self.kept.save()
