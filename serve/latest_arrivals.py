"""The latest arrivals, for a page that is opened now: not for long, and of nobody who has withdrawn consent meanwhile.

A gateway that lost power may repeat an arrival: whoever heard of it before is not told again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from footfall.units import NS_PER_HOUR

ARRIVALS_KEPT: Final = 20_000
"""Of all stores, so that a page of one has the hour of its own: 7,000 stores have fewer in one."""
KNOWN: Final = 40_000
"""Ids that are remembered; a gateway repeats those of seconds."""
KEPT_NS: Final = NS_PER_HOUR
"""How long one is kept after it was heard of."""
RENAMES: Final = frozenset({"merged", "id_changed"})
"""Changes of the change feed after which an arrival has another fan."""

Arrival = Mapping[str, Any]


class _Kept(NamedTuple):
    heard_ns: int
    arrival: Arrival


class LatestArrivals:
    """By id, the oldest first."""

    def __init__(self) -> None:
        self._kept: Final[dict[str, _Kept]] = {}
        self._of_fan: Final[defaultdict[object, dict[str, None]]] = defaultdict(dict)
        """Ids of the arrivals that are kept, by fan."""
        self._known: Final[dict[str, None]] = {}

    def take(self, arrival: Arrival, now_ns: int) -> bool:
        """Take an arrival, and return True; return False for one that came before. One without an id is new."""
        arrival_id = str(arrival.get("id", f"at {now_ns}"))
        if "id" in arrival and arrival_id in self._known:
            return False
        self._known[arrival_id] = None
        if len(self._known) > KNOWN:
            del self._known[next(iter(self._known))]
        self._forget(arrival_id)
        self._keep(arrival_id, _Kept(now_ns, arrival))
        if len(self._kept) > ARRIVALS_KEPT:
            self._forget(next(iter(self._kept)))
        return True

    def change(self, change: Mapping[str, Any]) -> None:
        """Take what became of a fan's id, a message of the change feed: forget who withdrew, rename who has another id."""
        what, new = change.get("what"), change.get("new")
        for fan in {change.get("fan"), change.get("old")}:
            if what == "withdrawn":
                for arrival_id in list(self._of_fan.get(fan, ())):
                    self._forget(arrival_id)
            elif what in RENAMES and new:
                for arrival_id in self._of_fan.pop(fan, {}):
                    heard_ns, arrival = self._kept[arrival_id]
                    self._keep(arrival_id, _Kept(heard_ns, {**arrival, "fan": new}))  # in its old place

    def latest(self, now_ns: int) -> Iterator[Arrival]:
        """Yield what is kept still, the latest first, and forget the rest."""
        while self._kept and now_ns - self._kept[oldest := next(iter(self._kept))].heard_ns > KEPT_NS:
            self._forget(oldest)
        return (each.arrival for each in reversed(self._kept.values()))

    def _keep(self, arrival_id: str, kept: _Kept) -> None:
        self._kept[arrival_id] = kept
        self._of_fan[kept.arrival.get("fan")][arrival_id] = None

    def _forget(self, arrival_id: str) -> None:
        if (kept := self._kept.pop(arrival_id, None)) is not None:
            ids = self._of_fan[fan := kept.arrival.get("fan")]
            del ids[arrival_id]
            if not ids:
                del self._of_fan[fan]
