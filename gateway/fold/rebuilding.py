"""Takes past days that were folded once more (`footfall rebuild`): the difference to what is there is emitted, and nothing else.

Nothing here depends on what the minutes were: a row takes back what it counted, a new one is counted, and so every sum follows. Who is in
the store since the day, or was until a moment ago, is left as is: what a track has may still change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from footfall.units import NS_PER_DAY, NS_PER_MINUTE
from gateway.fold.door_counts import DoorCounts
from gateway.fold.dwells import Dwells
from gateway.fold.link_index import Changed
from gateway.fold.live_tracks import are_live
from gateway.fold.minute_counts import TRAFFIC_COLUMN, stated_at_doors
from gateway.fold.minute_points import MinutePoints
from gateway.fold.rebuilt import RebuiltDwell, RebuiltPart, RebuiltVisit, decode
from gateway.fold.rebuilt_visits import RebuiltVisits
from gateway.fold.state import State
from gateway.fold.store import CorrectionRow, DwellRow, VisitRow
from gateway.fold.taken_over import TakenOver
from gateway.fold.visit_parts import Key
from gateway.records import Record

REBUILD: Final = "rebuild"
_IN, _OUT = TRAFFIC_COLUMN["in"], TRAFFIC_COLUMN["out"]


class Rebuilding:
    """`take` a REBUILT record."""

    def __init__(
        self, state: State, visits: RebuiltVisits, relink: Callable[[Sequence[Changed]], None], dwells: Dwells, minute_points: MinutePoints,
        taken_over: TakenOver, touches_again: Callable[[str, int, int], None],
    ) -> None:  # fmt: skip
        """`relink` cuts dwells and visits of subjects anew, and gives them their fans.

        `touches_again` gives a store's touches of a span what follows from the site.
        """
        self._state: Final = state
        self._relink: Final = relink
        self._visits: Final = visits
        self._dwells: Final = dwells
        self._minute_points: Final = minute_points
        self._taken_over: Final = taken_over
        self._touches_again: Final = touches_again
        self._doors: Final = DoorCounts(state)

    def take(self, record: Record) -> None:
        """Put what a record has in the place of what is there, and work out again what follows from staff and types."""
        part = decode(record.body)
        if not part.keeps_rows:
            self._take_rows(record, part)
        if part.part == 0:
            self._touches_again(record.store, part.from_ns, part.to_ns)
            self._state.outcome_days.mark(self._state.estate.stores.of(record.store), part.from_ns // NS_PER_MINUTE)
            self._keep(record, part)

    def _take_rows(self, record: Record, part: RebuiltPart) -> None:
        store = self._state.estate.stores.of(record.store)
        if part.ours_from_ns:
            self._taken_over.begin(record.store, part)
        self._visits.save()
        self._dwells.save()
        found = self._state.ledger.visits_between(record.store, part.from_ns, part.to_ns)
        subjects = {row.subject for row in found} | part.observed | set(part.subjects)
        subjects = {each for each in subjects if part.is_of(each)}
        free = {each for each in subjects if not self._is_live(each, store, part.to_ns)}
        self._take_visits(record.store, part, [row for row in found if row.subject in free], free)
        for subject in sorted(free):
            self._take_dwells(record.store, part, subject)
        handed = [each for each in sorted(free) if int(each, 16) in self._state.links.handed]
        self._relink([Changed(each, part.from_ns, part.to_ns) for each in handed])
        if part.part == 0:
            self._take_doors(store, part)
        if part.ours_from_ns:
            self._taken_over.emit(record.store, part, subjects)

    def _is_live(self, subject: str, store: int, to_ns: int) -> bool:
        tracks = self._state.tracks
        slots = tracks.tracks_of(int(subject, 16), store)
        return bool(slots) and bool(are_live(lambda name: getattr(tracks, name)[slots], to_ns).any())

    def _take_visits(self, store: str, part: RebuiltPart, found: list[VisitRow], free: set[str]) -> None:
        code, parts = self._state.estate.stores.of(store), self._visits.parts
        wholes = {key: whole for key, whole in parts.wholes(code, found).items() if part.from_ns <= key[1] < part.to_ns}
        before = {key: whole.row for key, whole in wholes.items()}
        bits = [self._state.estate.zone_bit(self._state.estate.zone(store, zone)) for zone in part.zones]
        after = _by_key(_visit(row, store, bits) for row in part.visits if row.subject in free)
        gone = {key: row for key, row in before.items() if key not in after or _observed(after[key]) != _observed(row)}
        come = [row for key, row in after.items() if key not in before or key in gone]
        gone_rows = [row for key in gone for row in wholes[key].rows]
        self._visits.replace(code, _by_key(gone_rows), _by_key(row for whole in come for row in parts.rows_of(code, whole)))

    def _take_dwells(self, store: str, part: RebuiltPart, subject: str) -> None:
        wholes = self._dwells.parts.wholes(subject, store, part.from_ns - NS_PER_DAY, part.to_ns + NS_PER_DAY)
        before = {_dwell_key(whole.row): whole for whole in wholes if part.from_ns <= whole.row.key_ns < part.to_ns}
        after = {_dwell_key(row): row for row in (_dwell(each, store) for each in part.dwells if each.subject == subject)}
        gone = {key for key, whole in before.items() if key not in after or after[key] != whole.row._replace(fan="")}
        come = [after[key] for key in sorted(after) if key not in before or key in gone]
        self._dwells.parts.replace([row for key in sorted(gone) for row in before[key].rows], come)

    def _take_doors(self, store: int, part: RebuiltPart) -> None:
        ledger, cells = self._state.ledger, self._state.traffic
        for each in part.counts:
            row = ledger.count_by_id(each.id)
            if row is not None and row.inner != each.inner:
                ledger.save_count(row._replace(inner=each.inner))
        for of, entered, left in part.adjusted:
            row = ledger.count_by_id(of)
            if row is not None and (row.entered, row.left) != (entered, left):
                self._doors.restate(row, row._replace(entered=entered, left=left))
        counted = {each.minute: each for each in part.doors}
        first, last = part.from_ns // NS_PER_MINUTE, (part.to_ns - 1) // NS_PER_MINUTE
        for minute in sorted({*cells.minutes(store, first, last), *counted}):
            cell, now = cells.get(store, minute), counted.get(minute)
            entered, left = (now.entered, now.left) if now else (0, 0)
            entered_before, left_before = stated_at_doors(cell)
            if (entered_before, left_before) != (entered, left):
                cells.add(store, minute, _IN, entered - entered_before)
                cells.add(store, minute, _OUT, left - left_before)
                self._minute_points.count(store, minute)
        self._minute_points.settle_again(store, first, counted)

    def _keep(self, record: Record, part: RebuiltPart) -> None:
        """Keep who did so and why among the corrections, which are listed."""
        body = json.dumps({"day": part.day, "actor": part.actor, "reason": part.reason}, ensure_ascii=False)
        self._state.ledger.save_corrections([
            CorrectionRow(f"{REBUILD}:{record.store}/{part.day}", record.store, record.agent, record.pos, REBUILD, part.learned_ns, 0, body)
        ])  # fmt: skip


def _by_key(rows: Iterable[VisitRow]) -> dict[Key, VisitRow]:
    return {(row.subject, row.key_ns, row.agent): row for row in rows}


def _observed(row: VisitRow) -> VisitRow:
    """Return what a row has of its own: nothing of its fan or its neighbours."""
    return row._replace(fan="", grouped=0, counted="" if row.zones else row.counted)


def _visit(row: RebuiltVisit, store: str, bits: list[int]) -> VisitRow:
    """`bits` are the zones' in this state, by their place in the part."""
    zones = 0
    for place, bit in enumerate(bits):
        if row.zones >> min(place, 63) & 1:
            zones |= bit
    signed = zones - (1 << 64) if zones >> 63 else zones
    return VisitRow(
        row.subject, store, row.key_ns, row.agent, row.start_ns, row.last_ns, signed, row.staff, 0, "", 0, row.counted, row.absences
    )  # fmt: skip


def _dwell_key(row: DwellRow) -> tuple[int, str, str]:
    return row.key_ns, row.agent, row.zone


def _dwell(row: RebuiltDwell, store: str) -> DwellRow:
    return DwellRow(row.subject, store, row.zone, row.key_ns, row.agent, row.start_ns, row.last_ns, row.staff, 0, "", row.quality)
