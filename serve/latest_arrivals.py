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
SPLIT: Final = "split"
WITHDRAWN: Final = "withdrawn"
RENAMES: Final = frozenset({"merged", "id_changed"})
"""Changes of the change feed after which an arrival has another fan."""

Arrival = Mapping[str, Any]


class _Kept(NamedTuple):
    heard_ns: int
    arrival: Arrival
    heard_as: object
    """The fan that it named first."""


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
        self._keep(arrival_id, _Kept(now_ns, arrival, arrival.get("fan")))
        if len(self._kept) > ARRIVALS_KEPT:
            self._forget(next(iter(self._kept)))
        return True

    def change(self, change: Mapping[str, Any]) -> None:
        """Take what became of a fan's id, a message of the change feed: forget who withdrew, rename who has another id.

        Of those whom a split leaves, an arrival is whose it was before they were one; one that named the person of both is nobody's.
        """
        what, fan, old, new = (change.get(key) for key in ("what", "fan", "old", "new"))
        if what == SPLIT:
            self._split(fan, old, new)
        elif what == WITHDRAWN or (what in RENAMES and new):
            for arrival_id in [each for named in {fan, old} for each in self._of_fan.get(named, ())]:
                self._forget(arrival_id) if what == WITHDRAWN else self._rename(arrival_id, new)

    def _split(self, fan: object, old: object, new: object) -> None:
        for arrival_id in list(self._of_fan.get(old, ())):
            heard_as = self._kept[arrival_id].heard_as
            if heard_as == fan and new:
                self._rename(arrival_id, new)
            elif heard_as == old:
                self._forget(arrival_id)

    def latest(self, now_ns: int) -> Iterator[Arrival]:
        """Yield what is kept still, the latest first, and forget the rest."""
        while self._kept and now_ns - self._kept[oldest := next(iter(self._kept))].heard_ns > KEPT_NS:
            self._forget(oldest)
        return (each.arrival for each in reversed(self._kept.values()))

    def _rename(self, arrival_id: str, fan: object) -> None:
        """Give an arrival to another fan, in its old place."""
        kept = self._kept[arrival_id]
        self._unlist(arrival_id, kept)
        self._keep(arrival_id, kept._replace(arrival={**kept.arrival, "fan": fan}))

    def _keep(self, arrival_id: str, kept: _Kept) -> None:
        self._kept[arrival_id] = kept
        self._of_fan[kept.arrival.get("fan")][arrival_id] = None

    def _forget(self, arrival_id: str) -> None:
        if (kept := self._kept.pop(arrival_id, None)) is not None:
            self._unlist(arrival_id, kept)

    def _unlist(self, arrival_id: str, kept: _Kept) -> None:
        ids = self._of_fan[fan := kept.arrival.get("fan")]
        del ids[arrival_id]
        if not ids:
            del self._of_fan[fan]
