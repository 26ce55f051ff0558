"""What sensors see of people without names, as plain events. Pure.

    Occupancies().event(observed: Observed, t_ns) -> str      # JSON of an event; "" for what was reported lately

A report that states the same as the one before is left out for REPEAT_NS: sensors report every second, and the gateway takes a report to
hold until the next one.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Final

from edge_agent.sources.source import Observed
from footfall.topics import is_name
from footfall.units import NS_PER_S

REPEAT_NS: Final = 300 * NS_PER_S
MAX_SENSORS: Final = 1_000


class Occupancies:
    """`repeated_total` counts reports that were left out."""

    def __init__(self) -> None:
        self.repeated_total = 0
        self._last: Final[OrderedDict[tuple[str, str], tuple[int, int]]] = OrderedDict()
        """By zone and sensor: people, and when they were reported."""

    def event(self, observed: Observed, t_ns: int) -> str:
        key = (observed.zone, observed.sensor)
        people, reported_ns = self._last.get(key, (-1, 0))
        if observed.people == people and 0 <= t_ns - reported_ns < REPEAT_NS:
            self.repeated_total += 1
            return ""
        self._last[key] = (observed.people, t_ns)
        self._last.move_to_end(key)
        if len(self._last) > MAX_SENSORS:
            self._last.popitem(last=False)
        values = {"people": observed.people} if observed.counted else {"occupied": observed.people > 0}
        named = {"zone": observed.zone} | ({"sensor": observed.sensor} if is_name(observed.sensor) else {})
        return json.dumps({"kind": "occupancy", **named, **values}, separators=(",", ":"))
