"""One connection to the broker: files in, events out. Every connection is a new client, so that paho resends nothing by itself.

    connection = Connection(broker, client_id, will, subscription, put, clock)   # put: takes events, from paho's thread
    connection.open()                            # Unreachable: why, in words
    connection.publish(topic, payload, retain)
    connection.largest_bytes                     # of the packets that the broker has not acknowledged
    connection.close(disconnect)

Certificates, authorities and passwords are read when it is opened: what was renewed on disk is used at the next connection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, LogLevel
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.clock import Clock
from edge_agent.parts import packet_bytes
from footfall.broker import Broker, authenticate
from footfall.errors import ConfigError, FootfallError
from footfall.lost_connections import in_words, why_lost

CONNECT_S: Final = 10.0
INFLIGHT: Final = 20
"""QoS 1 messages without PUBACK; brokers commonly allow no more (Mosquitto's default receive maximum)."""


class Unreachable(FootfallError):
    """The connection could not be made; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """Connected. `max_packet_bytes`: the limit in the broker's CONNACK, None without one. `refused`: why no receipts will come."""

    max_packet_bytes: int | None
    refused: str = ""


class Packet(NamedTuple):
    """A packet on its way; `bytes`: its size."""

    topic: str
    bytes: int


@dataclass(frozen=True, slots=True)
class ReceiptCame:
    """A message of the subscription, and when it arrived on CLOCK_BOOTTIME."""

    payload: bytes
    boot_ns: int


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A PUBACK. `code` is the reason code of MQTT 5; 3.1.1 reports success whatever happened to the message."""

    mid: int
    code: int
    why: str


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """The connection has ended, or was refused. `code` is the broker's, where it gave one."""

    why: str
    code: int = 0


Event = Subscribed | ReceiptCame | Acknowledged | ConnectionLost
Put = Callable[["BrokerConnection", Event], None]


class BrokerConnection:
    """Lives from `open` to `ConnectionLost` or `close`. One thread calls it, except for paho's callbacks."""

    def __init__(self, broker: Broker, client_id: str, will: tuple[str, bytes], subscription: str, put: Put, clock: Clock) -> None:
        self._broker: Final = broker
        self._client_id: Final = client_id
        self._will: Final = will
        self._subscription: Final = subscription
        self._put: Final = put
        self._clock: Final = clock
        self._client: Client | None = None
        self._announced_bytes: int | None = None
        self._last_error = ""
        self._unacknowledged: Final[dict[int, Packet]] = {}
        """By packet id."""

    def open(self) -> None:
        """Connect. Raise Unreachable if no broker accepts the connection, or a file that it needs cannot be used."""
        broker = self._broker
        clean: dict[str, Any] = {"clean_start": True} if broker.is_v5 else {}
        try:
            client = self._new_client()
            client.connect(broker.host, broker.port, broker.keepalive_s, **clean)
        except ConfigError as error:
            raise Unreachable(str(error)) from None
        except (OSError, ValueError) as error:  # paho raises ValueError for a host that no socket can have
            raise Unreachable(f"{broker.host}:{broker.port}: {in_words(error)}") from None
        client.loop_start()
        self._client = client

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        if self._client is not None:
            mid = self._client.publish(topic, payload, 1, retain).mid
            self._unacknowledged[mid] = Packet(topic, packet_bytes(topic, payload))

    def acknowledged(self, mid: int) -> Packet:
        """Take note of a PUBACK. Return what it is for; nothing if the packet id is not ours."""
        return self._unacknowledged.pop(mid, Packet("", 0))

    @property
    def largest_bytes(self) -> int:
        """Return the size of the largest packet without PUBACK; 0 without any."""
        return max((packet.bytes for packet in self._unacknowledged.values()), default=0)

    def close(self, disconnect: bool) -> None:
        """Close the connection. `disconnect`: with a DISCONNECT, so that the broker does not publish the last will."""
        if self._client is not None:
            if disconnect:
                self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def _new_client(self) -> Client:
        broker = self._broker
        protocol = MQTTv5 if broker.is_v5 else MQTTv311
        clean = None if protocol == MQTTv5 else True
        client = Client(CallbackAPIVersion.VERSION2, self._client_id, clean, protocol=protocol, reconnect_on_failure=False)
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(INFLIGHT)
        client.will_set(*self._will, 1, retain=True)
        authenticate(client, broker)
        client.on_connect = self._on_connect
        client.on_subscribe = lambda client, userdata, mid, codes, properties: self._on_subscribe(codes)
        client.on_message = self._on_message
        client.on_publish = lambda client, userdata, mid, code, properties: self._put(self, Acknowledged(mid, code.value, str(code)))
        client.on_disconnect = self._on_disconnect
        client.on_log = self._on_log
        return client

    def _on_connect(self, client: Client, userdata: object, flags: ConnectFlags, code: ReasonCode, properties: Properties | None) -> None:
        if code.is_failure:
            self._put(self, ConnectionLost(f"the broker refuses the connection: {why_lost(code, self._last_error)}", code.value))
            return
        self._announced_bytes = getattr(properties, "MaximumPacketSize", None)
        client.subscribe(self._subscription, 1)

    def _on_subscribe(self, codes: list[ReasonCode]) -> None:
        """A refused subscription does not end the connection: without receipts it still carries health, which reports the problem."""
        refused = next((f"the broker refuses the subscription to receipts: {code}" for code in codes if code.is_failure), "")
        self._put(self, Subscribed(self._announced_bytes, refused))

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        self._put(self, ReceiptCame(bytes(message.payload), self._clock.boot_ns()))

    def _on_disconnect(
        self, client: Client, userdata: object, flags: DisconnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        self._put(self, ConnectionLost(why_lost(code, self._last_error), code.value if flags.is_disconnect_packet_from_server else 0))

    def _on_log(self, client: Client, userdata: object, level: int, text: str) -> None:
        """paho writes the cause of a lost connection to its log alone."""
        if level == LogLevel.MQTT_LOG_ERR:
            self._last_error = text
