"""The live stream: known fans that arrive, and the counters of stores while they change."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from gateway.fold.fold import Arrival
from gateway.http.live import Broadcast
from gateway.points import Coded, Points

COUNTERS_EVERY_S: Final = 1.0


class News:
    """Told by the fold's thread. `counters` is the latest row of `traffic` by store."""

    def __init__(self, broadcast: Broadcast, publish: Callable[[str, bytes], None]) -> None:
        self._broadcast: Final = broadcast
        self._publish: Final = publish
        self.counters: Final[dict[str, Mapping[str, float]]] = {}
        self._latest_ns: Final[dict[str, int]] = {}
        self._changed: set[str] = set()
        self._due_s = 0.0

    def tell(self, points: Sequence[Points], arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            self._say(arrival.store, {"kind": "arrival", "store": arrival.store, "zone": arrival.zone, "fan": arrival.fan,
                                      "time_ns": arrival.time_ns})  # fmt: skip
        for each in points:
            if each.measurement == "traffic":
                self._count(each)
        now_s = time.monotonic()
        if self._changed and now_s >= self._due_s:
            self._due_s = now_s + COUNTERS_EVERY_S
            for store in self._changed:
                message = {"kind": "counters", "store": store, "time_ns": self._latest_ns[store], "fields": self.counters[store]}
                self._say(store, message)
            self._changed = set()

    def _count(self, points: Points) -> None:
        numbers = {name: column.tolist() for name, column in points.fields.items() if not isinstance(column, Coded)}
        rows = zip(points.tags["store"].texts(), points.time_ns.tolist(), zip(*numbers.values(), strict=True), strict=True)
        for store, time_ns, row in rows:
            if time_ns >= self._latest_ns.get(store, 0):
                self._latest_ns[store] = time_ns
                self.counters[store] = dict(zip(numbers, row, strict=True))
                self._changed.add(store)

    def _say(self, store: str, message: Mapping[str, Any]) -> None:
        self._broadcast.publish(message)
        self._publish(store, json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode())
