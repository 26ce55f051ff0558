"""Parts of visits: a segment during which its subject passed from one to another is cut there, and each part is a visit of its own.

The parts make the segment whole again, and it is cut anew whenever its evidence changes, or when its subject passed on. So what is stored
depends on these alone, not on the order in which they became known. A track has the last part; the store behind the fold has the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final, NamedTuple

from footfall.pseudonyms import to_hex
from footfall.units import NS_PER_DAY, NS_PER_MS
from gateway.fold.absences import to_text
from gateway.fold.fan_dwells import dwells_of_track
from gateway.fold.state import State
from gateway.fold.store import VisitRow, is_visit
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.visit_fans import VisitFans
from gateway.fold.visit_rows import Segment, VisitKey, row_of
from gateway.fold.visit_segments import VisitSegments, opened_ns
from gateway.fold.wholes import Extent, spans_between, together
from gateway.fold.whose import Whose
from gateway.points import key_base, record_key_ns

REACH_NS: Final = NS_PER_DAY
"""No part of a segment is further from the next: in between nobody heard the subject, for less than an idle timeout."""
Key = tuple[str, int, str]
"""Subject, key_ns and agent of a visit in one store."""
ZonesBetween = Callable[[int, int], int]
"""By a span, both ends included, the zones in which the subject was then, a bit each."""


class Cut(NamedTuple):
    """What changes when a segment is cut anew. `gone` is no more, unless its key is in `come`, or `kept`."""

    gone: dict[Key, VisitRow]
    come: dict[Key, VisitRow]
    kept: frozenset[Key] = frozenset()
    """The key of what the track has now."""
    was: Segment | None = None
    """What the track had."""


class Whole(NamedTuple):
    """A segment of the store, and the rows in which it is kept."""

    row: VisitRow
    rows: Sequence[VisitRow]


def parts_of(whole: Segment, handovers_ns: Iterable[int], zones_between: ZonesBetween) -> list[Segment]:
    """Return the parts of a segment whose subject passed on at these times, in order: itself where it did not."""
    spans = spans_between(whole.start_ns, whole.last_ns, whole.absences, handovers_ns)
    if len(spans) == 1:
        return [replace(whole, part_of_ns=0)]
    masks = [zones_between(from_ns, to_ns) & whole.zones or whole.zones for from_ns, to_ns in _until_next(spans)]
    own = own_part(spans, whole.key.key_ns)
    masks[own] |= whole.zones & ~_union(masks)
    parts = [_part(whole, span, mask, nth == own) for nth, (span, mask) in enumerate(zip(spans, masks, strict=True))]
    return [*parts[:-1], replace(parts[-1], slot=whole.slot, is_open=whole.is_open)]


def _part(whole: Segment, span: tuple[int, int], zones: int, keeps_key: bool) -> Segment:
    start_ns, last_ns = span
    key = whole.key
    if not keeps_key:
        key = key._replace(key_ns=record_key_ns(start_ns, key_base(whole.subject, str(key.key_ns))))
    absences = tuple(each for each in whole.absences if each[0] >= start_ns and each[1] <= last_ns)
    return replace(
        whole, key=key, start_ns=start_ns, last_ns=last_ns, zones=zones, is_open=False, fan="", slot=NO_CODE, grouped=False, counted=None,
        absences=absences, part_of_ns=whole.key.key_ns,
    )  # fmt: skip


def own_part(spans: Sequence[tuple[int, int]], key_ns: int) -> int:
    """Return which part of a segment has its key: the one that goes on at its opening event."""
    return max(nth for nth, (start_ns, _) in enumerate(spans) if nth == 0 or start_ns // NS_PER_MS * NS_PER_MS <= opened_ns(key_ns))


def _until_next(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans that have no moment in common; both ends are included."""
    return [(one[0], min(one[1], other[0] - 1)) for one, other in pairwise(spans)] + list(spans[-1:])


def _union(masks: Iterable[int]) -> int:
    zones = 0
    for mask in masks:
        zones |= mask
    return zones


def whole_of(parts: Sequence[Segment]) -> Segment:
    """Return the segment that parts make together."""
    last = max(parts, key=lambda each: (each.start_ns, each.last_ns))
    if not last.part_of_ns:
        return last
    whole = together(Extent(each.start_ns, each.last_ns, each.zones, each.absences) for each in parts)
    key = last.key._replace(key_ns=last.part_of_ns)
    return replace(last, key=key, start_ns=whole.start_ns, zones=whole.zones, absences=whole.absences, part_of_ns=0)


class VisitParts:
    """Cuts segments of tracks, and of the store behind the fold. What tracks have is newer than the store: save segments first."""

    def __init__(self, state: State, segments: VisitSegments, whose: Whose, fans: VisitFans) -> None:
        self._state: Final = state
        self._segments: Final = segments
        self._whose: Final = whose
        self._fans: Final = fans
        self._taken: dict[int, list[VisitRow]] = {}
        """By slot that has its whole segment, the parts that it had."""
        self.again: Final[set[int]] = set()
        """Slots whose segments are to be cut anew; empty between batches."""
        self.save_dwells: Callable[[], None] = lambda: None
        """Zones of parts are those of their dwells, so what is kept of dwells is written first."""

    def make_whole(self, subject: int, store: int) -> None:
        """Let a subject's tracks have their whole segments until they are cut anew: evidence comes that may be of an earlier part."""
        t = self._state.tracks
        for slot in t.tracks_of(subject, store):
            if t.v_part_of_ns[slot]:
                self._segments.save()
                part = self._segments.of_track(slot)
                rows = self._stored(part, store)
                self._segments.put(slot, whole_of([*map(self._segments.from_row, rows), part]))
                self._take_out(store, rows)
                self._taken[slot] = [*(row._replace(counted="") for row in rows), self._row(part)]
                self.again.add(slot)

    def _take_out(self, store: int, rows: Sequence[VisitRow]) -> None:
        for row in rows:
            self._segments.count(store, self._segments.from_row(row).counted, -1)
        self._state.ledger.delete_visits(rows)

    def is_passed(self, slot: int) -> bool:
        """Return whether the subject of a track passed on after its visit began."""
        t = self._state.tracks
        span = t.v_start_ns.item(slot), t.v_last_ns.item(slot)
        return bool(self._whose.handovers_ns(to_hex(t.subject.item(slot)), t.store.item(slot), *span))

    def cut_track(self, slot: int) -> Cut | None:
        """Cut the segment of a track anew; None if nothing changes. The track has the last part then."""
        self.again.discard(slot)
        self._segments.save()
        store, now, taken = self._state.tracks.store.item(slot), self._segments.of_track(slot), self._taken.pop(slot, [])
        rows = self._stored(now, store) if now.part_of_ns else []
        before = [*map(self._segments.from_row, rows), now]
        after = self._cut(store, whole_of(before))
        if not taken and _are_same(before, after):
            return None
        last = after[-1]
        self._segments.put(slot, replace(last, fan=self._fans.fan_of(store, last, last.key.key_ns)))
        cut, kept = self._cut_of(rows, before[:-1], after[:-1]), _key(self._row(last))
        cut.gone.update((_key(row), row) for row in (*taken, self._row(now)) if _key(row) != kept)
        return cut._replace(kept=frozenset([kept]), was=now)

    def cut_stored(self, subject: str, store: int, from_ns: int, to_ns: int) -> list[Cut]:
        """Return what changes of the subject's segments that touch a span, and that no track has."""
        if int(subject, 16) not in self._state.links.handed:
            return []
        t, name = self._state.tracks, self._state.estate.stores.names[store]
        slots = [slot for slot in t.tracks_of(int(subject, 16), store) if t.v_state[slot]]
        done = {_whole_key(self._segments.of_track(slot)) for slot in slots}
        found = []
        for row in filter(is_visit, self._state.ledger.visits(subject, name, from_ns, to_ns)):
            segment = self._segments.from_row(row)
            if _whole_key(segment) not in done:
                done.add(_whole_key(segment))
                rows = self._stored(segment, store) if row.part_of_ns else [row]
                before = sorted(map(self._segments.from_row, rows), key=lambda each: each.start_ns)
                after = self._cut(store, whole_of(before))
                if not _are_same(before, after):
                    found.append(self._cut_of(rows, before, after))
        return found

    def wholes(self, store: int, rows: Iterable[VisitRow]) -> dict[Key, Whole]:
        """Return the whole segments that rows of the store are, or are parts of."""
        found: dict[Key, Whole] = {}
        for row in rows:
            if not row.part_of_ns:
                found[_key(row)] = Whole(row, [row])
            elif (row.subject, row.part_of_ns, row.agent) not in found:
                mine = self._stored(self._segments.from_row(row), store)
                whole = self._row(whole_of([self._segments.from_row(each) for each in mine]))
                found[_key(whole)] = Whole(whole, mine)
        return found

    def rows_of(self, store: int, whole: VisitRow) -> list[VisitRow]:
        """Return the parts of a whole segment, as rows of nobody yet."""
        return [self._row(each) for each in self._cut(store, self._segments.from_row(whole))] if is_visit(whole) else [whole]

    def _cut_of(self, rows: Sequence[VisitRow], before: Sequence[Segment], after: Sequence[Segment]) -> Cut:
        """Return the difference of what the store has to what it is to have: of a day's parts mostly one changes."""
        was, now = set(map(_shape, before)), set(map(_shape, after))
        gone = [row for row in rows if _shape(self._segments.from_row(row)) not in now]
        come = [self._row(each) for each in after if _shape(each) not in was]
        return Cut({_key(row): row for row in gone}, {_key(row): row for row in come})

    def _cut(self, store: int, whole: Segment) -> list[Segment]:
        handovers_ns = self._whose.handovers_ns(whole.subject, store, whole.start_ns, whole.last_ns)
        if whole.staff or not handovers_ns:
            return [replace(whole, part_of_ns=0)]
        stays = self._stays(whole.subject, store, whole.start_ns, whole.last_ns)

        def zones_between(from_ns: int, to_ns: int) -> int:
            return _union(zone_bit for start_ns, last_ns, zone_bit in stays if start_ns <= to_ns and last_ns >= from_ns)

        return parts_of(whole, handovers_ns, zones_between)

    def _stored(self, part: Segment, store: int) -> list[VisitRow]:
        """Return the rows of the store that are parts of the same segment, in order; without what its track has."""
        name, first_ns, last_ns = self._state.estate.stores.names[store], part.start_ns, part.last_ns
        agent = self._state.estate.agents.names[part.key.agent]
        while True:
            near = self._state.ledger.visits(part.subject, name, first_ns - REACH_NS, last_ns + REACH_NS)
            rows = [row for row in near if (row.part_of_ns, row.agent) == (part.part_of_ns, agent)]
            span = min([first_ns, *(row.start_ns for row in rows)]), max([last_ns, *(row.last_ns for row in rows)])
            if span == (first_ns, last_ns):
                own = part.key.key_ns if part.slot != NO_CODE else -1
                return sorted((row for row in rows if row.key_ns != own), key=lambda row: row.start_ns)
            first_ns, last_ns = span

    def _stays(self, subject: str, store: int, from_ns: int, to_ns: int) -> list[tuple[int, int, int]]:
        """Return the begin, the end and the zone's bit of dwells around a span; those of tracks are newer than the store's."""
        self.save_dwells()
        state, estate, name = self._state, self._state.estate, self._state.estate.stores.names[store]
        rows = state.ledger.dwells(subject, name, from_ns, to_ns)
        found = {(row.key_ns, row.agent): (row.start_ns, row.last_ns, estate.zone(name, row.zone)) for row in rows}
        for slot in state.tracks.tracks_of(int(subject, 16), store):
            for each in dwells_of_track(state, slot):
                found[each.key_ns, each.agent] = each.start_ns, each.last_ns, each.zone
        return [(start_ns, last_ns, estate.zone_bit(zone)) for start_ns, last_ns, zone in found.values() if not estate.zone_outside[zone]]

    def _row(self, segment: Segment) -> VisitRow:
        return VisitRow(**row_of(self._state, self._segments.writer, replace(segment, fan=""), 0, "", to_text(segment.absences)))


def _key(row: VisitRow) -> Key:
    return row.subject, row.key_ns, row.agent


def _whole_key(segment: Segment) -> VisitKey:
    return segment.key._replace(key_ns=segment.part_of_ns or segment.key.key_ns)


def _are_same(before: Sequence[Segment], after: Sequence[Segment]) -> bool:
    return list(map(_shape, before)) == list(map(_shape, after))


def _shape(part: Segment) -> tuple[object, ...]:
    return part.key, part.start_ns, part.last_ns, part.zones, part.absences, part.part_of_ns
