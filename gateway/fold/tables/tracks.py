"""Who is being heard: one slot per (store, subject, track), kept as columns, so that the common row costs array work only.

A track is one line of evidence in time order. Evidence that comes too late for its subject's track gets another track; projection joins
the visits of one person's tracks. The columns are a memory layout: a store's slots are its state, and can be cut out by `store`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgpack
import numpy as np
import numpy.typing as npt

from gateway.fold.tables.column_table import ColumnSpec, ColumnTable
from gateway.fold.tables.hash_index import NO_CODE, HashIndex
from gateway.site.areas import MOST_AREAS

MOST_HEARD: Final = 4
"""Of so many places beside the owner's the latest level is known; of more, the loudest."""

DECIDED, LEADS, SETTLES = 0, 1, 2
"""What is open of a track's zone: nothing, another zone leads, or nobody owns the subject yet (gateway.fold.zone_contest)."""


class Tracks(ColumnTable):
    """`find` is a dictionary look-up, with a chain where a subject has several tracks."""

    subject: npt.NDArray[np.uint64]
    next: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_CODE)]
    """The subject's next slot (another store or track), -1 for none."""
    staff: npt.NDArray[np.bool_]
    out_of_order: Annotated[npt.NDArray[np.bool_], ColumnSpec(stored_as="late")]
    """Another track of its subject, for evidence that came too late for the first."""
    profile: npt.NDArray[np.uint16]
    last_ns: npt.NDArray[np.int64]
    """The latest evidence of any kind."""
    # the zone that owns the subject
    zone: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_CODE)]
    """-1: none."""
    level_dbm: npt.NDArray[np.int16]
    zone_ns: npt.NDArray[np.int64]
    """The owner's latest evidence."""
    since_ns: npt.NDArray[np.int64]
    faint_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    """Since when the owner hears it more weakly than those who are there, 0: it does not (gateway.fold.faint_levels)."""
    owner_agent: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_CODE, added=True)]
    """Whose level `level_dbm` is: of several agents that hear the owner's zone, the loudest."""
    sighted_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    """Over how long sightings were counted in a minute, how many there were, and in how many rows."""
    sightings: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    sighted_rows: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    sighted_minute: Annotated[npt.NDArray[np.int32], ColumnSpec(added=True)]
    """The minute of which they are, since 1970; those of the one before it in which rows came (gateway.fold.sighted)."""
    earlier_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    earlier_sightings: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    earlier_rows: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    # who else hears the subject: places of a zone and an agent
    heard_zone: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_CODE, added=True, width=MOST_HEARD)]
    """-1: the place is free."""
    heard_agent: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_CODE, added=True, width=MOST_HEARD)]
    heard_dbm: Annotated[npt.NDArray[np.int16], ColumnSpec(added=True, width=MOST_HEARD)]
    heard_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True, width=MOST_HEARD)]
    beyond_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    """The first row of another zone since the owner's latest evidence, 0: none."""
    beyond_key_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    beyond_agent: Annotated[npt.NDArray[np.int32], ColumnSpec(added=True)]
    # areas that are weighed by all levels together (gateway.fold.zone_areas)
    area_p: Annotated[npt.NDArray[np.float64], ColumnSpec(added=True, width=MOST_AREAS)]
    area_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    """When they were weighed last, 0: never."""
    # before it is inside, where an entrance level is stated (gateway.fold.passers)
    inside_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    """The latest evidence that counts, 0: none."""
    inside_since_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    """When it was as loud as inside first, since a silence."""
    pass_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    """When a pass began, 0: there is none."""
    pass_last_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    pass_counted: Annotated[npt.NDArray[np.bool_], ColumnSpec(added=True)]
    # what is not decided yet
    contest: Annotated[npt.NDArray[np.uint8], ColumnSpec(added=True)]
    lead_zone: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_CODE, added=True)]
    """Who would own the subject if it was decided now."""
    lead_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    """The row with which that zone went ahead of all others; while the first one settles, the first row."""
    lead_key_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    lead_agent: Annotated[npt.NDArray[np.int32], ColumnSpec(added=True)]
    lead_clear: Annotated[npt.NDArray[np.bool_], ColumnSpec(added=True)]
    """Whether that zone is ahead by enough to own the subject."""
    lead_strong: Annotated[npt.NDArray[np.bool_], ColumnSpec(added=True)]
    """Whether it is ahead by so much that its subject has moved for sure."""
    lead_db: Annotated[npt.NDArray[np.int16], ColumnSpec(added=True)]
    """How far it is ahead of the owner, or of the next louder zone while the first one settles."""
    wary_db: Annotated[npt.NDArray[np.uint8], ColumnSpec(added=True)]
    """How much more margin the subject needs, since it went back and forth between two zones."""
    behind_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    """When it began: since then the owner is behind, of whichever zone."""
    own_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    """While another zone leads: the owner's latest evidence."""
    dwell_known_until_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(stored_as="covered_ns")]
    """A later track: until here another track's dwell is known."""
    # the visit; state 0: none yet, 1: open, 2: closed
    v_state: npt.NDArray[np.uint8]
    v_key_ns: npt.NDArray[np.int64]
    v_agent: npt.NDArray[np.int32]
    v_part_of_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    """The key of the segment of which it is the last part, 0: it is a whole one (gateway.fold.visit_parts)."""
    v_start_ns: npt.NDArray[np.int64]
    v_last_ns: npt.NDArray[np.int64]
    v_minute: npt.NDArray[np.int32]
    """The last minute in which it is counted."""
    v_zones: npt.NDArray[np.uint64]
    """A bit per zone of the store."""
    v_fan: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_CODE)]
    """Code of the fan, -1: nobody known."""
    v_counted: npt.NDArray[np.bool_]
    """Whether the traffic counts it."""
    v_staff: Annotated[npt.NDArray[np.bool_], ColumnSpec(added=True)]
    """Whether the traffic counts its entries as those of staff."""
    v_anonymous: Annotated[npt.NDArray[np.bool_], ColumnSpec(added=True)]
    """Whether the traffic counts it as that of a day subject."""
    v_grouped: npt.NDArray[np.bool_]
    """Whether projection joined it with others."""
    # the dwell
    d_state: npt.NDArray[np.uint8]
    d_key_ns: npt.NDArray[np.int64]
    d_agent: npt.NDArray[np.int32]
    d_start_ns: npt.NDArray[np.int64]
    d_part_key_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    d_part_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    """Key and begin of its last part, whose fan is `d_fan`; its own if it is whole (gateway.fold.dwell_parts)."""
    d_minute: npt.NDArray[np.int32]
    d_fan: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_CODE)]
    d_sure: Annotated[npt.NDArray[np.uint8], ColumnSpec(added=True)]
    """How good the evidence of its zone was when it was decided, in percent (gateway.fold.dwell_quality)."""
    # the dwell before it, which its late exit may still lengthen
    p_zone: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_CODE)]
    p_key_ns: npt.NDArray[np.int64]
    p_agent: npt.NDArray[np.int32]
    p_start_ns: npt.NDArray[np.int64]
    p_part_key_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    p_part_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    p_last_ns: npt.NDArray[np.int64]
    p_minute: npt.NDArray[np.int32]
    p_fan: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_CODE)]
    p_sure: Annotated[npt.NDArray[np.uint8], ColumnSpec(added=True)]

    def __init__(self, capacity: int = 1024) -> None:
        super().__init__(capacity)
        self.first = HashIndex()
        """The first slot of a subject."""

    def __len__(self) -> int:
        return self.size - len(self.free)

    def find(self, subject: int, store: int) -> int:
        """Return the slot of the subject's first track in a store, or NO_CODE."""
        return next((slot for slot in self.chain(subject) if self.store[slot] == store), NO_CODE)

    def chain(self, subject: int) -> Iterator[int]:
        """Yield all slots of a subject: every store, every track, oldest first."""
        slot = self.first.get(subject)
        while slot != NO_CODE:
            yield slot
            slot = int(self.next[slot])

    def tracks_of(self, subject: int, store: int) -> list[int]:
        """Return the slots of the subject's tracks in a store, oldest first."""
        return [slot for slot in self.chain(subject) if self.store[slot] == store]

    def find_many(self, subject: npt.NDArray[np.uint64], store: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Return the same for columns of equal length."""
        found = self.first.get_many(subject)
        elsewhere = np.flatnonzero((found != NO_CODE) & (self.store[found] != store))
        while len(elsewhere):
            found[elsewhere] = after = self.next[found[elsewhere]]
            elsewhere = elsewhere[(after != NO_CODE) & (self.store[after] != store[elsewhere])]
        return found

    def add(self, subject: int, store: int, profile: int, staff: bool) -> int:
        """Return a new slot, at the end of the subject's chain."""
        slot = int(self.allocate(1)[0])
        self.subject[slot], self.store[slot], self.profile[slot], self.staff[slot] = subject, store, profile, staff
        self.out_of_order[slot] = any(other != slot and self.store[other] == store for other in self.chain(subject))
        self._append(subject, slot)
        return slot

    def add_many(
        self, subject: npt.NDArray[np.uint64], store: npt.NDArray[np.int32], profile: npt.NDArray[Any], staff: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.int32]:
        """Return new slots for subjects in stores that have none for them; no two rows are alike."""
        slots = self.allocate(len(subject))
        self.subject[slots], self.store[slots], self.profile[slots], self.staff[slots] = subject, store, profile, staff
        _, rows = np.unique(subject, return_index=True)
        lone = np.zeros(len(subject), np.bool_)
        lone[rows[self.first.get_many(subject[rows]) == NO_CODE]] = True
        self.first.set_many(subject[lone], slots[lone])
        for other, slot in zip(subject[~lone].tolist(), slots[~lone].tolist(), strict=True):
            self._append(other, slot)
        return slots

    def remove(self, slots: npt.NDArray[np.intp]) -> None:
        """Forget them; their numbers will be used again."""
        for slot in slots.tolist():
            self._unlink(slot)
        self.release(slots)

    def _append(self, subject: int, slot: int) -> None:
        *_, last = NO_CODE, *self.chain(subject)
        if last == NO_CODE:
            self.first.set(subject, slot)
        else:
            self.next[last] = slot

    def _unlink(self, slot: int) -> None:
        subject, after = int(self.subject[slot]), int(self.next[slot])
        if self.first.get(subject) != slot:
            before = next(other for other in self.chain(subject) if self.next[other] == slot)
            self.next[before] = after
        elif after == NO_CODE:
            self.first.remove(subject)
        else:
            self.first.set(subject, after)

    def parts(self) -> Iterator[tuple[str, bytes]]:
        """Yield the state by name; `restore` takes it back."""
        packed: bytes = msgpack.packb([self.size, self.free])
        yield "slots", packed
        yield from self.column_parts("slots")

    @classmethod
    def restore(cls, parts: Mapping[str, bytes]) -> Tracks:
        """Return the table that `parts` has. Raise KeyError if it is of a release too old."""
        tracks = cls()
        size, free = msgpack.unpackb(parts["slots"])
        tracks.load_columns("slots", size, free, parts)
        if "slots.behind_ns" not in parts:  # earlier releases had one time for both
            tracks.behind_ns[:] = tracks.lead_ns
        if "slots.d_part_ns" not in parts:  # earlier releases cut no dwell
            tracks.d_part_ns[:], tracks.d_part_key_ns[:] = tracks.d_start_ns, tracks.d_key_ns
            tracks.p_part_ns[:], tracks.p_part_key_ns[:] = tracks.p_start_ns, tracks.p_key_ns
        tracks._index()
        return tracks

    def _index(self) -> None:
        """A subject's first slot is the one that no other slot leads to."""
        used = np.flatnonzero(self.store[: self.size] != NO_CODE).astype(np.int32)
        first = np.setdiff1d(used, self.next[used], assume_unique=True)
        self.first = HashIndex.of(self.subject[first], first)


def distinct(subject: npt.NDArray[np.uint64], store: npt.NDArray[np.int32]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the first row of each (subject, store) in the order of the rows, and for each row which of those it equals.

    Sorting puts equal pairs side by side, with the earliest row first, since lexsort is stable. The firsts are then numbered in the
    order of the rows, and every row gets the number of its pair.
    """
    order = np.lexsort((store, subject))
    subject, store = subject[order], store[order]
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (subject[1:] != subject[:-1]) | (store[1:] != store[:-1])
    first = order[begins]
    by_row = np.argsort(first)
    number, which = np.empty_like(first), np.empty_like(order)
    number[by_row] = np.arange(len(first))
    which[order] = number[np.cumsum(begins) - 1]
    return first[by_row], which
