"""Parts of dwells: one during which its subject passed from one to another is cut there, and each part is a dwell of its own.

Where a subject is follows from evidence alone, so a track has its dwells whole; what is stored, and what the minutes count, are their
parts. They make the dwell whole again, and it is cut anew whenever it changed, or when its subject passed on. So what is stored depends on
these alone, not on the order in which they became known. Of the last part a track has key, start and fan; the store has the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy.typing as npt

from footfall.pseudonyms import to_hex
from gateway.fold.dwell_rows import current, previous
from gateway.fold.fan_dwells import dwell_before, dwell_of_row, dwell_of_track
from gateway.fold.fan_stays import CountedDwell
from gateway.fold.kept_dwells import KeptDwells
from gateway.fold.link_index import Changed
from gateway.fold.state import State
from gateway.fold.store import DwellRow
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.wholes import cut_dwell, whole_dwell
from gateway.fold.whose import Whose
from gateway.fold.writers import RowWriter, Values, Writer


class OfTrack(NamedTuple):
    """Which of the two dwells of a track."""

    row: Callable[[State, Writer, Any], Values]
    counted: Callable[[State, int], CountedDwell]
    columns: str
    """How the names of its columns begin."""
    last_ns: str
    """The column of its last evidence."""
    there: str
    """The column that states whether the track has it."""
    none: int
    """What that column has if it has not."""


CURRENT: Final = OfTrack(current, dwell_of_track, "d", "zone_ns", "d_state", 0)
PREVIOUS: Final = OfTrack(previous, dwell_before, "p", "p_last_ns", "p_zone", NO_CODE)
WholeKey = tuple[str, int, str, str]
"""Store, key_ns, agent and zone of a whole dwell of one subject."""


class WholeDwell(NamedTuple):
    """A dwell of the store, and the rows in which it is kept, in order."""

    row: DwellRow
    rows: Sequence[DwellRow]


class DwellParts:
    """Cuts dwells of tracks, and of the store behind the fold."""

    def __init__(self, state: State, whose: Whose, kept: KeptDwells) -> None:
        self._state: Final = state
        self._whose: Final = whose
        self._kept: Final = kept
        self._row: Final = RowWriter(state)
        self._heard: dict[int, None] = {}
        """Slots whose dwells changed since `reach`, of subjects that may pass on; empty between batches."""

    # Of tracks

    def hear(self, slot: int) -> None:
        """Take that a track's dwell lasts longer than it did, or shorter."""
        if self._state.links.is_watched(self._state.tracks.subject.item(slot)):
            self._heard[slot] = None

    def hear_many(self, slots: npt.NDArray[Any]) -> None:
        """Take the same of several tracks."""
        if self._state.links.handed or self._state.links.withdrawn:
            self._heard |= dict.fromkeys(slots[self._state.links.watched(self._state.tracks.subject[slots])].tolist())

    def reach(self) -> None:
        """Cut the dwells that have reached a handover."""
        for slot in list(self._heard):
            self.settle(slot)

    def settle(self, slot: int) -> None:
        """Cut a track's dwell, which another is about to follow, where it has reached a handover."""
        if slot in self._heard:
            del self._heard[slot]
            if self._state.tracks.d_state[slot] and self.is_passed(slot, CURRENT):
                self.cut(slot, CURRENT)

    def is_passed(self, slot: int, of: OfTrack) -> bool:
        """Return whether the subject of a track passed on after the last part of a dwell began."""
        t = self._state.tracks
        part_ns, last_ns = getattr(t, f"{of.columns}_part_ns").item(slot), getattr(t, of.last_ns).item(slot)
        return bool(self._whose.dwell_ends_ns(to_hex(t.subject.item(slot)), t.store.item(slot), part_ns, last_ns))

    def cut(self, slot: int, of: OfTrack) -> None:
        """Cut a dwell of a track anew, and give each part its fan."""
        before = self._of_track(slot, of)
        self._exchange(before, self._parts(whole_dwell(before)), slot, of)

    def make_whole(self, slot: int) -> None:
        """Let a track's dwell be one until it is cut anew: it is about to end before its last part begins."""
        before = self._of_track(slot, CURRENT)
        self._exchange(before, cut_dwell(whole_dwell(before), (), self._fan_of), slot, CURRENT)
        self._heard[slot] = None

    def _of_track(self, slot: int, of: OfTrack) -> list[DwellRow]:
        self._kept.save()
        last = DwellRow(**of.row(self._state, self._row, slot))
        return [*(row for row in self._beside(last) if row.key_ns != last.key_ns), last]

    # Of subjects

    def cut_again(self, changed: Changed) -> None:
        """Cut a subject's dwells anew that touch a span in which its standing changed, and give each part its fan."""
        self._kept.save()
        tracks, names = self._state.tracks, self._state.estate.stores.names
        of_tracks: set[WholeKey] = set()
        for slot in tracks.chain(int(changed.name, 16)):
            if not changed.is_in(names[tracks.store.item(slot)]):
                continue
            for of in (PREVIOUS, CURRENT):
                if getattr(tracks, of.there)[slot] != of.none:
                    row = DwellRow(**of.row(self._state, self._row, slot))
                    of_tracks.add(_whole_key(row))
                    if getattr(tracks, f"{of.columns}_start_ns")[slot] <= changed.to_ns and row.last_ns >= changed.from_ns:
                        self.cut(slot, of)
        for whole in self._wholes(self._rows_of(changed)):
            if _whole_key(whole.row) not in of_tracks:
                self._exchange(whole.rows, self._parts(whole.row))
        self._kept.save()

    def _rows_of(self, changed: Changed) -> list[DwellRow]:
        ledger, (subject, from_ns, to_ns, stores) = self._state.ledger, changed
        if not stores:
            return ledger.dwells_touching(subject, from_ns, to_ns)
        return [row for store in stores for row in ledger.dwells(subject, store, from_ns, to_ns)]

    def wholes(self, subject: str, store: str, from_ns: int, to_ns: int) -> list[WholeDwell]:
        """Return a subject's whole dwells in a store, by its name, that touch a span, as the store behind the fold has them."""
        self._kept.save()
        return self._wholes(self._state.ledger.dwells(subject, store, from_ns, to_ns))

    def replace(self, gone: Sequence[DwellRow], come: Iterable[DwellRow]) -> None:
        """Put whole dwells, which are cut, in the place of rows that the store alone has."""
        self._exchange(gone, [part for whole in come for part in self._parts(whole)])
        self._kept.save()

    def _wholes(self, rows: Iterable[DwellRow]) -> list[WholeDwell]:
        found: dict[WholeKey, WholeDwell] = {}
        for row in rows:
            if _whole_key(row) not in found:
                mine = self._beside(row) or [row]
                found[_whole_key(row)] = WholeDwell(whole_dwell(mine), mine)
        return list(found.values())

    def _beside(self, row: DwellRow) -> list[DwellRow]:
        """Return the rows of the store that are parts of the same dwell, in order; none of one that is whole."""
        if not row.part_of_ns:
            return []
        found = self._state.ledger.dwells_of_parts(row.subject, row.store, row.part_of_ns)
        return sorted((each for each in found if _whole_key(each) == _whole_key(row)), key=lambda each: each.start_ns)

    # Cutting

    def _parts(self, whole: DwellRow) -> list[DwellRow]:
        store = self._state.estate.stores.of(whole.store)
        ends_ns = [] if whole.staff else self._whose.dwell_ends_ns(whole.subject, store, whole.start_ns, whole.last_ns)
        return cut_dwell(whole, ends_ns, self._fan_of)

    def _fan_of(self, row: DwellRow) -> str:
        return self._whose.fan_of(row.subject, self._state.estate.stores.of(row.store), row.start_ns)

    def _exchange(self, before: Sequence[DwellRow], after: Sequence[DwellRow], slot: int = NO_CODE, of: OfTrack = CURRENT) -> None:
        """Put parts in the place of others; the last is a track's where a slot is given.

        What the minutes count of one depends on the fan's others. So each is taken out and put in alone, and a track that has to
        have another part has none meanwhile.
        """
        same = {*before} & {*after}
        gone, come = [row for row in before if row not in same], [row for row in after if row not in same]
        there = getattr(self._state.tracks, of.there)
        was = there.item(slot)
        for row in gone:
            if slot != NO_CODE and row is before[-1]:
                self._kept.take_out(row, of.counted(self._state, slot))
                there[slot] = of.none
            else:
                self._kept.take_out(row, dwell_of_row(self._state, row))
        for row in come:
            if slot != NO_CODE and row is after[-1]:
                there[slot] = was
                self._put(slot, of, row)
                self._kept.recount(None, of.counted(self._state, slot))
            else:
                self._kept.recount(None, dwell_of_row(self._state, row))
            self._kept.write(row._asdict())
        keys = {(row.key_ns, row.agent, row.zone) for row in come}
        for row in gone:
            if (row.key_ns, row.agent, row.zone) not in keys:
                self._kept.emit_void(row)

    def _put(self, slot: int, of: OfTrack, row: DwellRow) -> None:
        values = {"part_ns": row.start_ns, "part_key_ns": row.key_ns, "fan": self._state.fan_code(row.fan)}
        for name, value in values.items():
            getattr(self._state.tracks, f"{of.columns}_{name}")[slot] = value


def _whole_key(row: DwellRow) -> WholeKey:
    return row.store, row.part_of_ns or row.key_ns, row.agent, row.zone
