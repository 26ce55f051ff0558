"""Dwells of one fan's several devices: what the minutes of `zone_traffic` count of them (`fan_stays.py`), though each device has a row.

What the minutes count is a function of the dwells as they are now. So a change of one dwell counts what the fan's stays around it are
with it as it is afterwards, less what they were with it as it was before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from footfall.pseudonyms import to_hex
from footfall.units import NS_PER_MINUTE, NS_PER_MS
from gateway.fold.dwell_rows import OPEN
from gateway.fold.fan_stays import Cell, CountedDwell, counted, reach
from gateway.fold.link_index import FEW_SUBJECTS
from gateway.fold.state import State
from gateway.fold.store import DwellRow
from gateway.fold.tables.hash_index import NO_CODE

_CACHED: Final = 50_000


def dwell_of_track(state: State, slot: int) -> CountedDwell:
    """Return the dwell that a track has now; the last part of one that was cut."""
    t = state.tracks
    return CountedDwell(
        to_hex(t.subject.item(slot)), t.zone.item(slot), t.d_fan.item(slot), t.d_part_key_ns.item(slot),
        state.estate.agents.names[t.d_agent.item(slot)], t.d_part_ns.item(slot), t.zone_ns.item(slot), t.d_minute.item(slot),
        t.d_state.item(slot) == OPEN, t.staff.item(slot),
    )  # fmt: skip


def dwell_before(state: State, slot: int) -> CountedDwell:
    """Return the same of the dwell before a track's current one."""
    t = state.tracks
    return CountedDwell(
        to_hex(t.subject.item(slot)), t.p_zone.item(slot), t.p_fan.item(slot), t.p_part_key_ns.item(slot),
        state.estate.agents.names[t.p_agent.item(slot)], t.p_part_ns.item(slot), t.p_last_ns.item(slot), t.p_minute.item(slot),
        False, t.staff.item(slot),
    )  # fmt: skip


def dwells_of_track(state: State, slot: int) -> Iterator[CountedDwell]:
    """Yield the dwells that a track has, the one before first."""
    if state.tracks.p_zone[slot] != NO_CODE:
        yield dwell_before(state, slot)
    if state.tracks.d_state[slot]:
        yield dwell_of_track(state, slot)


def dwell_of_row(state: State, row: DwellRow) -> CountedDwell:
    """Return a dwell that the store has."""
    zone, minute = state.estate.zone(row.store, row.zone), row.last_ns // NS_PER_MINUTE
    fan = state.fan_code(row.fan)
    return CountedDwell(
        row.subject, zone, fan, row.key_ns, row.agent, row.start_ns, row.last_ns, minute, bool(row.open), bool(row.staff)
    )  # fmt: skip


class FanDwells:
    """Counts the dwells of fans who have several devices. What tracks have is newer than the store: save closed dwells first."""

    def __init__(self, state: State) -> None:
        self._state: Final = state
        self._has_rows: dict[str, bool] = {}
        """By subject, whether the store has dwells of it: it has none of cards."""

    def is_shared(self, fan: int, key_ns: int, subject: str, store: int) -> bool:
        """Return whether another device may count for the fan (a code) in the stay of a subject's dwell with this key."""
        if fan == NO_CODE or key_ns < self._state.fan_dwells_from_ns:
            return False
        return any(self._is_heard(each, store) for each in self._state.links.subjects_of(self._state.fan_name(fan)) if each != subject)

    def is_track_shared(self, slot: int) -> bool:
        """Return the same of the dwell that a track has now."""
        t = self._state.tracks
        if t.d_fan[slot] == NO_CODE:
            return False
        return self.is_shared(t.d_fan.item(slot), t.d_part_key_ns.item(slot), to_hex(t.subject.item(slot)), t.store.item(slot))

    def hear(self, subject: str) -> None:
        """Take that the store gets a dwell of a subject."""
        if subject in self._has_rows:
            self._has_rows[subject] = True

    def _is_heard(self, subject: str, store: int) -> bool:
        if self._state.tracks.tracks_of(int(subject, 16), store):
            return True
        has_rows = self._has_rows.get(subject)
        if has_rows is None:
            if len(self._has_rows) >= _CACHED:
                self._has_rows.clear()
            has_rows = self._has_rows[subject] = self._state.ledger.has_dwells(subject)
        return has_rows

    def recount(self, before: CountedDwell | None, after: CountedDwell) -> None:
        """Count a dwell as it is after a change instead of as it was; `before` is None of one that begins. Both are of one zone."""
        if after.staff:
            return
        amounts: dict[Cell, float] = defaultdict(float)
        if before is None or before.fan == after.fan:
            self._add(amounts, before, after)
        else:
            self._add(amounts, before, None)
            self._add(amounts, None, after)
        self._write(amounts)

    def forget(self, dwell: CountedDwell) -> None:
        """Count a dwell no longer."""
        if dwell.staff:
            return
        amounts: dict[Cell, float] = defaultdict(float)
        self._add(amounts, dwell, None)
        self._write(amounts)

    def _write(self, amounts: Mapping[Cell, float]) -> None:
        for (zone, minute, column), amount in amounts.items():
            if amount:
                self._state.zones.add(zone, minute, column, amount)

    def _add(self, amounts: dict[Cell, float], before: CountedDwell | None, after: CountedDwell | None) -> None:
        """Add what the fan's stays count with `after`, and take off what they count with `before`."""
        others = self._around([dwell for dwell in (before, after) if dwell is not None])
        for dwell, sign in ((before, -1), (after, 1)):
            for cell, amount in counted([*others, dwell] if dwell else others, self._state.fans, self._state.one_place_from_ns):
                amounts[cell] += sign * amount

    def _around(self, of: Sequence[CountedDwell]) -> list[CountedDwell]:
        """Return the fan's other dwells in the store whose stays may be others with a dwell or without, and those around them.

        They overlap its span, or in one zone each other and so reach it.
        """
        one = of[0]
        if not self.is_shared(one.fan, one.key_ns, one.subject, int(self._state.estate.zone_store[one.zone])):
            return []
        span = min(dwell.start_ns for dwell in of), max(dwell.end_ns for dwell in of)
        others = [dwell for dwell in self._of_fan(one, *span) if dwell.key != one.key]
        of_zones = {dwell.zone: span for dwell in (one, *others)}
        while True:
            of_zones = reach(others, of_zones)
            wider = min(first for first, _ in of_zones.values()), max(last for _, last in of_zones.values())
            if wider == span:
                return others
            span = wider
            others = [dwell for dwell in self._of_fan(one, *span) if dwell.key != one.key]

    def _of_fan(self, one: CountedDwell, from_ns: int, to_ns: int) -> list[CountedDwell]:
        state = self._state
        store, from_ns, to_ns = int(state.estate.zone_store[one.zone]), from_ns - NS_PER_MS, to_ns + NS_PER_MS
        fan = state.fan_name(one.fan)
        rows = state.ledger.dwells_of_fan(fan, state.estate.stores.names[store], from_ns, to_ns)
        found = {dwell.key: dwell for dwell in (dwell_of_row(state, row) for row in rows)}
        for subject in self._heard_of(one.fan, store) | {row.subject for row in rows}:
            for slot in state.tracks.tracks_of(int(subject, 16), store):
                found |= {dwell.key: dwell for dwell in dwells_of_track(state, slot)}
        return [
            dwell for dwell in found.values()
            if (dwell.fan, dwell.staff) == (one.fan, False) and dwell.key_ns >= state.fan_dwells_from_ns
            and dwell.end_ns >= from_ns and dwell.start_ns <= to_ns
        ]  # fmt: skip

    def _heard_of(self, fan: int, store: int) -> set[str]:
        """Return the subjects of a fan that may have tracks in the store: of a fan with many, those that have."""
        subjects, t = self._state.links.subjects_of(self._state.fan_name(fan)), self._state.tracks
        if len(subjects) <= FEW_SUBJECTS:
            return set(subjects)
        theirs = (t.d_fan[: t.size] == fan) | (t.p_fan[: t.size] == fan)
        return set(map(to_hex, t.subject[np.flatnonzero(theirs & (t.store[: t.size] == store))].tolist()))
