"""Who is being heard: one slot per (store, subject, lane), kept as columns, so that the common row costs array work only.

A lane is one line of evidence in time order. Evidence that comes too late for its subject's lane gets another lane; projection joins
what the lanes of one person say. The columns are a memory layout: a store's slots are its state, and can be cut out by `store`.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgpack
import numpy as np
import numpy.typing as npt

from gateway.fold.subjects import NOBODY, Subjects

COLUMNS: Final[Mapping[str, str]] = {
    "subject": "u8",
    "store": "i4",
    "next": "i4",  # the subject's next slot (another store or lane), -1 for none
    "staff": "?",
    "late": "?",  # a later lane of its subject
    "profile": "u2",
    "last_ns": "i8",  # the latest evidence of any kind
    # the zone that owns the subject
    "zone": "i4",  # -1: none
    "level_dbm": "i2",
    "zone_ns": "i8",  # the owner's latest evidence
    "since_ns": "i8",
    "covered_ns": "i8",  # a later lane: until here another lane's dwell is known
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
_FIRST: Final[Mapping[str, int]] = {"next": -1, "zone": -1, "v_fan": -1, "d_fan": -1, "p_zone": -1, "p_fan": -1}


class Slots:
    """Columns of equal capacity; `find` is a dictionary look-up, with a chain where a subject has several slots."""

    subject: npt.NDArray[np.uint64]
    store: npt.NDArray[np.int32]
    next: npt.NDArray[np.int32]
    staff: npt.NDArray[np.bool_]
    late: npt.NDArray[np.bool_]
    profile: npt.NDArray[np.uint16]
    last_ns: npt.NDArray[np.int64]
    zone: npt.NDArray[np.int32]
    level_dbm: npt.NDArray[np.int16]
    zone_ns: npt.NDArray[np.int64]
    since_ns: npt.NDArray[np.int64]
    covered_ns: npt.NDArray[np.int64]
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
        """Slots in use are below `size`, but for those in `free`."""
        self.free: list[int] = []
        self.first = Subjects()
        """The first slot of a subject."""
        for name, dtype in COLUMNS.items():
            setattr(self, name, _column(capacity, np.dtype(dtype)))

    def __len__(self) -> int:
        return self.size - len(self.free)

    def find(self, subject: int, store: int) -> int:
        """The slot of the subject's first lane in a store, or NOBODY."""
        return next((slot for slot in self.chain(subject) if self.store[slot] == store), NOBODY)

    def chain(self, subject: int) -> Iterator[int]:
        """All slots of a subject: every store, every lane, oldest first."""
        slot = self.first.get(subject)
        while slot != NOBODY:
            yield slot
            slot = int(self.next[slot])

    def lanes(self, subject: int, store: int) -> list[int]:
        return [slot for slot in self.chain(subject) if self.store[slot] == store]

    def add(self, subject: int, store: int, profile: int, staff: bool) -> int:
        """A new slot at the end of the subject's chain."""
        slot = self._reuse() if self.free else self._grow()
        for name, value in _FIRST.items():
            getattr(self, name)[slot] = value
        self.subject[slot], self.store[slot], self.profile[slot], self.staff[slot] = subject, store, profile, staff
        chain = list(self.chain(subject))
        self.late[slot] = any(self.store[other] == store for other in chain)
        if chain:
            self.next[chain[-1]] = slot
        else:
            self.first.set(subject, slot)
        return slot

    def remove(self, slot: int) -> None:
        """Forget a slot; its number will be used again."""
        subject = int(self.subject[slot])
        after = int(self.next[slot])
        if self.first.get(subject) == slot:
            if after == NOBODY:
                self.first.remove(subject)
            else:
                self.first.set(subject, after)
        else:
            before = next(other for other in self.chain(subject) if self.next[other] == slot)
            self.next[before] = after
        self.subject[slot], self.store[slot], self.v_state[slot], self.d_state[slot] = 0, NOBODY, 0, 0
        self.free.append(slot)

    def _reuse(self) -> int:
        slot = self.free.pop()
        for name in COLUMNS:
            column = getattr(self, name)
            if column[slot]:  # a page that was never written takes no memory
                column[slot] = 0
        return slot

    def _grow(self) -> int:
        capacity = len(self.subject)
        if self.size == capacity:
            for name in COLUMNS:
                column = getattr(self, name)
                grown = _column(capacity + capacity // 2, column.dtype)
                grown[:capacity] = column
                setattr(self, name, grown)
        self.size += 1
        return self.size - 1

    def parts(self) -> Iterator[tuple[str, bytes]]:
        """The state, a column at a time: a copy of all of it at once would double the memory of a chain."""
        packed: bytes = msgpack.packb([self.size, self.free])
        yield "slots", packed
        for name in COLUMNS:
            yield f"slots.{name}", getattr(self, name)[: self.size].tobytes()

    @staticmethod
    def load(parts: Mapping[str, bytes]) -> Slots:
        size, free = msgpack.unpackb(parts["slots"])
        slots = Slots(max(1024, size))
        slots.size, slots.free = size, free
        for name, dtype in COLUMNS.items():
            getattr(slots, name)[:size] = np.frombuffer(parts[f"slots.{name}"], dtype)
        slots._index()
        return slots

    def _index(self) -> None:
        """A subject's first slot is the one that no other slot leads to."""
        used = np.flatnonzero(self.store[: self.size] != NOBODY).astype(np.int32)
        first = np.setdiff1d(used, self.next[used], assume_unique=True)
        self.first = Subjects.of(self.subject[first], first)


def _column(capacity: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Zeros in memory of their own: pages that no slot uses yet take none, and what a column has outgrown goes back at once."""
    return np.frombuffer(mmap.mmap(-1, capacity * dtype.itemsize), dtype)
