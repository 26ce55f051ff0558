"""What the fold knows of each item of goods: a slot per (store, EPC), as columns, with the names that rows bear only now and then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final

import msgpack
import numpy as np
import numpy.typing as npt

from gateway.fold.tables.column_table import ColumnSpec, ColumnTable
from gateway.fold.tables.hash_index import NO_CODE

MOST_ZONES: Final = 5
"""Of one item: its owner, and the loudest of the others that hear it."""
GONE_DBM: Final = -200
"""The level that releases of before other zones were remembered gave an owner after its EXIT."""
MOST_SUBJECTS: Final = 4
"""Of one item: agents under different keys of the day, or none, have a subject each."""


class Items(ColumnTable):
    """`slot_of(store, subject)` and `named(store, …)` are dictionary look-ups."""

    profile: npt.NDArray[np.uint16]
    last_ns: npt.NDArray[np.int64]
    """The latest evidence of any kind, and which row it was."""
    last_key_ns: npt.NDArray[np.int64]
    last_agent: npt.NDArray[np.int32]
    # the zone that has the item
    zone: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_CODE)]
    """-1: the item is not in the store."""
    zone_ns: npt.NDArray[np.int64]
    """The zone's latest evidence, and which row it was."""
    zone_key_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    zone_agent: npt.NDArray[np.int32]
    since_ns: npt.NDArray[np.int64]
    """When it came into the zone, and with which row."""
    since_key_ns: npt.NDArray[np.int64]
    since_agent: npt.NDArray[np.int32]
    from_zone: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_CODE)]
    """The zone before it, -1: none."""
    arrived_ns: npt.NDArray[np.int64]
    found: Annotated[npt.NDArray[np.uint8], ColumnSpec(added=True)]
    """It was there before us: 2: nobody knows since when; 1: since when in its zone is known; 0: all is known."""
    heard_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    """The latest row that opens something, of those whose item is known."""
    arrival_pending: Annotated[npt.NDArray[np.bool_], ColumnSpec(stored_as="unsaid")]
    """Its arrival is not emitted yet: the first to hear it may not be the nearest."""
    # another zone that is ahead of the owner: the first of the rows by which it is
    lead_zone: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_CODE, added=True)]
    """-1: none."""
    lead_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    lead_key_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True)]
    lead_agent: Annotated[npt.NDArray[np.int32], ColumnSpec(added=True)]
    # what zones hear of the item (gateway.fold.item_zones)
    heard_zone: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_CODE, added=True, width=MOST_ZONES)]
    """-1: the place is free."""
    heard_zone_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True, width=MOST_ZONES)]
    heard_dbm: Annotated[npt.NDArray[np.int16], ColumnSpec(added=True, width=MOST_ZONES)]
    heard_gone: Annotated[npt.NDArray[np.bool_], ColumnSpec(added=True, width=MOST_ZONES)]
    heard_first_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True, width=MOST_ZONES)]
    heard_first_key_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True, width=MOST_ZONES)]
    heard_first_agent: Annotated[npt.NDArray[np.int32], ColumnSpec(added=True, width=MOST_ZONES)]
    heard_sightings: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True, width=MOST_ZONES)]
    heard_lowest_dbm: Annotated[npt.NDArray[np.int16], ColumnSpec(added=True, width=MOST_ZONES)]
    usual_dbm: Annotated[npt.NDArray[np.float64], ColumnSpec(added=True, width=MOST_ZONES)]
    """The mean of the zone's levels over some minutes, and over how long it was learned."""
    usual_ns: Annotated[npt.NDArray[np.int64], ColumnSpec(added=True, width=MOST_ZONES)]

    def __init__(self, capacity: int = 256) -> None:
        super().__init__(capacity)
        self.epc: list[str] = []
        self.sku: list[str] = []
        self._subjects: list[list[int]] = []
        self._by_epc: dict[tuple[int, str], int] = {}
        self.by_subject: dict[tuple[int, int], int] = {}
        """(store, subject) -> the slot of the item that was last named for it."""

    def __len__(self) -> int:
        return len(self._by_epc)

    def slot_of(self, store: int, subject: int) -> int:
        """Return the item that was last named for the subject, or NO_CODE."""
        return self.by_subject.get((store, subject), NO_CODE)

    def expect(self, store: int, profile: int, epc: str) -> int:
        """Return the slot of an item by its name; a new one if it was not known."""
        slot = self._by_epc.get((store, epc), NO_CODE)
        if slot == NO_CODE:
            slot = self._by_epc[store, epc] = self._add(store, profile, epc)
        return slot

    def named(self, store: int, subject: int, profile: int, epc: str, place_ns: int, kept_ns: int) -> int:
        """Return the slot of an item that a row names at its place; a new one if it was not known.

        After `kept_ns` without a row that opens something its other subjects are forgotten.
        """
        slot = self.expect(store, profile, epc)
        if place_ns - int(self.heard_ns[slot]) > kept_ns:
            self._forget_subjects(slot)
            self.heard_ns[slot] = 0  # as if the slot was freed and is a new one
        if self.slot_of(store, subject) != slot:
            self._learn(slot, store, subject)
        return slot

    def _forget_subjects(self, slot: int) -> None:
        for subject in self._subjects[slot]:
            del self.by_subject[int(self.store[slot]), subject]
        self._subjects[slot] = []

    def subject_of(self, slot: int) -> int:
        """Return the subject last learned of an item; 0 if it has none."""
        return self._subjects[slot][-1] if self._subjects[slot] else 0

    def remove(self, slot: int) -> None:
        """Forget an item; its number will be used again."""
        del self._by_epc[int(self.store[slot]), self.epc[slot]]
        self._forget_subjects(slot)
        self.epc[slot] = self.sku[slot] = ""
        self.release(np.array([slot]))

    def _learn(self, slot: int, store: int, subject: int) -> None:
        other, mine = self.slot_of(store, subject), self._subjects[slot]
        if other != NO_CODE:
            self._subjects[other].remove(subject)
        if len(mine) == MOST_SUBJECTS:
            del self.by_subject[store, mine.pop(0)]
        mine.append(subject)
        self.by_subject[store, subject] = slot

    def _add(self, store: int, profile: int, epc: str) -> int:
        slot = int(self.allocate(1)[0])
        if slot == len(self.epc):
            self.epc.append("")
            self.sku.append("")
            self._subjects.append([])
        self.store[slot], self.profile[slot], self.epc[slot] = store, profile, epc
        return slot

    def parts(self) -> Iterator[tuple[str, bytes]]:
        """Yield the state by name; `restore` takes it back."""
        packed: bytes = msgpack.packb([self.size, self.free, self.epc, self.sku, self._subjects])
        yield "stock", packed
        yield from self.column_parts("stock")

    @classmethod
    def restore(cls, parts: Mapping[str, bytes]) -> Items:
        """Return the table that `parts` has. Raise KeyError if it is of a release too old."""
        items = cls()
        size, free, items.epc, items.sku, items._subjects = msgpack.unpackb(parts["stock"])
        items.load_columns("stock", size, free, parts)
        if "stock.heard_ns" not in parts:  # of an older release
            items.heard_ns[:size] = items.last_ns[:size]
        if "stock.heard_zone" not in parts:
            items._hear_owners(size, np.frombuffer(parts["stock.level_dbm"], np.int16))
        for slot in np.flatnonzero(items.store[:size] != NO_CODE).tolist():
            store = int(items.store[slot])
            items._by_epc[store, items.epc[slot]] = slot
            items.by_subject.update({(store, subject): slot for subject in items._subjects[slot]})
        return items

    def _hear_owners(self, size: int, level_dbm: npt.NDArray[np.int16]) -> None:
        """Take what a release of before other zones were remembered knows of owners."""
        self.zone_key_ns[:size] = self.last_key_ns[:size]
        self.heard_zone[:size, 0], self.heard_dbm[:size, 0], self.usual_dbm[:size, 0] = self.zone[:size], level_dbm, level_dbm
        self.heard_zone_ns[:size, 0], self.heard_first_ns[:size, 0] = self.zone_ns[:size], self.since_ns[:size]
        self.heard_first_key_ns[:size, 0], self.heard_first_agent[:size, 0] = self.since_key_ns[:size], self.since_agent[:size]
        self.heard_lowest_dbm[:size, 0], self.heard_gone[:size, 0] = level_dbm, level_dbm == GONE_DBM
        self.heard_sightings[:size, 0] = 1
