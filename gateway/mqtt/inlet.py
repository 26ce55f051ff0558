"""Where messages come in: the gateway's two connections to the broker, read whether or not anything can be taken.

A connection that is not read is lost: the answer to a ping stands behind what waits. So while nothing can be taken it is read all the
same. What comes waits here, unacknowledged, up to a bound; beyond it frames are left to their agents, who send again what is not
receipted, and plain events to the broker.
"""

from __future__ import annotations

import logging
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from footfall.topics import strays, wildcard
from gateway.config import GatewayBroker
from gateway.mqtt.connection import BrokerMessage, Connection
from gateway.mqtt.own_rival import OwnRival

log = logging.getLogger("footfall.gateway.mqtt")

POLL_S: Final = 0.05
HELD_BYTES: Final = 32 << 20
"""Of what waits here for room; beyond this plain events wait at the broker, which keeps them for the session."""
AT_ONCE_BYTES: Final = 1 << 20
"""Of what waited, for one commit: whether there still is room is asked in between."""


class InletMessage(NamedTuple):
    connection: Connection
    message: BrokerMessage


class Inlet:
    """For one thread. `frames` hears frames and health, `events` plain events in a session that outlives connections."""

    def __init__(self, broker: GatewayBroker, beat: Callable[[], None]) -> None:
        """`beat` is called before what may take seconds."""
        # Neither has the bare name: where a broker takes a certificate's or user's name for the id, a check comes under that.
        self.frames: Final = Connection(broker, f"{broker.client_id}-frames", [wildcard("frames"), wildcard("health")], False)
        self.events: Final = Connection(broker, f"{broker.client_id}-events", [wildcard("events")], True, [wildcard("denied"), *strays()])
        self._both: Final = (self.frames, self.events)
        self._rival: Final = OwnRival(f"{broker.host}:{broker.port}")
        self._beat: Final = beat
        self._held: deque[InletMessage] = deque()
        self._held_bytes = 0
        self._events_rest = False
        self.left_frames_total = 0

    @property
    def error(self) -> str:
        """Why one of the connections is not there; "" while both are."""
        if self._rival.text:
            return self._rival.text
        if not self.frames.connected:
            return self.frames.error or "not yet"
        if not self.events.connected and not self._events_rest:
            return f"for plain events: {self.events.error or 'not yet'}"
        return ""

    def reconnect(self) -> None:
        for connection in self._both:
            if connection.socket() is None and not (self._events_rest and connection is self.events):
                self._beat()
                connection.open()

    def read(self, stop: threading.Event) -> list[InletMessage]:
        """Return what came since; wait a moment for it."""
        connections = {sock: connection for connection in self._both if (sock := connection.socket()) is not None}
        if not connections:
            stop.wait(0.1)
            return []
        ready = [sock for sock in connections if sock.has_more()]
        writers = [sock for sock in connections if sock.wants_write()]
        readable, writable, _ = select.select(list(connections), writers, [], 0.0 if ready else POLL_S)
        for sock in writable:
            connections[sock].flush()
        return [InletMessage(connections[sock], message) for sock in {*readable, *ready} for message in connections[sock].read()]

    def next(self, arrived: list[InletMessage]) -> list[InletMessage]:
        """Return what is to be taken now, in the order of arrival: there is room. What waits comes first, a part at a time."""
        self._events_rest = False
        if not self._held:
            return arrived
        self._hold(arrived)
        taken, size = list[InletMessage](), 0
        while self._held and size < AT_ONCE_BYTES:
            taken.append(self._held.popleft())
            size += len(taken[-1].message.payload)
        self._held_bytes -= size
        return [each for each in taken if each.connection.is_current(each.message)]  # the broker sends the others again

    def leave(self, arrived: Sequence[InletMessage]) -> None:
        """Hold what cannot be taken now, up to a bound; leave the rest to agents and broker."""
        if self._held_bytes <= HELD_BYTES:
            self._hold(arrived)
            return
        if any(each.connection is self.events for each in arrived):
            log.warning("plain events wait at the broker until there is room: this gateway holds %d MiB already", self._held_bytes >> 20)
            self._events_rest = True
            self.events.close()
            self._held = deque(each for each in self._held if each.connection is not self.events)
            self._held_bytes = sum(len(each.message.payload) for each in self._held)
        frames = [each for each in arrived if each.connection is self.frames]
        self.acknowledge(frames)
        self.left_frames_total += len(frames)

    def put_back(self, taken: Sequence[InletMessage]) -> None:
        """Hold again what was to be taken, and could not be."""
        self._held.extendleft(reversed(taken))
        self._held_bytes += sum(len(each.message.payload) for each in taken)

    def _hold(self, arrived: Sequence[InletMessage]) -> None:
        self._held += arrived
        self._held_bytes += sum(len(each.message.payload) for each in arrived)

    def acknowledge(self, taken: Sequence[InletMessage]) -> None:
        for connection in self._both:
            connection.acknowledge([each.message for each in taken if each.connection is connection])
            connection.flush()

    @property
    def is_own_rival(self) -> bool:
        """Return whether the two connections push each other out: no other gateway is to blame then."""
        return bool(self._rival.text)

    def keep_alive(self) -> None:
        before = self._rival.text
        self._rival.look(self.frames, self.events, time.monotonic())
        if self._rival.text and not before:
            log.error("%s", self._rival.text)
        for connection in self._both:
            connection.keep_alive()

    def close(self) -> None:
        for connection in self._both:
            connection.close()
