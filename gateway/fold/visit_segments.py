"""Plain visits: runs of evidence of one track without a gap longer than the timeout. In slots while they may change, then in the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from footfall.pseudonyms import to_hex
from footfall.units import NS_PER_MINUTE, NS_PER_MS
from gateway.fold.estate_index import seconds_of
from gateway.fold.minute_counts import TRAFFIC_COLUMN
from gateway.fold.state import State
from gateway.fold.store import VisitRow
from gateway.fold.tables.hash_index import NO_CODE

OPEN, CLOSED = 1, 2
VisitKey = tuple[int, int, int]
"""(store, key_ns, agent): a visit's series and time, frozen at its opening event."""
EVER_NS: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class TrafficContribution:
    """What a visit contributes to the traffic of its store."""

    first_minute: int
    last_minute: int
    known: bool
    closed: bool
    seconds: float

    def to_json(self) -> str:
        """As the ledger has it."""
        return json.dumps([self.first_minute, self.last_minute, self.known, self.closed, self.seconds])


@dataclass(slots=True)
class Segment:
    """A segment, from a track or from the ledger."""

    key: VisitKey
    subject: str
    start_ns: int
    last_ns: int
    zones: int
    staff: bool
    is_open: bool
    fan: str
    slot: int
    grouped: bool
    counted: TrafficContribution | None


class VisitSegments:
    """Reads and keeps them, and keeps the traffic of their store in step with what each contributes."""

    def __init__(self, state: State) -> None:
        self._state: Final = state
        self.changed: dict[int, None] = {}
        """Slots whose visit is to be emitted again; empty between batches."""
        self.grouped: dict[VisitKey, TrafficContribution | None] = {}
        """What grouped visits of slots contribute; others' contributions follow from their columns."""
        self._unsaved: dict[tuple[str, str, int, str], VisitRow] = {}

    def key_of(self, slot: int) -> VisitKey:
        s = self._state.tracks
        return int(s.store[slot]), int(s.v_key_ns[slot]), int(s.v_agent[slot])

    def of_track(self, slot: int) -> Segment:
        s, key = self._state.tracks, self.key_of(slot)
        grouped = bool(s.v_grouped[slot])
        return Segment(
            key, to_hex(int(s.subject[slot])), int(s.v_start_ns[slot]), int(s.v_last_ns[slot]), int(s.v_zones[slot]), bool(s.staff[slot]),
            bool(s.v_state[slot] == OPEN), self._state.fan_name(int(s.v_fan[slot])), slot, grouped,
            self.grouped.get(key) if grouped else self.own_count(slot),
        )  # fmt: skip

    def _from_row(self, row: VisitRow) -> Segment:
        key = (self._state.estate.stores.of(row.store), row.key_ns, self._state.estate.agents.of(row.agent))
        return Segment(
            key, row.subject, row.start_ns, row.last_ns, row.zones & (1 << 64) - 1, bool(row.staff), bool(row.open), row.fan, NO_CODE,
            bool(row.grouped), TrafficContribution(*json.loads(row.counted)) if row.counted else None,
        )  # fmt: skip

    def in_span(self, subjects: Sequence[str], store: int, from_ns: int, to_ns: int) -> list[Segment]:
        """Plain visits of subjects that touch the span; what a slot knows is newer than the ledger."""
        state, found = self._state, {}
        name = state.estate.stores.names[store]
        for subject in subjects:
            for row in state.ledger.visits(subject, name, from_ns, to_ns):
                segment = self._from_row(row)
                found[segment.key] = segment
            for slot in state.tracks.tracks_of(int(subject, 16), store):
                if state.tracks.v_state[slot]:
                    segment = self.of_track(slot)
                    found[segment.key] = segment
        return sorted((m for m in found.values() if m.last_ns >= from_ns and m.start_ns <= to_ns), key=lambda m: m.key)

    def begin(self, slot: Any, time_ns: Any, key_ns: Any, agent: Any, zone_bits: Any, fan: Any) -> None:
        """Write the columns of a segment that opens: for one slot, or for arrays of one row a slot."""
        s = self._state.tracks
        s.v_state[slot], s.v_key_ns[slot], s.v_agent[slot] = OPEN, key_ns, agent
        s.v_start_ns[slot], s.v_last_ns[slot], s.v_minute[slot] = time_ns, time_ns, time_ns // NS_PER_MINUTE
        s.v_zones[slot], s.v_fan[slot], s.v_grouped[slot], s.v_counted[slot] = zone_bits, fan, False, ~s.staff[slot]

    @contextmanager
    def changing(self, slot: int) -> Iterator[None]:
        """Around a change of the slot's columns: what they contributed before is taken back, what they do after is counted."""
        store, counts = int(self._state.tracks.store[slot]), not self._state.tracks.v_grouped[slot]
        if counts:
            self.count(store, self.own_count(slot), -1)
        yield
        if counts:
            self.count(store, self.own_count(slot), 1)
        self.changed[slot] = None

    def set_fan(self, segment: Segment, fan: str) -> None:
        if segment.slot != NO_CODE:
            with self.changing(segment.slot):
                self._state.tracks.v_fan[segment.slot] = self._state.fan_code(fan)
            self.keep(self.of_track(segment.slot), None, segment.grouped)
        else:
            segment.fan = fan
            self.keep(segment, segment.counted, segment.grouped)
        self.save()

    def keep(self, segment: Segment, counted: TrafficContribution | None, grouped: bool) -> None:
        """Into the ledger, unless it is open: those the slots know, and the state is stored with them."""
        if segment.is_open and segment.slot != NO_CODE:
            return
        estate = self._state.estate
        store, key_ns, agent = segment.key
        zones = segment.zones - (1 << 64) if segment.zones >> 63 else segment.zones
        row = VisitRow(segment.subject, estate.stores.names[store], key_ns, estate.agents.names[agent], segment.start_ns, segment.last_ns,
                       zones, int(segment.staff), int(segment.is_open), segment.fan, int(grouped),
                       counted.to_json() if counted else "")  # fmt: skip
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

    def count(self, store: int, counted: TrafficContribution | None, sign: int) -> None:
        if counted is None:
            return
        cells, c = self._state.traffic, counted
        cells.add(store, c.first_minute, TRAFFIC_COLUMN["visits_started"], sign)
        cells.add_span(store, c.first_minute, c.last_minute, TRAFFIC_COLUMN["visits_open"], sign)
        if c.known:
            cells.add_span(store, c.first_minute, c.last_minute, TRAFFIC_COLUMN["known_open"], sign)
        if c.closed:
            cells.add(store, c.last_minute, TRAFFIC_COLUMN["visits_closed"], sign)
            cells.add(store, c.last_minute, TRAFFIC_COLUMN["dwell_sum_s"], sign * c.seconds)

    def own_count(self, slot: int) -> TrafficContribution | None:
        """What the visit of a slot that is not grouped contributes."""
        s = self._state.tracks
        if not s.v_counted[slot]:
            return None
        start_ns, last_ns = int(s.v_start_ns[slot]), int(s.v_last_ns[slot])
        known, closed = bool(s.v_fan[slot] >= 0), bool(s.v_state[slot] == CLOSED)
        return TrafficContribution(start_ns // NS_PER_MINUTE, int(s.v_minute[slot]), known, closed, seconds_of(start_ns, last_ns))

    def dump(self) -> list[list[object]]:
        return [[list(key), None if c is None else [c.first_minute, c.last_minute, c.known, c.closed, c.seconds]]
                for key, c in self.grouped.items()]  # fmt: skip

    def load(self, values: Iterable[tuple[list[int], list[object] | None]]) -> None:
        self.grouped = {(key[0], key[1], key[2]): None if c is None else TrafficContribution(*c) for key, c in values}  # type: ignore[arg-type] # as dumped


def opened_ns(key_ns: int) -> int:
    """When a visit's opening event was, to the millisecond. Whose visit it is, is asked as of this: a start may move, a key does not."""
    return key_ns // NS_PER_MS * NS_PER_MS
