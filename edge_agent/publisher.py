"""Sends spooled frames until the gateway's receipts cover them. A PUBACK means nothing here: only a receipt is durability.

    Publisher(store, agent, spool, clock, broker, health, on_key, substitute)
        .run(stop: threading.Event)   # blocks; connects, sends, and connects again for ever
        .wake()                       # something was spooled

One thread does all but reading the socket; what paho's thread reads comes through a queue. Every connection has a client of its
own, so that paho sends nothing again by itself.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.broker import Broker
from edge_agent.clock import Clock
from edge_agent.spool import Epoch, Frame, S, Spool, SpoolUnavailable
from edge_agent.window import Window
from footfall.config import read_secret
from footfall.errors import ContractError
from footfall.frames import Body, Header, encode_frame
from footfall.health import Health, encode_health
from footfall.receipts import DayKey, Receipt, decode_receipt
from footfall.topics import WIRE_VERSION, Topic

log = logging.getLogger("footfall.agent.publisher")

HEALTH_S: Final = 10.0
HELLO_S: Final = 10.0
HELLO_AGAIN_S: Final = 2.0
CONNECT_S: Final = 10.0
FIRST_BACKOFF_S: Final = 0.5
LONGEST_BACKOFF_S: Final = 30.0
TURN_S: Final = 0.25
INFLIGHT: Final = 20
"""QoS 1 messages without PUBACK; brokers commonly allow no more (Mosquitto's default receive maximum)."""
_NONE: Final = Receipt("none", 0, 0, "none", ())


@dataclass(frozen=True, slots=True)
class _Arrived:
    """A message of the network thread: from which client, what, and when on CLOCK_BOOTTIME."""

    client: Client | None
    what: str
    payload: bytes = b""
    boot_ns: int = 0


class Publisher:
    """`connected` is true between CONNACK and loss; `refused` says in words why there is no connection."""

    def __init__(
        self,
        store: str,
        agent: str,
        spool: Spool,
        clock: Clock,
        broker: Broker,
        health: Callable[[], Health],
        on_key: Callable[[DayKey, int], None],
        substitute: Callable[[Frame], Body],
        window: Window | None = None,
    ) -> None:
        self.connected = False
        self.refused = ""
        self._store: Final = store
        self._agent: Final = agent
        self._spool: Final = spool
        self._clock: Final = clock
        self._broker: Final = broker
        self._password: Final = read_secret(broker.password_file).decode() if broker.password_file else None
        self._health: Final = health
        self._on_key: Final = on_key
        self._substitute: Final = substitute
        self._window: Final = window or Window()
        self._arrived: Final[queue.SimpleQueue[_Arrived]] = queue.SimpleQueue()
        self._client: Client | None = None
        self._heard: Receipt = _NONE
        self._heard_boot_ns = 0
        self._newest_ns = 0
        self._lowered_ns = 0
        self._hold_until_ns = 0
        self._hello_due_ns = 0
        self._paused = False
        self._health_due_ns = 0
        self._backoff_s = FIRST_BACKOFF_S
        self._due_ns = 0

    @property
    def gateway_ns(self) -> int:
        """The gateway's time now, as far as its last receipt tells; 0 before the first."""
        if not self._heard.gateway_ns:
            return 0
        return self._heard.gateway_ns + self._clock.boot_ns() - self._heard_boot_ns

    def wake(self) -> None:
        self._arrived.put(_Arrived(None, "wake"))

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self._turn()
            except SpoolUnavailable as error:
                log.error("%s", error)
                stop.wait(1.0)
        self._disconnect()

    def _turn(self) -> None:
        if self._client is None and self._clock.boot_ns() >= self._due_ns:
            self._connect()
        self._take_arrived(TURN_S)
        if self.connected:
            self._send()
        elif self._client is not None and self._clock.boot_ns() >= self._due_ns:
            self._lose("the broker took the connection and then said nothing")

    def _connect(self) -> None:
        self._due_ns = self._clock.boot_ns() + round(CONNECT_S * S)
        try:
            client = self._new_client()
            client.connect(self._broker.host, self._broker.port, self._broker.keepalive_s, **self._clean_start())
        except (OSError, ValueError) as error:  # paho raises ValueError for a host that no socket can have
            self._lose(f"{self._broker.host}:{self._broker.port}: {error}")
            return
        client.loop_start()
        self._client = client

    def _new_client(self) -> Client:
        protocol = MQTTv5 if self._broker.protocol == "5" else MQTTv311
        clean = None if protocol == MQTTv5 else True
        client = Client(CallbackAPIVersion.VERSION2, self._agent, clean, protocol=protocol, reconnect_on_failure=False)
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(INFLIGHT)
        client.will_set(self._topic("health"), encode_health(self._health().model_copy(update={"state": "offline"})), 1, retain=True)
        if tls := self._broker.tls:
            client.tls_set(str(tls.ca_file), _text(tls.cert_file), _text(tls.key_file))
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._password)
        client.on_connect = self._on_connect
        client.on_subscribe = lambda client, userdata, mid, codes, properties: self._arrived.put(_Arrived(client, "subscribed"))
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        return client

    def _clean_start(self) -> dict[str, Any]:
        return {"clean_start": True} if self._broker.protocol == "5" else {}

    def _on_connect(self, client: Client, userdata: object, flags: ConnectFlags, code: ReasonCode, properties: Properties | None) -> None:
        if code.is_failure:
            self._arrived.put(_Arrived(client, "refused", str(code).encode()))
            return
        client.subscribe(self._topic("receipts"), 1)

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        self._arrived.put(_Arrived(client, "receipt", bytes(message.payload), self._clock.boot_ns()))

    def _on_disconnect(
        self, client: Client, userdata: object, flags: DisconnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        self._arrived.put(_Arrived(client, "lost", str(code).encode()))

    def _take_arrived(self, timeout_s: float) -> None:
        try:
            arrived = self._arrived.get(timeout=timeout_s)
            while True:
                if arrived.client is self._client and arrived.client is not None:
                    self._take(arrived)
                arrived = self._arrived.get_nowait()
        except queue.Empty:
            return

    def _take(self, arrived: _Arrived) -> None:
        match arrived.what:
            case "subscribed":
                self._greet()
            case "receipt":
                try:
                    self._take_receipt(decode_receipt(arrived.payload), arrived.boot_ns)
                except ContractError as error:
                    log.warning("a receipt was ignored: %s", error)
            case "refused" | "lost":
                self._lose(arrived.payload.decode())

    def _greet(self) -> None:
        """On every connection: the hello, whose receipt says where to go on; frames wait for it, but not for ever.

        Before the first receipt of a run they do wait for ever: a gateway takes a frame without echo as happened when it arrived, if it
        does not know the clock of this boot and nobody sets it.
        """
        self.connected = True
        self.refused = ""
        self._backoff_s = FIRST_BACKOFF_S
        self._window.restart()
        self._hold(HELLO_S)
        self._health_due_ns = 0
        log.info("connected to %s:%d", self._broker.host, self._broker.port)
        self._say_hello()

    def _say_hello(self) -> None:
        self._hello_due_ns = self._clock.boot_ns() + round(HELLO_AGAIN_S * S)
        self._publish(self._spool.sending(), 0, b"")

    def _take_receipt(self, receipt: Receipt, boot_ns: int) -> None:
        epoch = self._spool.get(receipt.epoch)
        if epoch is None or receipt.upto > epoch.last or self._spool.is_old_journal(receipt.journal_id):
            return
        if receipt.journal_id != self._spool.journal_id:
            self._spool.bind_journal(receipt.journal_id)
            epoch = self._spool.get(receipt.epoch) or epoch
            self._newest_ns = self._lowered_ns = 0
        if self._is_stale(receipt, epoch):
            return
        self._newest_ns = max(self._newest_ns, receipt.gateway_ns)
        self._heard, self._heard_boot_ns = receipt, boot_ns
        if receipt.upto != epoch.mark:
            self._lowered_ns = receipt.gateway_ns if receipt.upto < epoch.mark else self._lowered_ns
            self._spool.mark(epoch.name, receipt.upto, receipt.gateway_ns)
        else:
            self._window.repeated(epoch)
        if receipt.key is not None:
            self._on_key(receipt.key, receipt.gateway_ns)
        self._obey(receipt)

    def _is_stale(self, receipt: Receipt, epoch: Epoch) -> bool:
        """Whether later receipts overtook it. A mark goes down only by the newest word, and up by none from before it went down."""
        if receipt.upto < epoch.mark:
            return receipt.gateway_ns <= self._newest_ns
        return receipt.gateway_ns < self._lowered_ns

    def _obey(self, receipt: Receipt) -> None:
        if WIRE_VERSION not in receipt.versions:
            self.refused = f"the gateway reads wire versions {receipt.versions}, not {WIRE_VERSION}: frames are kept"
        if receipt.pause_s:
            self._paused = True
            self._hold(receipt.pause_s)
        elif not self._paused:
            self._hold_until_ns = 0

    def _hold(self, seconds: float) -> None:
        self._hold_until_ns = self._clock.boot_ns() + round(seconds * S)

    def _send(self) -> None:
        now_ns = self._clock.boot_ns()
        if now_ns >= self._health_due_ns:
            self._publish_health("online")
            self._health_due_ns = now_ns + round(HEALTH_S * S)
        if now_ns < self._hold_until_ns or not self._heard.gateway_ns:
            if not self._paused and now_ns >= self._hello_due_ns:
                self._say_hello()
            return
        if self._paused:
            self._paused = False
            self._greet()
            return
        epoch = self._spool.sending()
        seqs = self._window.due(epoch, now_ns)
        for frame in self._spool.frames(epoch.name, seqs.start, len(seqs)) if seqs else ():
            if not frame.is_whole():
                self._bury(epoch, frame)
                return
            self._publish(epoch, frame.seq, frame.body)
            self._window.sent(frame.seq)

    def _bury(self, epoch: Epoch, frame: Frame) -> None:
        """The disk has spoiled a body: a gap goes in its place, under its number."""
        log.error("frame %d of epoch %s was spoiled on the disk: %d rows lost", frame.seq, epoch.name, frame.rows)
        self._spool.bury(epoch.name, frame, self._substitute(frame), "crc32")

    def _publish(self, epoch: Epoch, seq: int, body: bytes) -> None:
        if self._client is None:
            return
        header = Header(
            store=self._store,
            agent=self._agent,
            epoch=epoch.name,
            seq=seq,
            oldest=epoch.oldest,
            boot=self._clock.boot,
            sent_boot_ns=self._clock.boot_ns(),
            sent_wall_ns=max(0, self._clock.wall_ns()),
            gateway_ns=self._heard.gateway_ns,
            heard_boot_ns=self._heard_boot_ns,
        )
        self._client.publish(self._topic("frames"), encode_frame(header, body), 1)

    def _publish_health(self, state: str) -> None:
        if self._client is not None:
            health = self._health().model_copy(update={"state": state})
            self._client.publish(self._topic("health"), encode_health(health), 1, retain=True)

    def _disconnect(self) -> None:
        """Say goodbye: what a last will would say, then DISCONNECT."""
        if self._client is not None and self.connected:
            self._publish_health("offline")
            self._client.disconnect()
        self._drop_client()

    def _drop_client(self) -> None:
        self.connected = False
        if self._client is not None:
            self._client.loop_stop()
            self._client = None

    def _lose(self, why: str) -> None:
        """There is no connection; try again after a while, longer each time."""
        if why != self.refused:
            log.warning("no connection to the broker: %s", why)
        self.refused = why
        self._drop_client()
        self._due_ns = self._clock.boot_ns() + round(self._backoff_s * S)
        self._backoff_s = min(2 * self._backoff_s, LONGEST_BACKOFF_S)

    def _topic(self, leaf: str) -> str:
        return str(Topic(self._store, self._agent, leaf))


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
