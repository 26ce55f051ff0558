"""One MQTT connection of the gateway, read and written by the thread that uses it: no thread of paho's, no lock on the way."""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from footfall.broker import authenticate
from footfall.broker_diagnosis import Diagnosis, diagnose
from footfall.errors import ConfigError
from footfall.lost_connections import TAKEN_OVER, in_words, why_lost
from gateway.config import GatewayBroker
from gateway.mqtt.packets import BufferedClient, BufferedSocket, decode_publish, encode_puback, encode_publish
from gateway.mqtt.refusals import advice, is_for_good

log = logging.getLogger("footfall.gateway.mqtt")

PINGREQ: Final = b"\xc0\x00"
PING_AFTER_S: Final = 5.0
SILENT_S: Final = 10.0
"""A broker that was asked for a sign of life and gives none for so long is given up."""
SESSION_S: Final = 7 * 86_400
CONNECT_S: Final = 5.0
REFUSED_S: Final = 10.0
"""How long no connection is tried after a broker refused for good."""


class BrokerMessage(NamedTuple):
    """What arrived. `connection` is the number of the client's connection that must acknowledge it."""

    topic: str
    payload: bytes
    retained: bool
    mid: int
    connection: int


class Connection:
    """Subscribed to `topics` at QoS 1. `persistent`: the broker keeps what arrives while we are away.

    Every connection is made anew from the files that [broker] names, so that a new certificate or password needs no restart.
    """

    def __init__(self, broker: GatewayBroker, client_id: str, topics: Sequence[str], persistent: bool, beside: Sequence[str] = ()) -> None:
        """ConfigError: the files that [broker] names cannot be used. `beside`: also read, where the broker allows it, at QoS 0."""
        self.connected, self._error = False, ""
        self._diagnosis: Final = Diagnosis(broker, log)
        self.taken_over_s = float("-inf")
        """When another client last came under our id, on the monotonic clock."""
        self.connected_s = self.lost_s = float("-inf")
        """When it was last accepted, and last lost, on the same clock."""
        self._has_said_why, self._not_before_s = False, 0.0
        self._broker: Final = broker
        self._client_id: Final = client_id
        self._topics, self._beside = topics, beside
        self._persistent: Final = persistent
        self._generation, self._opened_s = 0, 0.0
        self._owed_since_s = 0.0
        """When the broker was asked for a sign of life that has not come yet; 0: it owes none."""
        self._client: BufferedClient = self._new_client()
        self._sock: BufferedSocket | None = None

    def _new_client(self) -> BufferedClient:
        five = self._broker.is_v5
        client = BufferedClient(
            CallbackAPIVersion.VERSION2,
            self._client_id,
            clean_session=None if five else not self._persistent,
            protocol=MQTTv5 if five else MQTTv311,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(0)
        client.max_queued_messages_set(0)
        authenticate(client, self._broker)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        return client

    def open(self) -> bool:
        """Try to connect; return whether the broker answered, else `error` has the reason. May be called at any time."""
        if time.monotonic() < self._not_before_s:
            return False
        self._generation += 1
        self._has_said_why = False
        self._opened_s, self._owed_since_s = time.monotonic(), 0.0
        try:
            self._client = self._new_client()
            self._client.connect(self._broker.host, self._broker.port, self._broker.keepalive_s, **self._session())
        except ConfigError as error:
            self._fail(str(error))
            return False
        except (OSError, ValueError) as error:
            self._fail(f"{self._where}: {in_words(error)}")
            return False
        self._sock = self._client.buffered_socket()
        return True

    @property
    def error(self) -> str:
        """Return why there is no connection, with what can be found out of it."""
        return "; ".join(filter(None, (self._error, self._diagnosis.text)))

    @property
    def _where(self) -> str:
        return f"{self._broker.host}:{self._broker.port}"

    def enter(self, limit_s: float) -> str:
        """Connect; "" if the broker lets us in, else why not."""
        ends_s = time.monotonic() + limit_s
        self.open()
        while not self.connected and (sock := self.socket()) is not None and time.monotonic() < ends_s:
            readable, _, _ = select.select([sock], [sock] if sock.wants_write() else [], [], 0.1)
            self.flush()
            if readable:
                self.read()
        why = "" if self.connected else self._error or f"{self._where}: no answer by MQTT in {limit_s:g} s"
        return "; ".join(filter(None, (why, diagnose(self._broker)))) if why else ""

    def _session(self) -> dict[str, Any]:
        if not self._broker.is_v5:
            return {}
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho leaves it untyped
        properties.ReceiveMaximum = 65_535
        if self._persistent:
            properties.SessionExpiryInterval = SESSION_S
        return {"clean_start": not self._persistent, "properties": properties}

    def socket(self) -> BufferedSocket | None:
        """Return what to select on; None while there is no connection."""
        return self._client.buffered_socket()

    def read(self) -> list[BrokerMessage]:
        """Return the messages that are here now."""
        sock = self.socket()
        if sock is None:
            return []
        alive, arrived, is_v5 = sock.fill(), [], self._broker.is_v5
        while True:
            kind, packet = sock.next_packet()
            if packet is not None:
                arrived.append(BrokerMessage(*decode_publish(kind, packet, is_v5), self._generation))
            elif kind:
                self._client.loop_read()
                self._client.loop_write()  # what a callback queues, such as the SUBSCRIBE, paho leaves to its owner
                if self.socket() is not sock:
                    break
            else:
                break
        if not alive:
            self._client.loop_read()
        return arrived

    def flush(self) -> None:
        """Send what `acknowledge` and `publish` have written."""
        sock = self.socket()
        if sock is not None:
            try:
                sock.flush()
            except OSError as error:
                self._fail(f"{self._where}: {in_words(error)}")  # reading finds the end of the connection, too

    def keep_alive(self) -> None:
        """Ping the broker where due; call it every second or so.

        Whatever comes is a sign of life: an answer to a ping may stand behind a long backlog.
        """
        sock, now_s = self.socket(), time.monotonic()
        if sock is None:
            return
        if not self.connected:
            if now_s - self._opened_s > SILENT_S:
                self._drop(f"{self._where} took the connection, and said nothing for {SILENT_S:g} s: is it an MQTT broker?")
            return
        if sock.heard_s >= self._owed_since_s:
            self._owed_since_s = 0.0
        if self._owed_since_s:
            if now_s - self._owed_since_s > SILENT_S and not _is_readable(sock):
                self._drop(f"{self._where} has said nothing for {now_s - sock.heard_s:.0f} s, though it was asked")
        elif now_s - max(sock.heard_s, self._opened_s) > PING_AFTER_S or now_s - sock.said_s > self._broker.keepalive_s / 2:
            self._owed_since_s = now_s
            sock.send(PINGREQ)
            self.flush()

    def _drop(self, why: str) -> None:
        """Let go of a connection that is of no use any more."""
        sock = self.socket()
        self._fail(why)
        self._has_said_why = True
        self._client = self._silenced()
        if sock is not None:
            sock.close()

    def _silenced(self) -> BufferedClient:
        """A client without connection in the place of one that is given up, and whose callbacks nobody listens to any more."""
        old = self._client
        old.on_connect = old.on_disconnect = old.on_subscribe = None
        return BufferedClient(CallbackAPIVersion.VERSION2, self._client_id)

    def acknowledge(self, messages: Sequence[BrokerMessage]) -> None:
        """Acknowledge messages, in the order of arrival. Those of an earlier connection will come again."""
        sock = self.socket()
        if sock is not None:
            mids = [message.mid for message in messages if message.connection == self._generation and message.mid]
            sock.send(b"".join(map(encode_puback, mids)))

    def is_current(self, message: BrokerMessage) -> bool:
        """Whether it came by the present connection; what came by an earlier one and was not acknowledged comes again."""
        return message.connection == self._generation and self.socket() is not None

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Publish at QoS 0; dropped while there is no connection. Receipts are repeated when an agent asks, counters after a reconnect."""
        sock = self.socket()
        if self.connected and sock is not None:
            sock.send(encode_publish(topic, payload, self._broker.is_v5, retain))

    @property
    def session(self) -> int:
        """The number of the connection that is open, 0 while there is none."""
        return self._generation if self.connected else 0

    def unsent_bytes(self) -> int:
        """Return how many bytes were published and are not yet with the system."""
        sock = self.socket()
        return 0 if sock is None else sock.unsent_bytes()

    def close(self) -> None:
        sock = self.socket()
        self._has_said_why, self.connected = True, False  # we end it
        if sock is not None:
            self._client.disconnect()
            self.flush()
            self._client = self._silenced()
            sock.close()

    def _on_connect(self, client: Client, userdata: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None) -> None:
        if reason.is_failure:
            self._has_said_why = True  # the end of the connection that follows has less to report
            if is_for_good(reason.getName()):
                self._not_before_s = time.monotonic() + REFUSED_S
            self._fail(f"the broker refuses the connection: {reason}; {advice(reason.getName())}")
            return
        self.connected, self._error, self.connected_s = True, "", time.monotonic()
        self._diagnosis.forget()
        self._subscribe(client)
        log.info("connected to %s as %s", self._where, self._client_id)

    def _subscribe(self, client: Client) -> None:
        """MQTT 5 marks a retained message at once, not only when it is repeated: such a frame or event is refused.

        3.1.1 and the embedded broker cannot. Health is retained by rule, and a sign of life when it comes.
        """
        if self._broker.is_v5:
            asked = [(topic, SubscribeOptions(qos=1, retainAsPublished=not topic.endswith("/health"))) for topic in self._topics]
            client.subscribe([*asked, *((topic, SubscribeOptions(qos=0)) for topic in self._beside)])
        else:
            client.subscribe([*((topic, 1) for topic in self._topics), *((topic, 0) for topic in self._beside)])

    def _on_subscribe(self, client: Client, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None) -> None:
        refused = [topic for topic, reason in zip(self._topics, reasons, strict=False) if reason.is_failure]
        if refused:
            self._has_said_why = True
            self._fail(f"the broker does not let us read {', '.join(refused)}: look at its access list")

    def _on_disconnect(
        self, client: Client, userdata: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.value == TAKEN_OVER and self._broker.is_v5:
            self.taken_over_s = time.monotonic()
            self._not_before_s = self.taken_over_s + REFUSED_S  # each would push the other out again and again
            self._fail(f"another client connected as {self._client_id}: does a second gateway run?")
        elif self._has_said_why:
            self.connected = False
        else:
            said = self._sock.error if self._sock is not None else ""
            self._fail(f"{self._where}: {why_lost(reason, said)}")

    def _fail(self, error: str) -> None:
        if self.connected or error != self._error:
            log.warning("no connection to the broker: %s", error)
        if not self.connected:
            self._diagnosis.ask()
        self.lost_s = time.monotonic() if self.connected else self.lost_s
        self.connected, self._error = False, error


def _is_readable(sock: BufferedSocket) -> bool:
    return sock.has_more() or bool(select.select([sock], [], [], 0)[0])
