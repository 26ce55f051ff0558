"""Dwells: how long a subject's presence in a zone lasted. A slot has one now, and remembers the one before it for its late exit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.pseudonyms import to_hex
from footfall.units import NS_PER_MINUTE
from gateway.fold.estate_index import seconds_of
from gateway.fold.minute_counts import ZONE_COLUMN
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.state import State
from gateway.fold.store import ROWS_AT_ONCE, DwellRow
from gateway.fold.tables.hash_index import NO_CODE
from gateway.point_rows import DwellPoint
from gateway.points import Coded, Points

OPEN, CLOSED = 1, 2


class Dwells:
    """Keeps the cells of `zone_traffic` in step with every dwell: each change first takes back what was counted."""

    def __init__(self, state: State) -> None:
        self._state: Final = state
        self._unsaved: dict[tuple[str, str, int, str, str], DwellRow] = {}

    def open(self, slot: int, zone: int, time_ns: int, key_ns: int, agent: int) -> None:
        """The slot's subject is now in `zone`; the dwell before it is closed."""
        slots, state = self._state.tracks, self._state
        if slots.d_state[slot] == OPEN:
            self.close(slot)
        if slots.d_state[slot]:
            self._remember(slot)
        self._begin(slot, zone, time_ns, key_ns, agent, state.fan_code(state.links.fan_of(int(slots.subject[slot]), time_ns)))
        self._count_presence(slot, 1)
        self._emit_current(slot)

    def open_many(self, rows: Evidence) -> None:
        """`open` for subjects that nobody is linked to, one row a slot."""
        state, s, slot, time_ns = self._state, self._state.tracks, rows.slot, rows.time_ns
        if len(ended := slot[s.d_state[slot] == OPEN]):
            self.close_many(ended)
        self._remember(slot[s.d_state[slot] != 0])
        minute = time_ns // NS_PER_MINUTE
        self._begin(slot, rows.zone, time_ns, rows.key_ns, rows.agent, NO_CODE)
        counted = ~s.staff[slot]
        ones = np.ones(int(counted.sum()))
        state.zones.add_each(rows.zone[counted], minute[counted], {ZONE_COLUMN["entries"]: ones, ZONE_COLUMN["present"]: ones})
        self._emit_columns(slot)

    def _begin(self, slot: Any, zone: Any, time_ns: Any, key_ns: Any, agent: Any, fan: Any) -> None:
        """Write the columns of a dwell that opens: for one slot, or for arrays of one row a slot."""
        s = self._state.tracks
        s.zone[slot], s.zone_ns[slot], s.since_ns[slot] = zone, time_ns, time_ns
        s.d_state[slot], s.d_key_ns[slot], s.d_agent[slot], s.d_start_ns[slot] = OPEN, key_ns, agent, time_ns
        s.d_minute[slot], s.d_fan[slot] = time_ns // NS_PER_MINUTE, fan

    def _remember(self, slot: int | npt.NDArray[Any]) -> None:
        """The dwell that another follows."""
        s = self._state.tracks
        for name in ("key_ns", "agent", "start_ns", "minute", "fan"):
            getattr(s, f"p_{name}")[slot] = getattr(s, f"d_{name}")[slot]
        s.p_zone[slot], s.p_last_ns[slot] = s.zone[slot], s.zone_ns[slot]

    def close_many(self, slots: npt.NDArray[Any]) -> None:
        """`close` for dwells of subjects that nobody is linked to."""
        s = self._state.tracks
        s.d_state[slots] = CLOSED
        counted = slots[~s.staff[slots]]
        ones, start_ns, last_ns = np.ones(len(counted)), s.d_start_ns[counted], s.zone_ns[counted]
        ended = {ZONE_COLUMN["exits"]: ones, ZONE_COLUMN["dwells"]: ones, ZONE_COLUMN["dwell_sum_s"]: seconds_of(start_ns, last_ns)}
        self._state.zones.add_each(s.zone[counted], last_ns // NS_PER_MINUTE, ended)
        self._emit_columns(slots)
        self.save()
        self._state.ledger.save_dwells(self._rows(slots))

    def _emit_columns(self, slots: npt.NDArray[Any]) -> None:
        """The current dwells of subjects that nobody is linked to."""
        s, names, n = self._state.tracks, self._state.estate, len(slots)
        self._state.points.emit_columns(
            Points(
                "dwell",
                s.d_key_ns[slots],
                {
                    "agent": Coded.take(s.d_agent[slots], names.agents.names),
                    "store": Coded.take(s.store[slots], names.stores.names),
                    "zone": Coded.take(s.zone[slots], names.zone_name),
                },
                {
                    "subject": s.subject[slots], "fan": Coded.constant("", n), "seconds": seconds_of(s.d_start_ns[slots], s.zone_ns[slots]),
                    "is_staff": s.staff[slots], "open": s.d_state[slots] == OPEN, "void": np.zeros(n, np.bool_),
                },
            )
        )  # fmt: skip

    def _rows(self, slots: npt.NDArray[Any]) -> Iterator[DwellRow]:
        """Of those dwells, closed, as the ledger has them; a few thousand at a time are spelled out."""
        s, estate = self._state.tracks, self._state.estate
        stores, agents, zones = estate.stores.names, estate.agents.names, estate.zone_name
        for at in range(0, len(slots), ROWS_AT_ONCE):
            part = slots[at : at + ROWS_AT_ONCE]
            columns = (s.subject, s.store, s.zone, s.d_key_ns, s.d_agent, s.d_start_ns, s.zone_ns, s.staff)
            for subject, store, zone, key_ns, agent, start_ns, last_ns, staff in zip(*[c[part].tolist() for c in columns], strict=True):
                yield DwellRow(to_hex(subject), stores[store], zones[zone], key_ns, agents[agent], start_ns, last_ns, int(staff), 0, "")

    def extend(self, slot: int, time_ns: int) -> None:
        """The owner heard the subject again, in order."""
        slots = self._state.tracks
        if slots.d_state[slot] == CLOSED:
            self._count_end(slot, -1)
            slots.d_state[slot] = OPEN
            self._emit_current(slot)
        slots.zone_ns[slot] = time_ns
        self._advance(slot, time_ns)

    def advance(self, slots: npt.NDArray[Any]) -> None:
        """Count the minutes that the evidence of slots has reached since."""
        s = self._state.tracks
        last = s.zone_ns[slots] // NS_PER_MINUTE
        moved = last > s.d_minute[slots]
        slots, last = slots[moved], last[moved]
        counted = ~s.staff[slots]
        zones, first = s.zone[slots], s.d_minute[slots] + 1
        self._state.zones.add_spans(zones[counted], first[counted], last[counted], ZONE_COLUMN["present"])
        known = counted & (s.d_fan[slots] >= 0)
        self._state.zones.add_spans(zones[known], first[known], last[known], ZONE_COLUMN["known_present"])
        s.d_minute[slots] = last

    def _advance(self, slot: int, time_ns: int) -> None:
        slots = self._state.tracks
        minute, before = time_ns // NS_PER_MINUTE, int(slots.d_minute[slot])
        if minute > before:
            slots.d_minute[slot] = minute
            if self._counts(slot):
                self._count_minutes(int(slots.zone[slot]), before + 1, minute, bool(slots.d_fan[slot] >= 0), 1)

    def close(self, slot: int) -> None:
        """It ended with its last evidence."""
        self._state.tracks.d_state[slot] = CLOSED
        self._count_end(slot, 1)
        self._emit_current(slot)

    def late_exit(self, slot: int, zone: int, time_ns: int) -> None:
        """Lengthen the dwell to an EXIT that is later than its evidence, within the gap of the profile."""
        slots = self._state.tracks
        gap_ns = self._state.estate.limits_of[slots.profile.item(slot)].gap_ns
        if zone == slots.zone[slot]:
            if 0 < time_ns - int(slots.zone_ns[slot]) <= gap_ns:
                self.extend(slot, time_ns)
            return
        if zone != slots.p_zone[slot] or not slots.p_last_ns[slot] < time_ns <= min(slots.d_start_ns[slot], slots.p_last_ns[slot] + gap_ns):
            return
        start_ns, last_ns = int(slots.p_start_ns[slot]), int(slots.p_last_ns[slot])
        if self._counts(slot):
            self._count_ended(zone, start_ns, last_ns, -1)
            self._count_ended(zone, start_ns, time_ns, 1)
            minute = time_ns // NS_PER_MINUTE
            self._count_minutes(zone, int(slots.p_minute[slot]) + 1, minute, bool(slots.p_fan[slot] >= 0), 1)
            slots.p_minute[slot] = max(minute, int(slots.p_minute[slot]))
        slots.p_last_ns[slot] = time_ns
        self._emit(slot, zone, int(slots.p_key_ns[slot]), int(slots.p_agent[slot]), start_ns, time_ns, False, int(slots.p_fan[slot]))

    def relink(self, subject: str) -> None:
        """After links of the subject changed: the fan of each of its dwells, as of its start."""
        state, slots = self._state, self._state.tracks
        self.save()
        known: set[tuple[str, int]] = set()
        for slot in slots.chain(int(subject, 16)):
            store = state.estate.stores.names[slots.store[slot]]
            for prefix in ("d", "p"):
                if slots.d_state[slot] if prefix == "d" else slots.p_zone[slot] != NO_CODE:
                    known.add((store, int(getattr(slots, f"{prefix}_key_ns")[slot])))
                    self._relink_slot(slot, prefix)
        for row in state.ledger.dwells_of(subject):
            if (row.store, row.key_ns) not in known:
                self._relink_row(row)
        self.save()

    def repeat(self, subject: str) -> None:
        """Emit every dwell of the subject once more, as it is now."""
        s, state = self._state.tracks, self._state
        self.save()
        known: set[tuple[str, int]] = set()
        for slot in s.chain(int(subject, 16)):
            store = state.estate.stores.names[s.store[slot]]
            if s.d_state[slot]:
                known.add((store, int(s.d_key_ns[slot])))
                self._emit_current(slot)
            if s.p_zone[slot] != NO_CODE:
                known.add((store, int(s.p_key_ns[slot])))
                self._emit(slot, int(s.p_zone[slot]), int(s.p_key_ns[slot]), int(s.p_agent[slot]), int(s.p_start_ns[slot]),
                          int(s.p_last_ns[slot]), False, int(s.p_fan[slot]))  # fmt: skip
        for row in state.ledger.dwells_of(subject):
            if (row.store, row.key_ns) not in known:
                state.points.emit(_point(row))
        self.save()

    def _relink_slot(self, slot: int, prefix: str) -> None:
        """The dwell that is (`d`), or the one before it (`p`)."""
        s, state = self._state.tracks, self._state
        start_ns, minute = int(getattr(s, f"{prefix}_start_ns")[slot]), int(getattr(s, f"{prefix}_minute")[slot])
        fans = getattr(s, f"{prefix}_fan")
        old, new = int(fans[slot]), state.fan_code(state.links.fan_of(int(s.subject[slot]), start_ns))
        if new == old:
            return
        fans[slot] = new
        zone = int(s.zone[slot] if prefix == "d" else s.p_zone[slot])
        if self._counts(slot):
            self._count_known(zone, start_ns, minute, (new >= 0) - (old >= 0))
        if prefix == "d":
            self._emit_current(slot)
        else:
            self._emit(slot, zone, int(s.p_key_ns[slot]), int(s.p_agent[slot]), start_ns, int(s.p_last_ns[slot]), False, new)

    def _relink_row(self, row: DwellRow) -> None:
        new = self._state.links.fan_of(row.subject, row.start_ns)
        if new == row.fan:
            return
        if not row.staff:
            zone = self._state.estate.zone(row.store, row.zone)
            self._count_known(zone, row.start_ns, row.last_ns // NS_PER_MINUTE, bool(new) - bool(row.fan))
        changed = row._replace(fan=new)
        self._keep(changed)
        self._state.points.emit(_point(changed))

    def _count_known(self, zone: int, start_ns: int, last_minute: int, sign: int) -> None:
        self._state.zones.add_span(zone, start_ns // NS_PER_MINUTE, last_minute, ZONE_COLUMN["known_present"], sign)

    def _keep(self, row: DwellRow) -> None:
        self._unsaved[row.subject, row.store, row.key_ns, row.agent, row.zone] = row

    def save(self) -> None:
        """Into the store."""
        if self._unsaved:
            self._state.ledger.save_dwells(self._unsaved.values())
            self._unsaved = {}

    def _counts(self, slot: int) -> bool:
        return not self._state.tracks.staff[slot]

    def _count_presence(self, slot: int, sign: int) -> None:
        slots = self._state.tracks
        if self._counts(slot):
            zone, minute = int(slots.zone[slot]), int(slots.d_start_ns[slot]) // NS_PER_MINUTE
            self._state.zones.add(zone, minute, ZONE_COLUMN["entries"], sign)
            self._count_minutes(zone, minute, int(slots.d_minute[slot]), bool(slots.d_fan[slot] >= 0), sign)

    def _count_minutes(self, zone: int, first: int, last: int, known: bool, sign: int) -> None:
        self._state.zones.add_span(zone, first, last, ZONE_COLUMN["present"], sign)
        if known:
            self._state.zones.add_span(zone, first, last, ZONE_COLUMN["known_present"], sign)

    def _count_end(self, slot: int, sign: int) -> None:
        slots = self._state.tracks
        if self._counts(slot):
            self._count_ended(int(slots.zone[slot]), int(slots.d_start_ns[slot]), int(slots.zone_ns[slot]), sign)

    def _count_ended(self, zone: int, start_ns: int, last_ns: int, sign: int) -> None:
        cells, minute = self._state.zones, last_ns // NS_PER_MINUTE
        cells.add(zone, minute, ZONE_COLUMN["exits"], sign)
        cells.add(zone, minute, ZONE_COLUMN["dwells"], sign)
        cells.add(zone, minute, ZONE_COLUMN["dwell_sum_s"], sign * seconds_of(start_ns, last_ns))

    def _emit_current(self, slot: int) -> None:
        s = self._state.tracks
        self._emit(slot, int(s.zone[slot]), int(s.d_key_ns[slot]), int(s.d_agent[slot]), int(s.d_start_ns[slot]), int(s.zone_ns[slot]),
                  bool(s.d_state[slot] == OPEN), int(s.d_fan[slot]))  # fmt: skip

    def _emit(self, slot: int, zone: int, key_ns: int, agent: int, start_ns: int, last_ns: int, is_open: bool, fan: int) -> None:
        state, estate = self._state, self._state.estate
        subject, store = to_hex(int(state.tracks.subject[slot])), estate.stores.names[state.tracks.store[slot]]
        row = DwellRow(subject, store, estate.zone_name[zone], key_ns, estate.agents.names[agent], start_ns, last_ns,
                       int(state.tracks.staff[slot]), int(is_open), state.fan_name(fan))  # fmt: skip
        if not is_open:  # open ones the slots know, and the state is stored with them
            self._keep(row)
        state.points.emit(_point(row))


def _point(row: DwellRow) -> DwellPoint:
    return DwellPoint(
        time_ns=row.key_ns, agent=row.agent, store=row.store, zone=row.zone, subject=row.subject, fan=row.fan,
        seconds=0.0 if row.open else seconds_of(row.start_ns, row.last_ns),  # how far an open one has got is a matter of when one looks
        is_staff=bool(row.staff), open=bool(row.open), void=False,
    )  # fmt: skip
