"""Which slot a subject has, for a million subjects: open addressing in two arrays, 12 bytes a place, at most two thirds of them taken.

A Python dictionary takes 100 bytes a subject. A removed subject keeps its place until the table is made fresh; a look-up ends at its
subject or at a place that was never taken.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

NO_CODE: Final = -1
_NEVER: Final = -1
_REMOVED: Final = -2
_GOLDEN: Final = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio: spreads neighbours (Knuth, The Art of Computer Programming, volume 3, 6.4)."""
_SMALLEST_BITS: Final = 10


class HashIndex:
    """Subject -> slot, as a dictionary has it, and for many at once."""

    def __init__(self) -> None:
        self._make(np.zeros(0, np.uint64), np.zeros(0, np.int32))

    @staticmethod
    def of(subjects: npt.NDArray[np.uint64], slots: npt.NDArray[np.int32]) -> HashIndex:
        """Return the index of subjects that differ from each other."""
        table = HashIndex()
        table._make(subjects, slots)
        return table

    def __len__(self) -> int:
        return self._live

    def get(self, subject: int) -> int:
        """Return the slot of a subject, or NO_CODE."""
        slot = self._slots_view[self._place(subject)]
        return slot if slot >= 0 else NO_CODE

    def get_many(self, subjects: npt.NDArray[np.uint64]) -> npt.NDArray[np.int32]:
        """Return the slot of each subject, or NO_CODE."""
        place = self._home(subjects)
        elsewhere = np.flatnonzero((self._subjects[place] != subjects) & (self._slots[place] != _NEVER))
        while len(elsewhere):
            place[elsewhere] = at = (place[elsewhere] + 1) & self._mask
            elsewhere = elsewhere[(self._subjects[at] != subjects[elsewhere]) & (self._slots[at] != _NEVER)]
        found: npt.NDArray[np.int32] = np.maximum(np.where(self._subjects[place] == subjects, self._slots[place], NO_CODE), NO_CODE)
        return found

    def set(self, subject: int, slot: int) -> None:
        place = self._place(subject)
        before = self._slots_view[place]
        self._subjects_view[place], self._slots_view[place] = subject, slot
        self._live += before < 0
        self._taken += before == _NEVER
        if 3 * self._taken > 2 * self._mask:
            live = self._slots >= 0
            self._make(self._subjects[live], self._slots[live])

    def set_many(self, subjects: npt.NDArray[np.uint64], slots: npt.NDArray[np.int32]) -> None:
        """Add subjects that differ from each other and are not there."""
        if 3 * (self._taken + len(slots)) > 2 * self._mask:
            live = self._slots >= 0
            self._make(np.concatenate([self._subjects[live], subjects]), np.concatenate([self._slots[live], slots]))
        else:
            self._put(subjects, slots)

    def remove(self, subject: int) -> None:
        """Remove a subject. Raise KeyError if it is not there."""
        place = self._place(subject)
        if self._slots_view[place] < 0:
            raise KeyError(subject)
        self._slots_view[place] = _REMOVED
        self._live -= 1

    def _place(self, subject: int) -> int:
        """Where it is, or would be."""
        mask, slots, subjects = self._mask, self._slots_view, self._subjects_view
        place: int = (subject * _GOLDEN & 0xFFFFFFFFFFFFFFFF) >> self._shift
        while slots[place] != _NEVER and subjects[place] != subject:
            place = (place + 1) & mask
        return place

    def _home(self, subjects: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        return (subjects * np.uint64(_GOLDEN) >> np.uint64(self._shift)).astype(np.int64)

    def _make(self, subjects: npt.NDArray[np.uint64], slots: npt.NDArray[np.int32]) -> None:
        """A table of these, half full at most."""
        bits = max(_SMALLEST_BITS, (2 * len(slots)).bit_length())
        self._shift, self._mask = 64 - bits, (1 << bits) - 1
        self._subjects: npt.NDArray[np.uint64] = np.zeros(1 << bits, np.uint64)
        self._slots: npt.NDArray[np.int32] = np.full(1 << bits, _NEVER, np.int32)
        self._subjects_view: memoryview[Any] = memoryview(self._subjects)  # type: ignore[arg-type] # numpy's stubs hide the buffer
        self._slots_view: memoryview[Any] = memoryview(self._slots)  # type: ignore[arg-type] # the same
        self._live = self._taken = 0
        self._put(subjects, slots)

    def _put(self, subjects: npt.NDArray[np.uint64], slots: npt.NDArray[np.int32]) -> None:
        """Each where it was before it was removed, else at the first place from its home that was never taken."""
        self._live += len(slots)
        pending, place = np.arange(len(slots)), self._home(subjects)
        while len(pending):
            never = self._slots[place] == _NEVER
            own = never | (self._subjects[place] == subjects[pending])
            self._subjects[place[own]], self._slots[place[own]] = subjects[pending[own]], slots[pending[own]]
            # Of several that found the same free place, the last has it.
            placed = own & (self._subjects[place] == subjects[pending])
            self._taken += int(np.count_nonzero(placed & never))
            pending, place = pending[~placed], (place[~placed] + 1) & self._mask
