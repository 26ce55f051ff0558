"""The live feed: known fans that arrive, and the counters of stores while they change."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from footfall.topics import live_topic
from gateway.fold.arrivals import Arrival
from gateway.points import Coded, Points

COUNTERS_EVERY_S: Final = 1.0
UNSENT_BYTES: Final = 1 << 20
"""While the broker leaves this much unread, live messages wait, and the oldest are dropped."""
QUEUED: Final = 10_000
"""Messages that may wait for the broker; beyond it the oldest are dropped."""


class LiveMessage(NamedTuple):
    """One MQTT message; counters are retained, so that a page that is opened now has them."""

    topic: str
    payload: bytes
    retain: bool


class LiveConnection(Protocol):
    """The part of the broker's connection that carries the feed."""

    @property
    def session(self) -> int:
        """The number of the connection that is open, 0 while there is none."""

    def unsent_bytes(self) -> int:
        """Return what was published and is not yet with the system."""

    def publish(self, topic: str, payload: bytes, retain: bool) -> None:
        """Publish at QoS 0."""


class LiveFeed:
    """Filled by the fold's thread, emptied by the network's. Never blocks. `counters` is the latest row of `traffic` by store."""

    def __init__(self) -> None:
        self.counters: Final[dict[str, Mapping[str, float]]] = {}
        self.waiting: Final[deque[LiveMessage]] = deque(maxlen=QUEUED)
        """Oldest first; the network's thread takes them from the left."""
        self._latest_ns: Final[dict[str, int]] = {}
        self._changed: set[str] = set()
        self._due_s = 0.0
        self._session = 0
        """In which all counters were published."""

    def publish(self, points: Sequence[Points], arrivals: Sequence[Arrival]) -> None:
        """Queue every arrival, and once a second the counters of stores that changed."""
        for arrival in arrivals:
            self._queue({"kind": "arrival", "store": arrival.store, "zone": arrival.zone, "fan": arrival.fan,
                         "time_ns": arrival.time_ns}, retain=False)  # fmt: skip
        for each in points:
            if each.measurement == "traffic":
                self._count(each)
        now_s = time.monotonic()
        if self._changed and now_s >= self._due_s:
            self._due_s = now_s + COUNTERS_EVERY_S
            for store in self._changed:
                self._queue_counters(store)
            self._changed = set()

    def send(self, connection: LiveConnection) -> None:
        """Publish what waits, as far as the broker takes it; in a new session the counters of every store too."""
        if not connection.session:
            return
        if connection.session != self._session:
            self._session = connection.session
            self._queue_all_counters()
        while self.waiting and connection.unsent_bytes() < UNSENT_BYTES:
            connection.publish(*self.waiting.popleft())

    def _queue_all_counters(self) -> None:
        """A broker that was restarted may have forgotten what it retained."""
        for store in list(self.counters):
            self._queue_counters(store)

    def _count(self, points: Points) -> None:
        numbers = {name: column.tolist() for name, column in points.fields.items() if not isinstance(column, Coded)}
        rows = zip(points.tags["store"].texts(), points.time_ns.tolist(), zip(*numbers.values(), strict=True), strict=True)
        for store, time_ns, row in rows:
            if time_ns >= self._latest_ns.get(store, 0):
                self._latest_ns[store] = time_ns
                self.counters[store] = dict(zip(numbers, row, strict=True))
                self._changed.add(store)

    def _queue_counters(self, store: str) -> None:
        message = {"kind": "counters", "store": store, "time_ns": self._latest_ns[store], "fields": self.counters[store]}
        self._queue(message, retain=True)

    def _queue(self, message: Mapping[str, Any], retain: bool) -> None:
        payload = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
        self.waiting.append(LiveMessage(live_topic(message["store"]), payload, retain))
