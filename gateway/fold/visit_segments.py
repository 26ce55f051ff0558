"""Plain visits: runs of evidence of one track without a gap longer than the timeout. In slots while they may change, then in the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.pseudonyms import is_day_subject, to_hex
from footfall.units import NS_PER_MINUTE, NS_PER_MS
from gateway.fold.absences import Absences, from_text, to_text
from gateway.fold.estate_index import seconds_of
from gateway.fold.link_index import FEW_SUBJECTS, Changed
from gateway.fold.minute_counts import STAFF_ENTRIES, TRAFFIC_COLUMN
from gateway.fold.state import State
from gateway.fold.store import VisitRow, is_visit
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.visit_rows import (
    CLOSED,
    OPEN,
    Segment,
    TrafficContribution,
    VisitKey,
    contribution,
    ended,
    of_track,
    row_of,
    started,
)
from gateway.fold.writers import RowWriter, Writer

EVER_NS: Final = 1 << 62


class VisitSegments:
    """Reads and keeps them, and keeps the traffic of their store in step with what each contributes."""

    def __init__(self, state: State) -> None:
        self._state: Final = state
        self.writer: Final = RowWriter(state)
        self.changed: dict[int, None] = {}
        """Slots whose visit is to be emitted again; empty between batches."""
        self.grouped: dict[VisitKey, TrafficContribution | None] = {}
        """What grouped visits of slots contribute; others' contributions follow from their columns."""
        self.absences: Final = Absences(state)
        self._unsaved: dict[tuple[str, str, int, str], VisitRow] = {}

    def key_of(self, slot: int) -> VisitKey:
        """Return the key of the visit that a track has now."""
        s = self._state.tracks
        return VisitKey(s.store.item(slot), s.v_key_ns.item(slot), s.v_agent.item(slot))

    def of_track(self, slot: int) -> Segment:
        """Return the segment that a track has now."""
        is_grouped = self._state.tracks.v_grouped[slot]
        counted = self.grouped.get(self.key_of(slot)) if is_grouped else self.contribution(slot)
        segment = of_track(self._state, self.writer, slot, counted)
        segment.absences = self.absences.of(slot)
        return segment

    def from_row(self, row: VisitRow) -> Segment:
        """Return the segment that a row of the store is."""
        key = VisitKey(self._state.estate.stores.of(row.store), row.key_ns, self._state.estate.agents.of(row.agent))
        return Segment(
            key, row.subject, row.start_ns, row.last_ns, row.zones & (1 << 64) - 1, bool(row.staff), bool(row.open), row.fan, NO_CODE,
            bool(row.grouped), TrafficContribution.of_list(json.loads(row.counted)) if row.counted else None,
            is_day_subject(int(row.subject, 16)),
            from_text(row.absences), row.part_of_ns,
        )  # fmt: skip

    def in_span(self, subjects: Sequence[str], store: int, from_ns: int, to_ns: int) -> list[Segment]:
        """Return the segments of subjects that touch the span, by key; what a track has is newer than the ledger."""
        state, found = self._state, {}
        name = state.estate.stores.names[store]
        for subject in subjects:
            for row in filter(is_visit, state.ledger.visits(subject, name, from_ns, to_ns)):
                segment = self.from_row(row)
                found[segment.key] = segment
            for slot in state.tracks.tracks_of(int(subject, 16), store):
                if state.tracks.v_state[slot]:
                    segment = self.of_track(slot)
                    found[segment.key] = segment
        return sorted((m for m in found.values() if m.last_ns >= from_ns and m.start_ns <= to_ns), key=lambda m: m.key)

    def stores_of(self, subject: str) -> list[int]:
        """Return the stores that have visits of the subject."""
        state = self._state
        stores = {int(state.tracks.store[slot]) for slot in state.tracks.chain(int(subject, 16))}
        return sorted(stores | set(map(state.estate.stores.of, state.ledger.stores_of(subject))))

    def stores_changed(self, changed: Changed) -> list[int]:
        """Return the stores of the brand that may have visits of a name whose standing is another there."""
        codes = self._state.estate.stores
        return [codes.of(store) for store in changed.stores if store in codes] if changed.stores else self.stores_of(changed.name)

    def in_span_of_fan(self, fan: str, store: int, from_ns: int, to_ns: int) -> list[Segment]:
        """Return the segments of a fan that touch the span, by key. Save what is kept before."""
        state = self._state
        rows = state.ledger.visits_of_fan(fan, state.estate.stores.names[store], from_ns, to_ns)
        found = {segment.key: segment for segment in map(self.from_row, filter(is_visit, rows))}
        for subject in self._heard_of(fan, store) | {row.subject for row in rows}:
            for slot in state.tracks.tracks_of(int(subject, 16), store):
                if state.tracks.v_state[slot]:
                    segment = self.of_track(slot)
                    found[segment.key] = segment
        mine = (each for each in found.values() if each.fan == fan and each.last_ns >= from_ns and each.start_ns <= to_ns)
        return sorted(mine, key=lambda each: each.key)

    def _heard_of(self, fan: str, store: int) -> set[str]:
        """Return the subjects of a fan that may have tracks in the store: of a fan with many, those that have."""
        subjects, tracks = self._state.links.subjects_of(fan), self._state.tracks
        if len(subjects) <= FEW_SUBJECTS:
            return set(subjects)
        slots = np.flatnonzero((tracks.v_fan[: tracks.size] == self._state.fan_code(fan)) & (tracks.store[: tracks.size] == store))
        return set(map(to_hex, tracks.subject[slots].tolist()))

    def begin(self, writer: Writer, slot: Any, time_ns: Any, key_ns: Any, agent: Any, zone_bits: Any, fan: Any) -> None:
        """Open a segment, and count it: for one track, or for arrays of one row a track."""
        t, minute = self._state.tracks, time_ns // NS_PER_MINUTE
        self.absences.begin(slot)
        t.v_state[slot], t.v_key_ns[slot], t.v_agent[slot] = OPEN, key_ns, agent
        t.v_start_ns[slot], t.v_last_ns[slot], t.v_minute[slot] = time_ns, time_ns, minute
        t.v_zones[slot], t.v_fan[slot], t.v_grouped[slot], t.v_counted[slot] = zone_bits, fan, False, ~t.staff[slot]
        t.v_anonymous[slot], t.v_part_of_ns[slot] = is_day_subject(t.subject[slot]), 0
        amounts = started(self._state.fans.known(fan), writer.number(t.v_anonymous[slot]))
        writer.count(self._state.traffic, writer.number(t.store[slot]), minute, amounts, t.v_counted[slot])
        t.v_staff[slot] = t.staff[slot]
        writer.count(self._state.traffic, writer.number(t.store[slot]), minute, {STAFF_ENTRIES: 1}, t.v_staff[slot])

    def contribution(self, slot: int) -> TrafficContribution | None:
        """Return what the visit of a track that is not grouped contributes; None if nothing."""
        t = self._state.tracks
        if t.v_staff[slot]:
            return TrafficContribution.of_staff([t.v_start_ns.item(slot), *(to_ns for _, to_ns in self.absences.of(slot))])
        return contribution(self._state, slot)

    def hear(self, slot: int, time_ns: int) -> None:
        """Take evidence after the latest of a track's segment, which is stored then: its subject may have been away."""
        if time_ns - self._state.tracks.v_last_ns.item(slot) > self._state.estate.least_absence_ns:
            with self.changing(slot):
                self.absences.extend(slot, time_ns)

    def hear_many(self, slots: npt.NDArray[Any], times_ns: npt.NDArray[np.int64]) -> None:
        """Take the same of several tracks, one row a track."""
        long = np.flatnonzero(times_ns - self._state.tracks.v_last_ns[slots] > self._state.estate.least_absence_ns)
        for place in long.tolist():
            self.hear(slots.item(place), times_ns.item(place))

    def end(self, writer: Writer, slot: Any) -> None:
        """Close a segment with its last evidence, and count that, unless a group counts it: for one track, or for an array."""
        t, number = self._state.tracks, writer.number
        t.v_state[slot] = CLOSED
        seconds = seconds_of(number(t.v_start_ns[slot]), number(t.v_last_ns[slot]))
        counts = t.v_counted[slot] & ~t.v_grouped[slot]
        writer.count(self._state.traffic, number(t.store[slot]), number(t.v_minute[slot]), ended(seconds), counts)

    def add_zone(self, slot: int, zone_bit: int) -> None:
        """Count a zone among those of a track's segment; one that is over, or of a group, is emitted again."""
        t = self._state.tracks
        before, with_zone = t.v_zones.item(slot), t.v_zones.item(slot) | zone_bit
        if t.v_state[slot] and with_zone != before:
            t.v_zones[slot] = with_zone
            if t.v_state[slot] != OPEN or t.v_grouped[slot]:
                self.changed[slot] = None

    @contextmanager
    def changing(self, slot: int) -> Iterator[None]:
        """Keep traffic in step with a change of a track's columns: what they contributed before is taken back, the rest counted."""
        store, counts = int(self._state.tracks.store[slot]), not self._state.tracks.v_grouped[slot]
        if counts:
            self.count(store, self.contribution(slot), -1)
        yield
        if counts:
            self.count(store, self.contribution(slot), 1)
        self.changed[slot] = None

    def put(self, slot: int, segment: Segment) -> None:
        """Give a track another segment with the same latest evidence, grouped with nothing yet."""
        t = self._state.tracks
        if t.v_grouped[slot]:
            self.count(t.store.item(slot), self.grouped.pop(self.key_of(slot), None), -1)
            t.v_grouped[slot] = False
            self.count(t.store.item(slot), self.contribution(slot), 1)
        with self.changing(slot):
            t.v_key_ns[slot], t.v_start_ns[slot], t.v_part_of_ns[slot] = segment.key.key_ns, segment.start_ns, segment.part_of_ns
            t.v_zones[slot], t.v_fan[slot] = segment.zones, self._state.fan_code(segment.fan)
            self.absences.put(slot, segment.absences)

    def set_fan(self, segment: Segment, fan: str) -> None:
        """Give a segment another fan, on its track or in the store."""
        if segment.slot != NO_CODE:
            with self.changing(segment.slot):
                self._state.tracks.v_fan[segment.slot] = self._state.fan_code(fan)
            self.keep(self.of_track(segment.slot), None, segment.grouped)
        else:
            segment.fan = fan
            self.keep(segment, segment.counted, segment.grouped)
        self.save()

    def keep(self, segment: Segment, counted: TrafficContribution | None, grouped: bool) -> VisitRow:
        """Return the segment's row, kept for the store unless it is open: those the tracks know, and the state is stored with them."""
        text = counted.to_json() if counted else ""
        row = VisitRow(**row_of(self._state, self.writer, segment, int(grouped), text, to_text(segment.absences)))
        self._state.outcome_days.mark(segment.key.store, segment.start_ns // NS_PER_MINUTE)
        if not segment.is_open or segment.slot == NO_CODE:
            self._unsaved[row.subject, row.store, row.key_ns, row.agent] = row
        return row

    def keep_many(self, rows: Iterable[VisitRow]) -> None:
        """Write rows to the store at once."""
        self.save()
        self._state.ledger.save_visits(rows)

    def save(self) -> None:
        """Write what is kept to the store."""
        if self._unsaved:
            self._state.ledger.save_visits(self._unsaved.values())
            self._unsaved = {}

    def count(self, store: int, counted: TrafficContribution | None, sign: int) -> None:
        """Add a contribution to the store's traffic, or take it back with `sign` -1."""
        if counted is None:
            return
        cells, c = self._state.traffic, counted
        if c.staff_minutes:
            for minute in c.staff_minutes:
                cells.add(store, minute, STAFF_ENTRIES, sign)
            return
        self.writer.count(cells, store, c.first_minute, started(c.known, c.anonymous, sign), True)
        self.count_minutes(store, c.first_minute + 1, c.last_minute, c.known, c.anonymous, sign)
        if c.closed:
            self.writer.count(cells, store, c.last_minute, ended(c.seconds, sign), True)

    def count_minutes(self, store: int, first: int, last: int, known: bool, anonymous: bool, sign: int = 1) -> None:
        """Count a visit in the minutes from `first` to `last`, both included, after that of its start."""
        for name, counts in (("visits_open", True), ("known_open", known), ("anonymous_open", anonymous)):
            if counts:
                self._state.traffic.add_span(store, first, last, TRAFFIC_COLUMN[name], sign)

    def dump(self) -> dict[str, Any]:
        """Return the state; `load` takes it back."""
        grouped = [[list(key), None if c is None else c.to_list()] for key, c in self.grouped.items()]
        return {"grouped": grouped, "absences": self.absences.dump()}

    def load(self, values: Mapping[str, Any] | Sequence[Any]) -> None:
        """Go on from what `dump` returned; earlier releases dumped what is grouped alone."""
        of_now = values if isinstance(values, Mapping) else {"grouped": values, "absences": ()}
        self.grouped = {VisitKey(*key): None if c is None else TrafficContribution.of_list(c) for key, c in of_now["grouped"]}
        self.absences.load(of_now["absences"])


def opened_ns(key_ns: int) -> int:
    """Return when a visit's opening event was, ns, to the millisecond: a visit is its fan's as of this, since a start may move."""
    return key_ns // NS_PER_MS * NS_PER_MS
