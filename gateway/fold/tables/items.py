"""What the fold knows of each item of goods: a slot per (store, EPC), as columns, with the names that rows bear only now and then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgpack
import numpy as np
import numpy.typing as npt

from gateway.fold.tables.hash_index import NO_CODE

COLUMNS: Final[Mapping[str, str]] = {
    "store": "i4",  # -1: a slot that is free
    "profile": "u2",
    "last_ns": "i8",  # the latest evidence of any kind, and which row it was
    "last_key_ns": "i8",
    "last_agent": "i4",
    # the zone that has the item
    "zone": "i4",  # -1: the item is not in the store
    "level_dbm": "i2",
    "zone_ns": "i8",  # the zone's latest evidence
    "zone_agent": "i4",
    "exit_key_ns": "i8",  # which row said that the zone does not hear it any more; while `level_dbm` says so
    "since_ns": "i8",  # when it came into the zone, and with which row
    "since_key_ns": "i8",
    "since_agent": "i4",
    "from_zone": "i4",  # the zone before it, -1: none
    "arrived_ns": "i8",
    "found": "u1",  # it was there before us: 2: nobody knows since when; 1: since when in its zone is known; 0: all is known
    "heard_ns": "i8",  # the latest row that opens something, of those that were told their item
    "arrival_pending": "?",  # nobody was told yet that it arrived: the first to hear it may not be the nearest
    # another zone that hears it: the strongest of them, since when, with which row
    "challenger": "i4",  # -1: none
    "challenger_ns": "i8",  # its latest evidence
    "challenger_level_dbm": "i2",
    "challenger_since_ns": "i8",
    "challenger_key_ns": "i8",
    "challenger_agent": "i4",
}
ADDED: Final = frozenset({"found", "heard_ns"})
"""Columns that states of earlier releases do not have; any other that is missing makes a state too old to be taken over."""
STORED_AS: Final[Mapping[str, str]] = {
    "arrival_pending": "unsaid",
    **{name: name.replace("challenger", "rival") for name in COLUMNS if name.startswith("challenger")},
}
"""What stored states call a column, where that is not its name."""
MOST_SUBJECTS: Final = 4
"""Of one item: agents under different keys of the day, or none, have a subject each."""


class Items:
    """`slot_of(store, subject)` and `named(store, …)` are dictionary look-ups; the columns are named by COLUMNS."""

    store: npt.NDArray[np.int32]
    profile: npt.NDArray[np.uint16]
    last_ns: npt.NDArray[np.int64]
    last_key_ns: npt.NDArray[np.int64]
    last_agent: npt.NDArray[np.int32]
    zone: npt.NDArray[np.int32]
    level_dbm: npt.NDArray[np.int16]
    zone_ns: npt.NDArray[np.int64]
    zone_agent: npt.NDArray[np.int32]
    exit_key_ns: npt.NDArray[np.int64]
    since_ns: npt.NDArray[np.int64]
    since_key_ns: npt.NDArray[np.int64]
    since_agent: npt.NDArray[np.int32]
    from_zone: npt.NDArray[np.int32]
    arrived_ns: npt.NDArray[np.int64]
    found: npt.NDArray[np.uint8]
    heard_ns: npt.NDArray[np.int64]
    arrival_pending: npt.NDArray[np.bool_]
    challenger: npt.NDArray[np.int32]
    challenger_ns: npt.NDArray[np.int64]
    challenger_level_dbm: npt.NDArray[np.int16]
    challenger_since_ns: npt.NDArray[np.int64]
    challenger_key_ns: npt.NDArray[np.int64]
    challenger_agent: npt.NDArray[np.int32]

    def __init__(self) -> None:
        self.size = 0
        """Slots in use are below `size`, but for those in `_free`."""
        self.epc: list[str] = []
        self.sku: list[str] = []
        self._subjects: list[list[int]] = []
        self._free: list[int] = []
        self._by_epc: dict[tuple[int, str], int] = {}
        self.by_subject: dict[tuple[int, int], int] = {}
        """(store, subject) -> the slot of the item that was last named for it."""
        for name, dtype in COLUMNS.items():
            setattr(self, name, np.zeros(0, dtype))

    def __len__(self) -> int:
        return len(self._by_epc)

    def slot_of(self, store: int, subject: int) -> int:
        """The item that was last named for the subject, or NO_CODE."""
        return self.by_subject.get((store, subject), NO_CODE)

    def expect(self, store: int, profile: int, epc: str) -> int:
        """The slot of an item by its name; a new one if it was not known."""
        slot = self._by_epc.get((store, epc), NO_CODE)
        if slot == NO_CODE:
            slot = self._by_epc[store, epc] = self._add(store, profile, epc)
        return slot

    def named(self, store: int, subject: int, profile: int, epc: str, time_ns: int, kept_ns: int) -> int:
        """The slot of an item that a row names; a new one if it was not known. After `kept_ns` no other subject is remembered."""
        slot = self.expect(store, profile, epc)
        if time_ns - int(self.heard_ns[slot]) > kept_ns:
            self._forget_subjects(slot)
        if self.slot_of(store, subject) != slot:
            self._learn(slot, store, subject)
        return slot

    def _forget_subjects(self, slot: int) -> None:
        for subject in self._subjects[slot]:
            del self.by_subject[int(self.store[slot]), subject]
        self._subjects[slot] = []

    def subject_of(self, slot: int) -> int:
        """The subject last learned of an item; 0 if it has none."""
        return self._subjects[slot][-1] if self._subjects[slot] else 0

    def remove(self, slot: int) -> None:
        """Forget an item; its number will be used again."""
        del self._by_epc[int(self.store[slot]), self.epc[slot]]
        self._forget_subjects(slot)
        self.epc[slot], self.sku[slot], self.store[slot], self.zone[slot] = "", "", NO_CODE, NO_CODE
        self._free.append(slot)

    def _learn(self, slot: int, store: int, subject: int) -> None:
        other, mine = self.slot_of(store, subject), self._subjects[slot]
        if other != NO_CODE:
            self._subjects[other].remove(subject)
        if len(mine) == MOST_SUBJECTS:
            del self.by_subject[store, mine.pop(0)]
        mine.append(subject)
        self.by_subject[store, subject] = slot

    def _add(self, store: int, profile: int, epc: str) -> int:
        slot = self._free.pop() if self._free else self._grow()
        for name in COLUMNS:
            getattr(self, name)[slot] = 0
        self.store[slot], self.profile[slot], self.epc[slot] = store, profile, epc
        self.zone[slot] = self.from_zone[slot] = self.challenger[slot] = NO_CODE
        return slot

    def _grow(self) -> int:
        if self.size == len(self.store):
            more = 256 + self.size // 2
            for name, dtype in COLUMNS.items():
                setattr(self, name, np.concatenate([getattr(self, name), np.zeros(more, dtype)]))
        self.size += 1
        self.epc.append("")
        self.sku.append("")
        self._subjects.append([])
        return self.size - 1

    def parts(self) -> Iterator[tuple[str, bytes]]:
        """The state by name; `load` takes it back."""
        packed: bytes = msgpack.packb([self.size, self._free, self.epc, self.sku, self._subjects])
        yield "stock", packed
        for name in COLUMNS:
            yield f"stock.{STORED_AS.get(name, name)}", getattr(self, name)[: self.size].tobytes()

    @staticmethod
    def load(parts: Mapping[str, bytes]) -> Items:
        items = Items()
        items.size, items._free, items.epc, items.sku, items._subjects = msgpack.unpackb(parts["stock"])
        for name, dtype in COLUMNS.items():
            stored = f"stock.{STORED_AS.get(name, name)}"
            column = parts.get(stored) if name in ADDED else parts[stored]
            setattr(items, name, np.zeros(items.size, dtype) if column is None else np.frombuffer(column, dtype).copy())
        if "stock.heard_ns" not in parts:  # of an older release
            items.heard_ns[:] = items.last_ns
        free = set(items._free)
        for slot, store in enumerate(items.store.tolist()):
            if slot not in free:
                items._by_epc[store, items.epc[slot]] = slot
                items.by_subject.update({(store, subject): slot for subject in items._subjects[slot]})
        return items
