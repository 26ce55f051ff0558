"""After a start, derived points are held until the agents reported whether this state is the latest.

A gateway that was killed folds the end of its journal once more. It makes the same versions of minutes, visits and dwells again, the
last one last. One whose files were put back does so, too, but its last versions are older than what the database has: the gateway that
went on from there has written better ones. Only headers of agents distinguish the two, and a `HISTORY` record stands before
their rows then. So the derived points of a store are held until each of its agents was heard, or for `wait_s`; but not those of after
the start: nobody else can have made them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Final

import numpy as np

from gateway.fold.history import DERIVED, History
from gateway.points import Points
from gateway.records import Record, RecordKind

LEAST_S: Final = 15.0
"""Agents that are connected send a frame every 5 s; one whose window is full since a long outage asks four times in `notice_s`."""
_FROM_BESIDE: Final = frozenset({RecordKind.SITE, RecordKind.LINKS, RecordKind.FACTS, RecordKind.NOTE, RecordKind.REBUILT})
"""They bear any time, and may be journaled while no gateway runs."""


class Gate:
    """`agents`: of every store those that are to be heard, by name. `head`: the journal's last position at the start; what comes behind
    it is new."""

    def __init__(self, agents: Mapping[str, Set[str]], head: int, now_s: float, wait_s: float = LEAST_S) -> None:
        self._unheard: Final = {store: set(names) for store, names in agents.items() if names}
        self._head: Final = head
        self._opens_s: Final = now_s + max(wait_s, LEAST_S)
        self._began_ns = 0
        """When the first of what is new was received; 0 before it came."""
        self._held: list[Points] = []

    @property
    def is_open(self) -> bool:
        """Whether nothing is held, and nothing will be."""
        return not self._unheard and not self._held

    def hear(self, records: Iterable[Record], now_s: float) -> None:
        """Note what came: an agent that sends a frame behind `head` knows of no other history than what was recorded before it."""
        if now_s >= self._opens_s:
            self._unheard.clear()
        for record in records if self._unheard else ():
            if record.pos > self._head and record.kind not in _FROM_BESIDE:
                self._began_ns = self._began_ns or record.received_ns
            if record.kind == RecordKind.FRAME and record.pos > self._head and record.store in self._unheard:
                self._unheard[record.store].discard(record.agent)
                if not self._unheard[record.store]:
                    del self._unheard[record.store]

    def pass_on(self, points: Sequence[Points], history: History) -> list[Points]:
        """Return what may be written now, in the order in which it was made; of what was held, what is not another's."""
        if self.is_open:
            return list(points)
        passed, held = [], []
        for each in [*self._held, *points]:
            if each.measurement not in DERIVED:
                passed.append(each)
                continue
            wait = self._waits(each)
            passed.append(history.ours(each.where(~wait)))
            held.append(each.where(wait))
        self._held = [each for each in held if len(each)]
        return [each for each in passed if len(each)]

    def forget(self) -> None:
        """Drop what is held: it is made once more."""
        self._held = []

    def _waits(self, points: Points) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        stores = points.tags["store"]
        unsure = np.array([name in self._unheard for name in stores.names], np.bool_)
        waits: np.ndarray[tuple[int], np.dtype[np.bool_]] = unsure[stores.codes]
        return waits & (points.time_ns <= self._began_ns) if self._began_ns else waits
