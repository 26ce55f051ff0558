"""The latest arrivals, for a page that is opened now: not for long, and of nobody who has withdrawn consent meanwhile.

A gateway that lost power may repeat an arrival: whoever heard of it before is not told again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from footfall.units import NS_PER_HOUR

ARRIVALS_KEPT: Final = 50
KNOWN: Final = 10_000
"""Ids that are remembered; a gateway repeats those of seconds."""
KEPT_NS: Final = NS_PER_HOUR
"""How long one is kept after it was heard of."""
RENAMES: Final = frozenset({"merged", "id_changed"})
"""Changes of the change feed after which an arrival has another fan."""

Arrival = Mapping[str, Any]


class LatestArrivals:
    """By id, the oldest first."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, Arrival]] = {}
        self._known: Final[dict[str, None]] = {}

    def take(self, arrival: Arrival, now_ns: int) -> bool:
        """Take an arrival, and return True; return False for one that came before. One without an id is new."""
        arrival_id = str(arrival.get("id", f"at {now_ns}"))
        if "id" in arrival and arrival_id in self._known:
            return False
        self._known[arrival_id] = None
        if len(self._known) > KNOWN:
            del self._known[next(iter(self._known))]
        self._kept[arrival_id] = (now_ns, arrival)
        if len(self._kept) > ARRIVALS_KEPT:
            del self._kept[next(iter(self._kept))]
        return True

    def change(self, change: Mapping[str, Any]) -> None:
        """Take what became of a fan's id, a message of the change feed: forget who withdrew, rename who has another id."""
        what, meant, new = change.get("what"), {change.get("fan"), change.get("old")}, change.get("new")
        if what == "withdrawn":
            self._kept = {key: each for key, each in self._kept.items() if each[1].get("fan") not in meant}
        elif what in RENAMES and new:
            for key, (heard_ns, arrival) in self._kept.items():
                if arrival.get("fan") in meant:
                    self._kept[key] = (heard_ns, {**arrival, "fan": new})

    def of_now(self, now_ns: int) -> Iterator[Arrival]:
        """Return what is kept still, and forget the rest."""
        self._kept = {key: each for key, each in self._kept.items() if now_ns - each[0] <= KEPT_NS}
        return (arrival for _, arrival in self._kept.values())
