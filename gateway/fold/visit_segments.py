"""Plain visits: runs of evidence of one lane without a gap longer than the timeout. In slots while they may change, then in the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from footfall.pseudonyms import to_hex
from footfall.units import NS_PER_MINUTE, NS_PER_MS
from gateway.fold.estate_index import seconds_of
from gateway.fold.minute_counts import T
from gateway.fold.state import State
from gateway.fold.store import VisitRow
from gateway.fold.tables.hash_index import NOBODY

OPEN, CLOSED = 1, 2
Vid = tuple[int, int, int]
"""(store, key_ns, agent): a visit's series and time, frozen at its opening event."""
EVER_NS: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Counted:
    """What a visit contributes to the traffic of its store."""

    first_minute: int
    last_minute: int
    known: bool
    closed: bool
    seconds: float

    def told(self) -> str:
        """As the ledger has it."""
        return json.dumps([self.first_minute, self.last_minute, self.known, self.closed, self.seconds])


@dataclass(slots=True)
class Member:
    """A plain visit, from a slot or from the ledger."""

    vid: Vid
    subject: str
    start_ns: int
    last_ns: int
    zones: int
    staff: bool
    is_open: bool
    fan: str
    slot: int
    grouped: bool
    counted: Counted | None


class PlainVisits:
    """Reads and keeps them, and keeps the traffic of their store in step with what each contributes."""

    def __init__(self, state: State) -> None:
        self._state: Final = state
        self.changed: dict[int, None] = {}
        """Slots whose visit is to be said again; empty between turns."""
        self.grouped: dict[Vid, Counted | None] = {}
        """What grouped visits of slots contribute; others' contributions follow from their columns."""
        self._unsaved: dict[tuple[str, str, int, str], VisitRow] = {}

    def vid(self, slot: int) -> Vid:
        s = self._state.slots
        return int(s.store[slot]), int(s.v_key_ns[slot]), int(s.v_agent[slot])

    def member(self, slot: int) -> Member:
        s, vid = self._state.slots, self.vid(slot)
        grouped = bool(s.v_grouped[slot])
        return Member(
            vid, to_hex(int(s.subject[slot])), int(s.v_start_ns[slot]), int(s.v_last_ns[slot]), int(s.v_zones[slot]), bool(s.staff[slot]),
            bool(s.v_state[slot] == OPEN), self._state.fan_name(int(s.v_fan[slot])), slot, grouped,
            self.grouped.get(vid) if grouped else self.own_count(slot),
        )  # fmt: skip

    def _from_row(self, row: VisitRow) -> Member:
        vid = (self._state.estate.stores.of(row.store), row.key_ns, self._state.estate.agents.of(row.agent))
        return Member(
            vid, row.subject, row.start_ns, row.last_ns, row.zones & (1 << 64) - 1, bool(row.staff), bool(row.open), row.fan, NOBODY,
            bool(row.grouped), Counted(*json.loads(row.counted)) if row.counted else None,
        )  # fmt: skip

    def members(self, subjects: Sequence[str], store: int, from_ns: int, to_ns: int) -> list[Member]:
        """Plain visits of subjects that touch the span; what a slot knows is newer than the ledger."""
        state, found = self._state, {}
        name = state.estate.stores.names[store]
        for subject in subjects:
            for row in state.ledger.visits(subject, name, from_ns, to_ns):
                member = self._from_row(row)
                found[member.vid] = member
            for slot in state.slots.lanes(int(subject, 16), store):
                if state.slots.v_state[slot]:
                    member = self.member(slot)
                    found[member.vid] = member
        return sorted((m for m in found.values() if m.last_ns >= from_ns and m.start_ns <= to_ns), key=lambda m: m.vid)

    @contextmanager
    def changing(self, slot: int) -> Iterator[None]:
        """Around a change of the slot's columns: what they contributed before is taken back, what they do after is counted."""
        store, counts = int(self._state.slots.store[slot]), not self._state.slots.v_grouped[slot]
        if counts:
            self.count(store, self.own_count(slot), -1)
        yield
        if counts:
            self.count(store, self.own_count(slot), 1)
        self.changed[slot] = None

    def set_fan(self, member: Member, fan: str) -> None:
        if member.slot != NOBODY:
            with self.changing(member.slot):
                self._state.slots.v_fan[member.slot] = self._state.fan_code(fan)
            self.keep(self.member(member.slot), None, member.grouped)
        else:
            member.fan = fan
            self.keep(member, member.counted, member.grouped)
        self.save()

    def keep(self, member: Member, counted: Counted | None, grouped: bool) -> None:
        """Into the ledger, unless it is open: those the slots know, and the state is stored with them."""
        if member.is_open and member.slot != NOBODY:
            return
        estate = self._state.estate
        store, key_ns, agent = member.vid
        zones = member.zones - (1 << 64) if member.zones >> 63 else member.zones
        row = VisitRow(member.subject, estate.stores.names[store], key_ns, estate.agents.names[agent], member.start_ns, member.last_ns,
                       zones, int(member.staff), int(member.is_open), member.fan, int(grouped),
                       counted.told() if counted else "")  # fmt: skip
        self._unsaved[row.subject, row.store, row.key_ns, row.agent] = row

    def keep_many(self, rows: Iterable[VisitRow]) -> None:
        """Into the store at once, one after the other."""
        self.save()
        self._state.ledger.save_visits(rows)

    def save(self) -> None:
        """Into the ledger."""
        if self._unsaved:
            self._state.ledger.save_visits(self._unsaved.values())
            self._unsaved = {}

    def count(self, store: int, counted: Counted | None, sign: int) -> None:
        if counted is None:
            return
        cells, c = self._state.traffic, counted
        cells.add(store, c.first_minute, T["visits_started"], sign)
        cells.add_span(store, c.first_minute, c.last_minute, T["visits_open"], sign)
        if c.known:
            cells.add_span(store, c.first_minute, c.last_minute, T["known_open"], sign)
        if c.closed:
            cells.add(store, c.last_minute, T["visits_closed"], sign)
            cells.add(store, c.last_minute, T["dwell_sum_s"], sign * c.seconds)

    def own_count(self, slot: int) -> Counted | None:
        """What the visit of a slot that is not grouped contributes."""
        s = self._state.slots
        if not s.v_counted[slot]:
            return None
        start_ns, last_ns = int(s.v_start_ns[slot]), int(s.v_last_ns[slot])
        known, closed = bool(s.v_fan[slot] >= 0), bool(s.v_state[slot] == CLOSED)
        return Counted(start_ns // NS_PER_MINUTE, int(s.v_minute[slot]), known, closed, seconds_of(start_ns, last_ns))

    def dump(self) -> list[list[object]]:
        return [[list(vid), None if c is None else [c.first_minute, c.last_minute, c.known, c.closed, c.seconds]]
                for vid, c in self.grouped.items()]  # fmt: skip

    def load(self, values: Iterable[tuple[list[int], list[object] | None]]) -> None:
        self.grouped = {(vid[0], vid[1], vid[2]): None if c is None else Counted(*c) for vid, c in values}  # type: ignore[arg-type] # as dumped


def opened_ns(key_ns: int) -> int:
    """When a visit's opening event was, to the millisecond. Whose visit it is, is asked as of this: a start may move, a key does not."""
    return key_ns // NS_PER_MS * NS_PER_MS
