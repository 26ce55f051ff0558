"""Walls between zones, by code: a zone that is not next to the owner has to be louder by more to own the subject.

Somebody who goes there comes past what lies between, so a change without that is more often noise than a walk. It is not refused: who
passes another zone in a few seconds is heard there hardly at all. It is stamped as any other, once it is decided.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.site.recorded import RecordedSite

APART_DB: Final = 2
"""So much more margin a change takes that leads through a wall; docs/accuracy.md has how it was found."""
ANY: Final = np.iinfo(np.uint64).max


class Adjacency:
    """Which zones are next to each, as bits (`Estate.zone_bit`) by code."""

    def __init__(self) -> None:
        self.is_stated = False
        """Whether any store states walls: else nobody needs to look."""
        self.deep: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        """By zone: whether nobody comes in there, in a store that has an entrance."""
        self._bit: npt.NDArray[np.uint64] = np.zeros(0, np.uint64)
        self._next: npt.NDArray[np.uint64] = np.zeros(0, np.uint64)

    def add(self, bits: npt.NDArray[np.uint64]) -> None:
        """Take new zones, by their codes; they are next to all."""
        self._bit, self.deep = np.append(self._bit, bits), np.append(self.deep, np.zeros(len(bits), np.bool_))
        self._next = np.append(self._next, np.full(len(bits), ANY, np.uint64))

    def apply(self, site: RecordedSite, zone: Callable[[str, str], int]) -> None:
        """Put the walls of an estate in force, all of whose zones have codes."""
        self._next[:], self.is_stated, self.deep[:] = ANY, False, False
        for store in site.stores:
            if any(each.type == "entrance" for each in store.zones):
                inside = [each.name for each in store.zones if each.type not in ("entrance", "outside")]
                self.deep[[zone(store.name, name) for name in inside]] = True
            if not any(each.next_to for each in store.zones):
                continue
            self.is_stated = True
            for each in store.zones:
                codes = [zone(store.name, name) for name in (each.name, *each.next_to)]
                self._next[codes[0]] = np.bitwise_or.reduce(self._bit[codes])

    def apart_db(self, owner: Any, zone: Any) -> Any:
        """Return how much more margin a zone needs beside an owner, dB, by code or as columns of codes."""
        if not self.is_stated:
            return 0
        return APART_DB * (((self._next[owner] & self._bit[zone]) | (self._next[zone] & self._bit[owner])) == 0)
