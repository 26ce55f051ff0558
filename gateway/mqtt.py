"""One MQTT connection of the gateway, read and written by the thread that uses it: no thread of paho's, no lock on the way."""

from __future__ import annotations

import logging
import select
import ssl
import time
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gateway.buffered import BufferedClient, BufferedSocket, decode_publish, encode_puback, encode_publish
from gateway.config import Broker, secret

log = logging.getLogger("footfall.gateway.mqtt")

SESSION_S: Final = 7 * 86_400
KEEPALIVE_S: Final = 30
CONNECT_S: Final = 5.0
REFUSED_S: Final = 10.0
"""After a broker said no for good it is not asked again for so long."""
_FOR_GOOD: Final = frozenset(
    {"Not authorized", "Bad user name or password", "Banned", "Bad authentication method", "Client identifier not valid"}
)
"""Only a person can mend that; a broker that is busy or starting says otherwise."""


class Message(NamedTuple):
    """What arrived. `connection` tells which connection of the client must acknowledge it."""

    topic: str
    payload: bytes
    retained: bool
    mid: int
    connection: int


class Connection:
    """Subscribed to `topics` at QoS 1. `persistent`: the broker keeps what arrives while we are away."""

    def __init__(self, broker: Broker, client_id: str, topics: Sequence[str], persistent: bool) -> None:
        self.connected = False
        self.error = ""
        self._has_said_why = False
        self._not_before_s = 0.0
        self._broker: Final = broker
        self._topics: Final = topics
        self._persistent: Final = persistent
        self._generation = 0
        self._client: Final = self._new_client(client_id)

    def _new_client(self, client_id: str) -> BufferedClient:
        five = self._broker.protocol == 5
        client = BufferedClient(
            CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=None if five else not self._persistent,
            protocol=MQTTv5 if five else MQTTv311,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(0)
        client.max_queued_messages_set(0)
        if tls := self._broker.tls:
            context = ssl.create_default_context(cafile=str(tls.ca_file))
            if tls.cert_file and tls.key_file:
                context.load_cert_chain(tls.cert_file, tls.key_file)
            client.tls_set_context(context)
        if self._broker.username:
            password = secret(self._broker.password, self._broker.password_file)
            client.username_pw_set(self._broker.username, password.decode() if password else None)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        return client

    def open(self) -> bool:
        """Try to connect; whether the broker answered. `error` says why not. To be called as often as one likes."""
        if time.monotonic() < self._not_before_s:
            return False
        self._generation += 1
        self._has_said_why = False
        try:
            self._client.connect(self._broker.host, self._broker.port, KEEPALIVE_S, **self._session())
        except (OSError, ValueError) as error:
            self._fail(f"{self._broker.host}:{self._broker.port}: {error}")
            return False
        return True

    def try_once(self, limit_s: float) -> str:
        """Connect and leave again; "" if the broker lets us in, else why not."""
        ends_s = time.monotonic() + limit_s
        self.open()
        while not self.connected and (sock := self.socket()) is not None and time.monotonic() < ends_s:
            readable, _, _ = select.select([sock], [sock] if sock.wants_write() else [], [], 0.1)
            self.flush()
            if readable:
                self.read()
        why = "" if self.connected else self.error or f"{self._broker.host}:{self._broker.port}: no answer by MQTT in {limit_s:g} s"
        self.close()
        return why

    def _session(self) -> dict[str, Any]:
        if self._broker.protocol != 5:
            return {}
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho leaves it untyped
        properties.ReceiveMaximum = 65_535
        if self._persistent:
            properties.SessionExpiryInterval = SESSION_S
        return {"clean_start": not self._persistent, "properties": properties}

    def socket(self) -> BufferedSocket | None:
        """What to select on; None while there is no connection."""
        return self._client.buffered_socket()

    def read(self) -> list[Message]:
        """The messages that are here now."""
        sock = self.socket()
        if sock is None:
            return []
        alive, arrived, is_v5 = sock.fill(), [], self._broker.protocol == 5
        while True:
            kind, packet = sock.next_packet()
            if packet is not None:
                arrived.append(Message(*decode_publish(kind, packet, is_v5), self._generation))
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
                self._fail(f"{self._broker.host}:{self._broker.port}: {error}")  # reading finds the end of the connection, too

    def keep_alive(self) -> None:
        """To be called every second or so."""
        self._client.loop_misc()

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """In the order of arrival. Those of an earlier connection will come again."""
        sock = self.socket()
        if sock is not None:
            mids = [message.mid for message in messages if message.connection == self._generation and message.mid]
            sock.send(b"".join(map(encode_puback, mids)))

    def publish(self, topic: str, payload: bytes) -> None:
        """At QoS 0: everything that the gateway says is said again when asked."""
        sock = self.socket()
        if self.connected and sock is not None:
            sock.send(encode_publish(topic, payload, self._broker.protocol == 5))

    def close(self) -> None:
        self._has_said_why = True  # we end it
        if self.socket() is not None:
            self._client.disconnect()
            self.flush()

    def _on_connect(self, client: Client, userdata: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None) -> None:
        if reason.is_failure:
            self._has_said_why = True  # the end of the connection that follows says less
            if reason.getName() in _FOR_GOOD:
                self._not_before_s = time.monotonic() + REFUSED_S
            self._fail(f"the broker refuses the connection: {reason}; look at [broker] username, password and certificates")
            return
        self.connected, self.error = True, ""
        self._subscribe(client)
        log.info("connected to %s:%d", self._broker.host, self._broker.port)

    def _subscribe(self, client: Client) -> None:
        """MQTT 5 tells of a message at once that it is retained, not only when it is repeated: such a frame or event is refused.

        3.1.1 and the embedded broker cannot. Health is retained by rule, and a sign of life when it comes.
        """
        if self._broker.protocol == 5:
            options = [SubscribeOptions(qos=1, retainAsPublished=not topic.endswith("/health")) for topic in self._topics]
            client.subscribe(list(zip(self._topics, options, strict=True)))
        else:
            client.subscribe([(topic, 1) for topic in self._topics])

    def _on_subscribe(self, client: Client, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None) -> None:
        refused = [topic for topic, reason in zip(self._topics, reasons, strict=True) if reason.is_failure]
        if refused:
            self._has_said_why = True
            self._fail(f"the broker does not let us read {', '.join(refused)}: look at its access list")

    def _on_disconnect(
        self, client: Client, userdata: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if self._has_said_why:
            self.connected = False
        else:
            self._fail(str(reason))

    def _fail(self, error: str) -> None:
        if self.connected or error != self.error:
            log.warning("no connection to the broker: %s", error)
        self.connected, self.error = False, error
