"""When the antennas of each zone read anything last, by the place of rows: an antenna that reads nothing says nothing about a tag."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from gateway.fold.reorder_buffer import Evidence

NEVER_NS: Final = 0


class ItemReads:
    """`take` the rows of a batch before they are applied; `as_of` a row, what was read by the rows whose place is before its own."""

    def __init__(self) -> None:
        self._latest_ns: dict[int, int] = {}
        """By zone, as of the batches before."""
        self._of_batch: dict[int, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = {}
        """By zone: places in their order, and the latest time of the rows up to each."""

    def take(self, rows: Evidence) -> None:
        """Take the rows of the next batch, in any order."""
        for zone, (_, latest_ns) in self._of_batch.items():
            self._latest_ns[zone] = max(self._latest_ns.get(zone, NEVER_NS), int(latest_ns[-1]))
        self._of_batch = {}
        heard = np.flatnonzero(rows.kind != Kind.EXIT)
        if not len(heard):
            return
        zones, place_ns, time_ns = rows.zone[heard], rows.place_ns[heard], rows.time_ns[heard]
        order = np.lexsort((place_ns, zones))
        begins = np.flatnonzero(np.diff(zones[order], prepend=-1))
        for which in np.split(order, begins[1:]):
            self._of_batch[int(zones[which[0]])] = (place_ns[which], np.maximum.accumulate(time_ns[which]))

    def as_of(self, zone: int, place_ns: int) -> int:
        """Return when the zone's antennas read anything last, ns."""
        before_ns = self._latest_ns.get(zone, NEVER_NS)
        if zone not in self._of_batch:
            return before_ns
        places, latest_ns = self._of_batch[zone]
        rows = int(np.searchsorted(places, place_ns))
        return max(before_ns, int(latest_ns[rows - 1])) if rows else before_ns

    def dump(self) -> list[list[int]]:
        """Return the state between two batches; `load` takes it back."""
        latest_ns = self._latest_ns | {
            zone: max(self._latest_ns.get(zone, NEVER_NS), int(of_zone[-1])) for zone, (_, of_zone) in self._of_batch.items()
        }
        return [list(each) for each in sorted(latest_ns.items())]

    def load(self, values: Any) -> None:
        self._latest_ns = dict(values)
        self._of_batch = {}
