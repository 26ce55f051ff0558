"""Evidence in the order of its time: rows wait until their store's watermark has passed them.

A row's place is its time, or how far its own agent had already reported, whichever is later. So the place depends on the agent's own
rows, not on which agent was first. Rows of one place are sorted by their content. What comes at or below the watermark is late, and is
released at once; if it is about people, its place is the watermark. The order is a function of the journal alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
import numpy.typing as npt

from gateway.fold.tables.column_table import ColumnRows, ColumnSpec

AS_THE_SLOT: Final = -1
"""Profile of rows that an older release left waiting."""


NO_MENTION: Final = -1
"""Mention of rows about people, and of rows that a release before mentions left waiting."""


@dataclass(slots=True, eq=False)
class Evidence(ColumnRows):
    """Rows about subjects, as columns. `order` sorts them: twice their place, plus one if that is not their time."""

    slot: npt.NDArray[np.int32]
    order: npt.NDArray[np.int64]
    time_ns: npt.NDArray[np.int64]
    key_ns: npt.NDArray[np.int64]
    zone: npt.NDArray[np.int32]
    agent: npt.NDArray[np.int32]
    rssi_dbm: npt.NDArray[np.int16]
    kind: npt.NDArray[np.uint8]
    profile: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=AS_THE_SLOT, added=True)]
    """A track's profile is that of its first row in order; AS_THE_SLOT: the row has none."""
    mention: Annotated[npt.NDArray[np.int32], ColumnSpec(fill=NO_MENTION, added=True)]
    """Of goods, which item the row names: see `gateway.fold.mentions`."""
    count: Annotated[npt.NDArray[np.int32], ColumnSpec(added=True)]
    """How many sightings the row stands for."""

    @property
    def place_ns(self) -> npt.NDArray[np.int64]:
        """Return the place of each row, ns: its time, or how far its agent had reported before, whichever is later."""
        return self.order >> 1

    def __len__(self) -> int:
        return len(self.slot)


@dataclass(frozen=True, slots=True)
class Ranks:
    """By code: the place of its name among all names. Codes are given as names come up, so they may not decide anything."""

    agent: npt.NDArray[np.int32]
    zone: npt.NDArray[np.int32]


def order_key(time_ns: npt.NDArray[np.int64], not_before_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the sort key of rows, given how far their agent, or the watermark, was before their record.

    It is twice the row's place; a row that is behind its place gets the odd number after it, so it follows the rows of that very time.
    """
    late = time_ns <= not_before_ns
    key: npt.NDArray[np.int64] = 2 * np.maximum(time_ns, not_before_ns) + late
    return key


def in_order(rows: Evidence, which: npt.NDArray[np.intp], ranks: Ranks) -> Evidence:
    """Return some of the rows by slot, and within a slot by place; at one place by time and content, never by arrival."""
    which = which[np.lexsort((rows.order[which], rows.slot[which]))]
    slot, order = rows.slot[which], rows.order[which]
    tied = (slot[1:] == slot[:-1]) & (order[1:] == order[:-1])
    if tied.any():
        ties = np.flatnonzero(np.append(tied, False) | np.append(False, tied))
        which[ties] = _by_content(rows, which[ties], ranks)
    return rows.take(which)


def _by_content(rows: Evidence, which: npt.NDArray[np.intp], ranks: Ranks) -> npt.NDArray[np.intp]:
    zone, agent = ranks.zone[rows.zone[which]], ranks.agent[rows.agent[which]]
    first = [column[which] for column in (rows.time_ns, rows.order, rows.slot)]
    return which[np.lexsort((rows.rssi_dbm[which], rows.kind[which], zone, rows.key_ns[which], agent, *first))]


class ReorderBuffer:
    """Rows whose time has not come."""

    def __init__(self) -> None:
        self._parts: list[Evidence] = []

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    def mentions(self) -> npt.NDArray[np.int32]:
        return np.concatenate([part.mention for part in self._parts]) if self._parts else np.zeros(0, np.int32)

    def slots(self) -> npt.NDArray[np.int32]:
        return np.concatenate([part.slot for part in self._parts]) if self._parts else np.zeros(0, np.int32)

    def add(self, rows: Evidence) -> None:
        if len(rows):
            self._parts.append(rows)

    def change(self, changed: Callable[[Evidence], Evidence]) -> None:
        """Put other rows in the place of those that wait; their order stays."""
        self._parts = [changed(part) for part in self._parts]

    def release(self, store_of_slot: npt.NDArray[np.int32], watermark_ns: npt.NDArray[np.int64], ranks: Ranks) -> Evidence | None:
        """Return the rows at or below their store's watermark, by slot and then in order; None if none. The others go on waiting."""
        if not self._parts:
            return None
        rows = Evidence.concat(self._parts)
        due = rows.order <= 2 * watermark_ns[store_of_slot[rows.slot]] + 1
        if not due.any():
            self._parts = [rows]
            return None
        self._parts = [] if due.all() else [rows.take(~due)]
        return in_order(rows, np.flatnonzero(due), ranks)

    def dump(self) -> dict[str, bytes] | None:
        return Evidence.concat(self._parts).dump() if self._parts else None

    def load(self, values: Mapping[str, bytes] | None) -> None:
        self._parts = [Evidence.load(values, len(values["kind"]))] if values else []
