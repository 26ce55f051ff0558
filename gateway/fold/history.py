"""History that is not ours: up to when an earlier gateway, whose state is lost, made the rows that a store's database has.

What that gateway knew is known only in part here: agents send again what they still have, plain events nobody does. So of the time up to
then no minute, visit or dwell is written over; raw rows, touches and what happened to items are the same whoever makes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from footfall.units import NS_PER_HOUR
from gateway.points import Points

DERIVED: Final[Mapping[str, int]] = {"traffic": 0, "zone_traffic": 0, "visit": 0, "dwell": 0, "coverage": NS_PER_HOUR}
"""How long after its time a point still changes, ns: agents send again what they observed in the hour that history ends in."""
NONE_NS: Final = -(1 << 62)


class History:
    """By name of a store, the time up to which its history is not ours. It only ever grows."""

    def __init__(self) -> None:
        self.until_ns: dict[str, int] = {}

    def of(self, store: str) -> int:
        """Return up to when the store's history is another gateway's, ns; NONE_NS where all is ours."""
        return self.until_ns.get(store, NONE_NS)

    def extend(self, store: str, until_ns: int) -> None:
        self.until_ns[store] = max(until_ns, self.of(store))

    def ours(self, points: Points) -> Points:
        """Return the points that are to be written; all of measurements that are not derived."""
        if not self.until_ns or points.measurement not in DERIVED:
            return points
        stores = points.tags["store"]
        until_ns = np.array([self.of(name) for name in stores.names], np.int64)
        return points.where(points.time_ns + DERIVED[points.measurement] > until_ns[stores.codes])

    def dump(self) -> dict[str, int]:
        return dict(self.until_ns)

    def load(self, values: Mapping[str, int]) -> None:
        self.until_ns = dict(values)
