"""Who is being heard: one slot per (store, subject, track), kept as columns, so that the common row costs array work only.

A track is one line of evidence in time order. Evidence that comes too late for its subject's track gets another track; projection joins
what the tracks of one person say. The columns are a memory layout: a store's slots are its state, and can be cut out by `store`.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgpack
import numpy as np
import numpy.typing as npt

from gateway.fold.tables.hash_index import NO_CODE, HashIndex

COLUMNS: Final[Mapping[str, str]] = {
    "subject": "u8",
    "store": "i4",
    "next": "i4",  # the subject's next slot (another store or track), -1 for none
    "staff": "?",
    "out_of_order": "?",  # another track of its subject, for evidence that came too late for the first
    "profile": "u2",
    "last_ns": "i8",  # the latest evidence of any kind
    # the zone that owns the subject
    "zone": "i4",  # -1: none
    "level_dbm": "i2",
    "zone_ns": "i8",  # the owner's latest evidence
    "since_ns": "i8",
    "dwell_known_until_ns": "i8",  # a later track: until here another track's dwell is known
    # the visit; state 0: none yet, 1: open, 2: closed
    "v_state": "u1",
    "v_key_ns": "i8",
    "v_agent": "i4",
    "v_start_ns": "i8",
    "v_last_ns": "i8",
    "v_minute": "i4",  # the last minute in which it is counted
    "v_zones": "u8",  # a bit per zone of the store
    "v_fan": "i4",  # code of the fan, -1: nobody known
    "v_counted": "?",  # whether the traffic counts it
    "v_grouped": "?",  # whether projection joined it with others
    # the dwell
    "d_state": "u1",
    "d_key_ns": "i8",
    "d_agent": "i4",
    "d_start_ns": "i8",
    "d_minute": "i4",
    "d_fan": "i4",
    # the dwell before it, which its late exit may still lengthen
    "p_zone": "i4",
    "p_key_ns": "i8",
    "p_agent": "i4",
    "p_start_ns": "i8",
    "p_last_ns": "i8",
    "p_minute": "i4",
    "p_fan": "i4",
}
STORED_AS: Final[Mapping[str, str]] = {"out_of_order": "late", "dwell_known_until_ns": "covered_ns"}
"""What stored states call a column, where that is not its name."""
_FIRST: Final[Mapping[str, int]] = {"next": -1, "zone": -1, "v_fan": -1, "d_fan": -1, "p_zone": -1, "p_fan": -1}


class Tracks:
    """Columns of equal capacity; `find` is a dictionary look-up, with a chain where a subject has several slots."""

    subject: npt.NDArray[np.uint64]
    store: npt.NDArray[np.int32]
    next: npt.NDArray[np.int32]
    staff: npt.NDArray[np.bool_]
    out_of_order: npt.NDArray[np.bool_]
    profile: npt.NDArray[np.uint16]
    last_ns: npt.NDArray[np.int64]
    zone: npt.NDArray[np.int32]
    level_dbm: npt.NDArray[np.int16]
    zone_ns: npt.NDArray[np.int64]
    since_ns: npt.NDArray[np.int64]
    dwell_known_until_ns: npt.NDArray[np.int64]
    v_state: npt.NDArray[np.uint8]
    v_key_ns: npt.NDArray[np.int64]
    v_agent: npt.NDArray[np.int32]
    v_start_ns: npt.NDArray[np.int64]
    v_last_ns: npt.NDArray[np.int64]
    v_minute: npt.NDArray[np.int32]
    v_zones: npt.NDArray[np.uint64]
    v_fan: npt.NDArray[np.int32]
    v_counted: npt.NDArray[np.bool_]
    v_grouped: npt.NDArray[np.bool_]
    d_state: npt.NDArray[np.uint8]
    d_key_ns: npt.NDArray[np.int64]
    d_agent: npt.NDArray[np.int32]
    d_start_ns: npt.NDArray[np.int64]
    d_minute: npt.NDArray[np.int32]
    d_fan: npt.NDArray[np.int32]
    p_zone: npt.NDArray[np.int32]
    p_key_ns: npt.NDArray[np.int64]
    p_agent: npt.NDArray[np.int32]
    p_start_ns: npt.NDArray[np.int64]
    p_last_ns: npt.NDArray[np.int64]
    p_minute: npt.NDArray[np.int32]
    p_fan: npt.NDArray[np.int32]

    def __init__(self, capacity: int = 1024) -> None:
        self.size = 0
        """Slots in use are below `size`, but for those in `free`: there all is 0, and `store` is NO_CODE."""
        self.free: list[int] = []
        self.first = HashIndex()
        """The first slot of a subject."""
        for name, dtype in COLUMNS.items():
            setattr(self, name, _column(capacity, np.dtype(dtype)))

    def __len__(self) -> int:
        return self.size - len(self.free)

    def find(self, subject: int, store: int) -> int:
        """The slot of the subject's first track in a store, or NO_CODE."""
        return next((slot for slot in self.chain(subject) if self.store[slot] == store), NO_CODE)

    def chain(self, subject: int) -> Iterator[int]:
        """All slots of a subject: every store, every track, oldest first."""
        slot = self.first.get(subject)
        while slot != NO_CODE:
            yield slot
            slot = int(self.next[slot])

    def tracks_of(self, subject: int, store: int) -> list[int]:
        return [slot for slot in self.chain(subject) if self.store[slot] == store]

    def find_many(self, subject: npt.NDArray[np.uint64], store: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """`find` for columns."""
        found = self.first.get_many(subject)
        elsewhere = np.flatnonzero((found != NO_CODE) & (self.store[found] != store))
        while len(elsewhere):
            found[elsewhere] = after = self.next[found[elsewhere]]
            elsewhere = elsewhere[(after != NO_CODE) & (self.store[after] != store[elsewhere])]
        return found

    def add(self, subject: int, store: int, profile: int, staff: bool) -> int:
        """A new slot at the end of the subject's chain."""
        slot = int(self._take(1)[0])
        self.subject[slot], self.store[slot], self.profile[slot], self.staff[slot] = subject, store, profile, staff
        self.out_of_order[slot] = any(other != slot and self.store[other] == store for other in self.chain(subject))
        self._append(subject, slot)
        return slot

    def add_many(
        self, subject: npt.NDArray[np.uint64], store: npt.NDArray[np.int32], profile: npt.NDArray[Any], staff: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.int32]:
        """New slots for subjects in stores that have none for them; no two rows are alike."""
        slots = self._take(len(subject))
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
            self.free.append(slot)
        self._clear(slots)
        self.store[slots] = NO_CODE

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

    def _take(self, count: int) -> npt.NDArray[np.int32]:
        """Slots of nobody: those that were freed last, then new ones."""
        freed = self.free[: -count - 1 : -1]
        del self.free[len(self.free) - len(freed) :]
        before, self.size = self.size, self.size + count - len(freed)
        self._grow()
        slots = np.array([*freed, *range(before, self.size)], np.int32)
        for name, value in _FIRST.items():
            getattr(self, name)[slots] = value
        return slots

    def _grow(self) -> None:
        """Until there is room for `size`."""
        before = capacity = len(self.subject)
        while capacity < self.size:
            capacity += capacity // 2
        if capacity > before:
            for name in COLUMNS:
                column = getattr(self, name)
                grown = _column(capacity, column.dtype)
                grown[:before] = column
                setattr(self, name, grown)

    def _clear(self, slots: npt.NDArray[Any]) -> None:
        for name in COLUMNS:
            column = getattr(self, name)
            column[slots[column[slots] != 0]] = 0  # a page that was never written takes no memory

    def parts(self) -> Iterator[tuple[str, bytes]]:
        """The state, a column at a time: a copy of all of it at once would double the memory of a chain."""
        packed: bytes = msgpack.packb([self.size, self.free])
        yield "slots", packed
        for name in COLUMNS:
            yield f"slots.{STORED_AS.get(name, name)}", getattr(self, name)[: self.size].tobytes()

    @staticmethod
    def load(parts: Mapping[str, bytes]) -> Tracks:
        size, free = msgpack.unpackb(parts["slots"])
        slots = Tracks(max(1024, size))
        slots.size, slots.free = size, free
        for name, dtype in COLUMNS.items():
            getattr(slots, name)[:size] = np.frombuffer(parts[f"slots.{STORED_AS.get(name, name)}"], dtype)
        freed = np.array(free, np.intp)
        slots._clear(freed)  # other releases did so when they used it again
        slots.store[freed] = NO_CODE
        slots._index()
        return slots

    def _index(self) -> None:
        """A subject's first slot is the one that no other slot leads to."""
        used = np.flatnonzero(self.store[: self.size] != NO_CODE).astype(np.int32)
        first = np.setdiff1d(used, self.next[used], assume_unique=True)
        self.first = HashIndex.of(self.subject[first], first)


def distinct(subject: npt.NDArray[np.uint64], store: npt.NDArray[np.int32]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The first row of each pair, in the order of the rows, and which of those each row is like."""
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


def _column(capacity: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Zeros in memory of their own: pages that no slot uses yet take none, and what a column has outgrown goes back at once."""
    return np.frombuffer(mmap.mmap(-1, capacity * dtype.itemsize), dtype)
