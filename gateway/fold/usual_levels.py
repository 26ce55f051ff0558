"""How loud people are in each zone when they come there, as the zones of a store hear it: who is much weaker there is elsewhere.

A receiver that falls silent leaves its visitors to zones that hear them through walls and shelves, and so does a body before it. What is
usual is learned from the first zones of visits, and from changes that a live owner lost by its level, never from those that followed its
silence. A zone whose level is FLOOR_DB below the usual one owns nobody anew, unless it
is as far ahead, beyond the margin, of an owner that hears them: a carrier may be weak everywhere.

Levels of one slice of time are used from the next on, by the place of rows (docs/architecture.md). So what is known does not depend on the
order in which agents deliver. Yesterday counts half, so it follows a receiver that hangs elsewhere now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_DAY, NS_PER_MINUTE
from gateway.fold.zone_rules import GONE_DBM

SLICE_NS: Final = NS_PER_MINUTE
FLOOR_DB: Final = 10
"""Levels of one place stray by 4 dB: so far below the usual one are those of one in a hundred, and of people behind walls and bodies."""
FAINT_DB: Final = 7
"""So far below the usual level is who is on the way. Levels of one place stray by 4 dB: 4 in a hundred of those who stand there."""
FEW: Final = 0.1
"""In a wide zone more are so weak. Whom it hears no more weakly than such a share of those who come stands at its far end."""
LEAST: Final = 8
"""Of fewer changes nothing is usual."""
_WEAKEST_DBM: Final = -110
_LEVELS: Final = 96
Column = npt.NDArray[Any]


class UsualLevels:
    """By zone: `floor_dbm`, the least level with which it may own somebody anew, and `there_dbm`, that of those who are there.

    Both are GONE_DBM while nothing is usual.
    """

    def __init__(self) -> None:
        self.floor_dbm: npt.NDArray[np.int16] = np.zeros(0, np.int16)
        self.there_dbm: npt.NDArray[np.int16] = np.zeros(0, np.int16)
        self._counts: npt.NDArray[np.uint16] = np.zeros((0, _LEVELS), np.uint16)
        """How many came with each level, in dB above _WEAKEST_DBM."""
        self._slice: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        """By store, the slice that has begun."""

    def grow(self, zones: int, stores: int) -> None:
        """Make room for the codes below."""
        if (more := zones - len(self.floor_dbm)) > 0:
            gone = np.full(more, GONE_DBM, np.int16)
            self.floor_dbm, self.there_dbm = np.concatenate([self.floor_dbm, gone]), np.concatenate([self.there_dbm, gone])
            self._counts = np.concatenate([self._counts, np.zeros((more, _LEVELS), np.uint16)])
        if (more := stores - len(self._slice)) > 0:
            self._slice = np.concatenate([self._slice, np.zeros(more, np.int64)])

    def slice_of(self, store: Column, place_ns: Column) -> Column:
        """Return the slice of each row; what comes late belongs to the one that has begun."""
        slices: Column = np.maximum(place_ns // SLICE_NS, self._slice[store])
        return slices

    def present(self, store: Column) -> Column:
        """Return the slice that has begun in each store."""
        present: Column = self._slice[store]
        return present

    @staticmethod
    def day_of(number: Column) -> Column:
        """Return the days of slices."""
        return number * SLICE_NS // NS_PER_DAY

    @staticmethod
    def begin_ns(number: Column) -> Column:
        """Return when slices begin."""
        return number * SLICE_NS

    def has_begun(self, store: Column, number: Column) -> npt.NDArray[np.bool_]:
        """Return where the store is in that slice, or beyond."""
        begun: npt.NDArray[np.bool_] = self._slice[store] >= number
        return begun

    def next_one(self, store: Column, number: Column) -> Column:
        """Return the slice after the present one, no later than a slice."""
        return np.minimum(self._slice[store] + 1, number)

    def day_between(self, store: Column, number: Column) -> Column:
        """Return the first slice of a slice's day if the store is in an earlier day, else the slice."""
        first = number * SLICE_NS // NS_PER_DAY * NS_PER_DAY // SLICE_NS
        return np.where(first > self._slice[store], first, number)

    def begin(self, store: Column, number: Column, zone_store: npt.NDArray[np.int32]) -> None:
        """Begin a slice in each store, and use what was learned before; `zone_store`: the store of each zone."""
        days, begins = np.zeros(len(self._slice), np.int64), np.zeros(len(self._slice), np.bool_)
        begins[store] = True
        days[store] = np.minimum(number * SLICE_NS // NS_PER_DAY - self._slice[store] * SLICE_NS // NS_PER_DAY, 31)
        self._slice[store] = number
        zones = np.flatnonzero(begins[zone_store[: len(self.floor_dbm)]])
        self._counts[zones] = self._counts[zones] >> days[zone_store[zones]][:, None]
        self._use(zones)

    def _use(self, zones: Column) -> None:
        counts = self._counts[zones]
        median, few = _quantile(counts, 0.5), _quantile(counts, FEW)
        known = counts.sum(axis=1, dtype=np.int64) >= LEAST
        self.floor_dbm[zones] = np.where(known, median - FLOOR_DB, GONE_DBM)
        self.there_dbm[zones] = np.where(known, np.minimum(median - FAINT_DB, few), GONE_DBM)

    def learn(self, zone: Column, dbm: Column) -> None:
        """People came to zones with these levels."""
        np.add.at(self._counts, (zone, np.clip(dbm.astype(np.int64) - _WEAKEST_DBM, 0, _LEVELS - 1)), 1)

    def forget(self, which: npt.NDArray[np.bool_]) -> None:
        """Of zones whose levels are no longer comparable; `which` has them all, in the order of their codes."""
        known = which[: len(self.floor_dbm)]
        for column, nothing in ((self._counts, 0), (self.floor_dbm, GONE_DBM), (self.there_dbm, GONE_DBM)):
            column[: len(known)][known] = nothing

    def dump(self) -> dict[str, Any]:
        known = np.flatnonzero(self._counts.any(axis=1))
        return {
            "zones": known.tolist(),
            "counts": self._counts[known].tobytes(),
            "floors": self.floor_dbm.tobytes(),
            "there": self.there_dbm.tobytes(),
            "minutes": self._slice.tobytes(),
        }

    def load(self, values: Mapping[str, Any] | None) -> None:
        """Go on from what `dump` returned; earlier releases had nothing, or the median alone."""
        if not values:
            return
        self.floor_dbm = np.frombuffer(values["floors"], np.int16).copy()
        median = np.where(self.floor_dbm == GONE_DBM, GONE_DBM + FAINT_DB, self.floor_dbm + FLOOR_DB).astype(np.int16)
        self.there_dbm = np.frombuffer(values["there"], np.int16).copy() if "there" in values else median - np.int16(FAINT_DB)
        if "minutes" in values:
            self._slice = np.frombuffer(values["minutes"], np.int64).copy()
        else:  # its slices were of ten minutes
            self._slice = np.frombuffer(values["slices"], np.int64) * 10
        self._counts = np.zeros((len(self.floor_dbm), _LEVELS), np.uint16)
        self._counts[values["zones"]] = np.frombuffer(values["counts"], np.uint16).reshape(-1, _LEVELS)


def _quantile(counts: npt.NDArray[np.uint16], share: float) -> npt.NDArray[np.int64]:
    """Return the level below which such a share of each row's levels lies, dBm."""
    sums = counts.cumsum(axis=1, dtype=np.int64)
    found: npt.NDArray[np.int64] = (sums >= share * sums[:, -1:]).argmax(axis=1) + _WEAKEST_DBM
    return found
