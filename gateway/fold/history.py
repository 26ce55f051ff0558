"""History that is not ours: up to when an earlier gateway, whose state is lost, made the rows that a store's database has.

What that gateway knew is known only in part here: agents send again what they still have, plain events nobody does. So of the time up to
then no minute, visit or dwell is written over; raw rows, touches and what happened to items are the same whoever makes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from footfall.units import NS_PER_HOUR
from gateway.points import Points

DERIVED: Final[Mapping[str, int]] = {"traffic": 0, "zone_traffic": 0, "visit": 0, "dwell": 0, "outcome": 0, "coverage": NS_PER_HOUR}
"""How long after its time a point still changes, ns: agents send again what they observed in the hour that history ends in."""
NONE_NS: Final = -(1 << 62)


class History:
    """By name of a store, the time up to which its history is not ours. It grows; `footfall rebuild` alone brings it back."""

    def __init__(self) -> None:
        self.until_ns: dict[str, int] = {}
        self._dealt_with: set[str] = set()
        """Stores of which nothing of before can be rebuilt: people need not know of it any more."""

    def of(self, store: str) -> int:
        """Return up to when the store's history is another gateway's, ns; NONE_NS where all is ours."""
        return self.until_ns.get(store, NONE_NS)

    def extend(self, store: str, until_ns: int) -> None:
        if until_ns > self.of(store):
            self.until_ns[store] = until_ns
            self._dealt_with.discard(store)

    def cut(self, store: str, from_ns: int, is_all: bool) -> None:
        """Take that a store's history from a time on is ours now; `is_all`: nothing of before can be rebuilt."""
        if store in self.until_ns:
            self.until_ns[store] = min(from_ns, self.until_ns[store])
            self._dealt_with |= {store} if is_all else set()

    def to_deal_with(self) -> dict[str, int]:
        """Return, by store, up to when history is another's, where that can be rebuilt or nobody has tried to."""
        return {store: until_ns for store, until_ns in self.until_ns.items() if store not in self._dealt_with}

    def ours(self, points: Points) -> Points:
        """Return the points that are to be written; all of measurements that are not derived."""
        if not self.until_ns or points.measurement not in DERIVED:
            return points
        stores = points.tags["store"]
        until_ns = np.array([self.of(name) for name in stores.names], np.int64)
        return points.where(points.time_ns + DERIVED[points.measurement] > until_ns[stores.codes])

    def dump(self) -> list[Any]:
        return [dict(self.until_ns), sorted(self._dealt_with)]

    def load(self, values: Mapping[str, int] | Sequence[Any]) -> None:
        """Go on from what `dump` returned; earlier releases had the times alone."""
        until_ns, dealt_with = (values, ()) if isinstance(values, Mapping) else values
        self.until_ns, self._dealt_with = dict(until_ns), set(dealt_with)
