"""Sends spooled frames until the gateway's receipts cover them. A PUBACK means nothing here: only a receipt is durability.

    Publisher(store, agent, spool, clock, broker, health, on_key, substitute, notice_s=60.0)
        .run(stop: threading.Event)   # blocks; connects, sends, and reconnects until `stop`
        .wake()                       # something was spooled
        .terms(now_boot_ns) -> Terms  # what a body that is made now must keep to
        .journals(); .problems(); .certificate_ends_s      # for health

One thread does all but reading the socket; what paho's thread reads comes through a queue. edge_agent/conversation.py decides what is sent.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Final

from edge_agent.bodies import Terms
from edge_agent.clock import Clock, sure_ns
from edge_agent.connection import CONNECT_S, Acknowledged, BrokerConnection, ConnectionLost, Event, ReceiptCame, Subscribed, Unreachable
from edge_agent.conversation import HELLO_S, Conversation
from edge_agent.denied import Denied
from edge_agent.health_size import WILL_BYTES, fitted
from edge_agent.identity import TlsIdentity
from edge_agent.packet_limit import LEAST_BYTES
from edge_agent.parts import packet_bytes
from edge_agent.reconnect import Reconnect
from edge_agent.spool import Spool, SpooledFrame, SpoolUnavailable
from edge_agent.window import Window
from footfall.beacons import OwnBeacon
from footfall.broker import Broker
from footfall.broker_diagnosis import Diagnosis
from footfall.frames import Body
from footfall.health import Health
from footfall.receipts import DayKey
from footfall.topics import Topic, topic_of
from footfall.units import NS_PER_S

__all__ = ["HELLO_S", "Publisher"]

log = logging.getLogger("footfall.agent.publisher")

HEALTH_S: Final = 10.0
LOOK_NS: Final = NS_PER_S
"""How often problems are compared: when one began or ended, health is sent at once."""
TURN_S: Final = 0.25


class Publisher:
    """`connected` is true between CONNACK and loss. `refused`: why there is no connection, or what the gateway refuses, in words."""

    def __init__(
        self,
        store: str,
        agent: str,
        spool: Spool,
        clock: Clock,
        broker: Broker,
        health: Callable[[], Health],
        on_key: Callable[[DayKey, int], None],
        substitute: Callable[[SpooledFrame], Body],
        window: Window | None = None,
        notice_s: float = 60.0,
    ) -> None:
        self.connected = False
        self._lost = ""
        self._clock: Final = clock
        self._broker: Final = broker
        self._store: Final = store
        self._agent: Final = agent
        self._health: Final = health
        self._health_topic: Final = str(Topic(store, agent, "health"))
        self._receipts_topic: Final = str(Topic(store, agent, "receipts"))
        self._talk: Final = Conversation(store, agent, spool, clock, on_key, substitute, window or Window(), round(notice_s * NS_PER_S))
        self._reconnect: Final = Reconnect(agent)
        self._identity: Final = TlsIdentity(broker.tls, agent)
        self._denied: Final = Denied(agent, self._health_topic)
        self._diagnosis: Final = Diagnosis(broker, log)
        self._events: Final[queue.SimpleQueue[tuple[BrokerConnection, Event] | None]] = queue.SimpleQueue()
        self._connection: BrokerConnection | None = None
        self._due_ns = 0
        self._health_due_ns = 0
        self._look_due_ns = 0
        self._reported_codes: frozenset[str] = frozenset()

    @property
    def refused(self) -> str:
        return "; ".join(filter(None, (self._lost, self._diagnosis.text))) or self._talk.refused

    @property
    def gateway_ns(self) -> int:
        """Return the gateway's time now, as its last receipt shows it; 0 before the first."""
        return self._talk.hearing.clock.gateway_ns(self._clock.boot_ns())

    def sure_ns(self) -> int:
        """Return the time where it is known for sure, else 0."""
        return sure_ns(self._clock, self.gateway_ns)

    @property
    def own_beacons(self) -> tuple[OwnBeacon, ...] | None:
        """Return the brand's beacons as the last receipt has them; None: none came, or of a gateway that does not know of them."""
        return self._talk.hearing.last.beacons

    @property
    def seal_key(self) -> bytes | None:
        """Return the gateway's public key as the last receipt has it; None: none came, or of a gateway that has none."""
        return self._talk.hearing.last.seal_key

    @property
    def prompt_until_ns(self) -> int:
        """Return until when the gateway asks to report promptly, on the agent's clock; 0 if it never did."""
        return self._talk.hearing.prompt_until_ns

    @property
    def refused_rows(self) -> int:
        """Return how many rows of what is sent the gateway put into quarantine, by its last receipt."""
        return self._talk.hearing.last.refused

    @property
    def certificate_ends_s(self) -> int | None:
        return self._identity.ends_s

    def terms(self, now_boot_ns: int) -> Terms:
        return self._talk.terms(now_boot_ns)

    def journals(self) -> dict[str, float]:
        """Return the journals that were heard in the last hour, and how many seconds ago each last was."""
        return self._talk.hearing.binding.ages_s(self._clock.boot_ns())

    def problems(self) -> dict[str, str]:
        """Return the problems: codes of `footfall status`, each with a text."""
        now_ns = self._clock.boot_ns()
        now_s = (self.gateway_ns or self._clock.wall_ns()) / NS_PER_S
        found = (
            self._identity.problems(now_s) | self._reconnect.problems(now_ns) | self._talk.problems(now_ns) | self._denied.problems(now_ns)
        )
        return {code: text[:300] for code, text in found.items()}

    def wake(self) -> None:
        self._events.put(None)

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self._turn()
            except SpoolUnavailable as error:
                log.error("%s", error)
                stop.wait(1.0)
        self._disconnect()

    def _turn(self) -> None:
        if self._connection is None and self._clock.boot_ns() >= self._due_ns:
            self._connect()
        self._take_events(TURN_S)
        if self.connected:
            self._report()
            self._talk.turn()
        elif self._connection is not None and self._clock.boot_ns() >= self._due_ns:
            self._lose(ConnectionLost("the broker took the connection and then sent nothing"))

    def _connect(self) -> None:
        self._due_ns = self._clock.boot_ns() + round(CONNECT_S * NS_PER_S)
        will = fitted(self._health().model_copy(update={"state": "offline"}), WILL_BYTES)
        connection = BrokerConnection(self._broker, self._agent, (self._health_topic, will), self._receipts_topic, self._hear, self._clock)
        try:
            connection.open()
        except Unreachable as error:
            self._lose(ConnectionLost(str(error)))
        else:
            self._connection = connection

    def _hear(self, connection: BrokerConnection, event: Event) -> None:
        self._events.put((connection, event))

    def _take_events(self, timeout_s: float) -> None:
        try:
            item = self._events.get(timeout=timeout_s)
            while True:
                if item is not None and item[0] is self._connection:
                    self._take(*item)
                item = self._events.get_nowait()
        except queue.Empty:
            return

    def _take(self, connection: BrokerConnection, event: Event) -> None:
        match event:
            case Subscribed():
                self._greet(connection, event)
            case ReceiptCame():
                if self._talk.hear(event.payload, event.boot_ns):
                    self._reconnect.answered()
            case Acknowledged():
                packet = connection.acknowledged(event.mid)
                self._denied.answered(packet.topic, event.code, self._clock.boot_ns())
                self._talk.sender.acknowledged(packet.bytes, event.code, event.why)
            case ConnectionLost():
                self._lose(event)

    def _greet(self, connection: BrokerConnection, subscribed: Subscribed) -> None:
        self.connected = True
        self._diagnosis.forget()
        self._lost = subscribed.refused
        self._health_due_ns = 0
        self._reconnect.connected(self._clock.boot_ns())
        log.info("connected to %s:%d", self._broker.host, self._broker.port)
        if subscribed.refused:
            log.warning("%s", subscribed.refused)
        self._talk.begin(connection.publish, lambda: connection.largest_bytes > 0, subscribed.max_packet_bytes, subscribed.refused)

    def _report(self) -> None:
        """Publish health every ten seconds, and whenever a problem began or ended."""
        now_ns = self._clock.boot_ns()
        if now_ns >= self._look_due_ns:
            self._look_due_ns = now_ns + LOOK_NS
            codes = frozenset(self.problems())
            if codes != self._reported_codes:
                self._reported_codes, self._health_due_ns = codes, 0
        if now_ns >= self._health_due_ns:
            self._health_due_ns = now_ns + round(HEALTH_S * NS_PER_S)
            self._publish_health("online")
        if self._connection is not None and (report := self._denied.report(now_ns)):
            self._connection.publish(topic_of(self._store, self._identity.name or self._broker.username or self._agent, "denied"), report)

    def _publish_health(self, state: str) -> None:
        """Publish health in a packet that the broker accepts, so that no connection is lost over it."""
        if self._connection is not None:
            limit = self._talk.sender.limit.bytes(self._clock.boot_ns())
            room = None if limit is None else limit - packet_bytes(self._health_topic, b"")
            self._connection.publish(self._health_topic, fitted(self._health().model_copy(update={"state": state}), room), retain=True)

    def _disconnect(self) -> None:
        """Publish the content of the last will, then disconnect."""
        if self.connected:
            self._publish_health("offline")
        self._drop(disconnect=self.connected)

    def _drop(self, disconnect: bool) -> None:
        self.connected = False
        if self._connection is not None:
            self._connection.close(disconnect)
            self._connection = None

    def _lose(self, lost: ConnectionLost) -> None:
        """Give the connection up, and schedule the next attempt with back-off."""
        if lost.why != self._lost:
            log.warning("no connection to the broker: %s", lost.why)
        self._lost = lost.why
        largest_bytes = self._connection.largest_bytes if self._connection is not None else 0
        if self.connected:
            self._talk.end(largest_bytes)
        else:
            self._diagnosis.ask()
        self._drop(disconnect=False)
        now_ns = self._clock.boot_ns()
        self._due_ns = now_ns + round(NS_PER_S * self._reconnect.lost(lost.code, largest_bytes < LEAST_BYTES, now_ns))
