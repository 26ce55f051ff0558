"""The live feed: known fans that arrive, and the counters of stores while they change."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final, NamedTuple, Protocol

from footfall.topics import FANS, live_topic
from footfall.units import NS_PER_S
from gateway.fold.arrivals import Arrival, Place
from gateway.fold.awaited import AWAITED_NS, Prompt
from gateway.fold.store_counters import LatestCounters

COUNTERS_EVERY_S: Final = 1.0
UNSENT_BYTES: Final = 1 << 20
"""While the broker leaves this much unread, live messages wait: of counters the latest of each store."""
QUEUED: Final = 10_000
"""Arrivals that may wait for the broker; beyond it the oldest are dropped."""


class LiveMessage(NamedTuple):
    """One MQTT message; counters are retained, so that a page that is opened now has them."""

    topic: str
    payload: bytes
    retain: bool
    place: Place | None = None
    """Of an arrival."""


class LiveConnection(Protocol):
    """The part of the broker's connection that carries the feed."""

    @property
    def session(self) -> int:
        """The number of the connection that is open, 0 while there is none."""

    def unsent_bytes(self) -> int:
        """Return what was published and is not yet with the system."""

    def publish(self, topic: str, payload: bytes, retain: bool) -> None:
        """Publish at QoS 0."""


class CountersSource(Protocol):
    """The part of the fold that knows the counters of stores."""

    def take(self) -> Sequence[LatestCounters]:
        """Return the counters that changed since the last call."""


class LiveFeed:
    """Filled by the fold's thread, emptied by the network's. Never blocks."""

    def __init__(self, is_new: Callable[[Place], bool] = lambda place: True) -> None:
        """`is_new` returns whether an arrival was not sent yet, and notes that it is sent now."""
        self._is_new: Final = is_new
        self._prompts: Final[deque[Prompt]] = deque(maxlen=QUEUED)
        self._awaited_until_s = 0.0
        self.arrivals: Final[deque[LiveMessage]] = deque(maxlen=QUEUED)
        """Those that wait, the oldest first; the ingest stage's thread takes them from the left."""
        self._counters: Final[dict[str, LatestCounters]] = {}
        """The latest of each store."""
        self._due: Final[deque[str]] = deque()
        """Stores whose counters are to be published, each once: what is published is the latest."""
        self._is_due: Final[set[str]] = set()
        self._due_s = 0.0
        self._session = 0
        """In which all counters were published."""

    def publish(self, arrivals: Sequence[Arrival], counters: CountersSource) -> None:
        """Queue every arrival, and once a second the counters of stores that changed."""
        for arrival in arrivals:
            values = asdict(arrival)
            place = values.pop("place")
            self.arrivals.append(LiveMessage(live_topic(arrival.store), _payload({"kind": "arrival"} | values), False, Place(*place)))
        now_s = time.monotonic()
        if now_s >= self._due_s:
            self._due_s = now_s + COUNTERS_EVERY_S
            for each in counters.take():
                self._counters[each.store] = each
                self._queue(each.store)

    def prompt(self, prompts: Sequence[Prompt]) -> None:
        """Take stores whose arrivals are awaited."""
        if prompts:
            self._prompts.extend(prompts)
            self._awaited_until_s = time.monotonic() + AWAITED_NS / NS_PER_S

    def take_prompts(self) -> list[Prompt]:
        """Return the stores whose agents are to be asked, since the last call."""
        return [self._prompts.popleft() for _ in range(len(self._prompts))]

    @property
    def is_awaited(self) -> bool:
        """Return whether an arrival is awaited in any store."""
        return time.monotonic() < self._awaited_until_s

    def forget(self, fans: Collection[str]) -> None:
        """Drop the arrivals of fans that still wait: those fans have withdrawn consent."""
        for message in list(self.arrivals):
            if message.topic != FANS and json.loads(message.payload).get("fan") in fans:
                with suppress(ValueError):  # the network's thread sends it just now
                    self.arrivals.remove(message)

    def queue(self, message: LiveMessage) -> None:
        """Queue a message of another kind, in its turn among arrivals."""
        self.arrivals.append(message)

    def send(self, connection: LiveConnection) -> None:
        """Publish what waits, as far as the broker takes it; in a new session the counters of every store too."""
        if not connection.session:
            return
        if connection.session != self._session:
            self._session = connection.session
            for store in list(self._counters):  # a broker that was restarted may have forgotten what it retained
                self._queue(store)
        while connection.unsent_bytes() < UNSENT_BYTES and (message := self._next()):
            if message.place is None or self._is_new(message.place):
                connection.publish(message.topic, message.payload, message.retain)

    def latest_minutes(self) -> dict[str, Mapping[str, float]]:
        """Return the latest row of `traffic`, by store."""
        return {store: each.fields for store, each in list(self._counters.items()) if each.fields}

    def _queue(self, store: str) -> None:
        if store not in self._is_due:
            self._is_due.add(store)
            self._due.append(store)

    def _next(self) -> LiveMessage | None:
        if self.arrivals:
            return self.arrivals.popleft()
        if not self._due:
            return None
        store = self._due.popleft()
        self._is_due.discard(store)  # before it is read: what the fold's thread changes from now on is queued again
        return LiveMessage(live_topic(store), _payload({"kind": "counters"} | self._counters[store]._asdict()), retain=True)


def _payload(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
