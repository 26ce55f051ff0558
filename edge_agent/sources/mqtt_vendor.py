"""Devices that publish by themselves, on a vendor's broker or our own; their profiles decode the messages.

    [[sources]]
    kind = "mqtt_vendor"
    name = "nodes"
    topics = ["espresense/devices/#"]
    receivers = { kitchen = "kitchen", hall = "hall" }    # as messages name them -> zones
    broker = { host = "192.0.2.7", protocol = "3.1.1" }

A broker that is away or refuses is a fault. The session is clean: what is published meanwhile is lost, and a gap covers it.
Messages are acknowledged once the agent has taken them: an agent that is full slows the broker instead of filling its own memory.
Retained messages are of the past; they are only counted.
"""

from __future__ import annotations

import errno
import logging
import re
import threading
from collections.abc import Callable
from typing import Annotated, Final, Literal

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import Field

from device_profiles.devices.feed import FeedMessage
from device_profiles.registry import Registry
from edge_agent.clock import Clock
from edge_agent.lasting_refusals import LastingRefusals
from edge_agent.sources.feeds import FINE, NOBODY, FeedReader, FeedSettings
from edge_agent.sources.source import Heard, Unexplained
from footfall.broker import Broker, authenticate
from footfall.errors import ConfigError
from footfall.lost_connections import in_words, why_lost
from footfall.units import NS_PER_S

log = logging.getLogger("footfall.agent.mqtt")

MOST_LOGGED: Final = 100
SHOWN_CHARS: Final = 200
_IDENTIFIES: Final = re.compile(r"[:@\x00-\x1f]|(?:[0-9a-f]{2}[-:]?){6}|\d{7}", re.IGNORECASE | re.ASCII)
CONNECT_S: Final = 5.0
TURN_S: Final = 0.2

TopicFilter = Annotated[str, Field(min_length=1, max_length=1024)]


def shown_topic(topic: str) -> str:
    """Return a topic for the log: a level that may identify somebody, as an address or an id with its type does, is `…`."""
    return "/".join("…" if _IDENTIFIES.search(level) else level for level in topic.split("/"))[:SHOWN_CHARS]


class VendorSource:
    """Each run is one connection. `reader.unexplained_total` counts what no profile explains."""

    def __init__(self, settings: MqttVendor, clock: Clock, profiles: Registry) -> None:
        self.name = settings.name
        self.silence_s = settings.silence_s
        self.reader: Final = FeedReader(settings, profiles)
        self._settings: Final = settings
        self._clock: Final = clock
        self._lasting: Final = LastingRefusals(settings.name)
        self._logged: Final[set[str]] = set()
        """Reasons that are in the log: a device that sends what nothing explains sends it for ever."""

    def run(self, emit: Callable[[Heard], None], stop: threading.Event) -> None:
        talk = _Talk(self._settings, self._clock, lambda message: self._take(message, emit))
        try:
            talk.begin()
            while not stop.is_set():
                talk.turn()
        finally:
            talk.end()

    def _take(self, message: MQTTMessage, emit: Callable[[Heard], None]) -> None:
        now_ns = self._clock.boot_ns()
        if message.retain:
            self.reader.unexplained_total["feed.retained"] += 1
            emit(Unexplained(now_ns, "feed.retained"))
            return
        for heard in self.reader.read(FeedMessage(message.topic, bytes(message.payload)), now_ns):
            if isinstance(heard, Unexplained) and heard.reason not in self._logged and len(self._logged) < MOST_LOGGED:
                self._logged.add(heard.reason)
                topic = shown_topic(message.topic)
                log.warning("source %s: %s, the first of its kind, on %s: %s", self.name, heard.reason, topic, heard.fault)
            self._judge(heard, now_ns)
            emit(heard)

    def _judge(self, heard: Heard, now_ns: int) -> None:
        """A device that nothing explains is named only while nothing else is heard: others' topics may match the same filter."""
        if not isinstance(heard, Unexplained):
            self._lasting.forget()
        elif heard.reason not in FINE | NOBODY:
            self._lasting.note("messages that nothing explains", heard.reason, now_ns)

    def lasting_refusals(self) -> dict[str, str]:
        return self._lasting.lasting(self._clock.boot_ns())


class _Talk:
    """A connection to the broker, driven by its caller: paho has no thread here, so that `take` may block."""

    def __init__(self, settings: MqttVendor, clock: Clock, take: Callable[[MQTTMessage], None]) -> None:
        self._settings: Final = settings
        self._clock: Final = clock
        self._subscribed = False
        self._refused = ""
        self._why = ""
        self._last_error = ""
        self._due_ns = clock.boot_ns() + round(CONNECT_S * NS_PER_S)
        self._client: Final = _client(settings)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_log = self._on_log
        self._client.on_message = lambda client, userdata, message: take(message)

    def begin(self) -> None:
        """Connect, with files as they are now. Raise OSError without a broker, or if a file cannot be used."""
        broker = self._settings.broker
        try:
            authenticate(self._client, broker)
            self._client.connect(broker.host, broker.port, broker.keepalive_s)
        except (ConfigError, ValueError) as error:  # ValueError is paho's for a host that no socket can have
            raise OSError(errno.EINVAL, str(error)) from None
        except OSError as error:
            raise OSError(error.errno, in_words(error)) from None

    def turn(self) -> None:
        """Take what has arrived. Raise OSError once the connection is lost or refused."""
        code = self._client.loop(TURN_S)
        if self._refused:
            raise ConnectionRefusedError(errno.ECONNREFUSED, self._refused)
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise ConnectionResetError(errno.ECONNRESET, f"the connection to the broker is lost: {self._why or code.name}")
        if not self._subscribed and self._clock.boot_ns() > self._due_ns:
            raise TimeoutError(errno.ETIMEDOUT, "the broker took the connection and then sent nothing")

    def end(self) -> None:
        """Disconnect. Without references back to this object, the client and its sockets are freed with it."""
        self._client.disconnect()
        self._client.loop(0)
        self._client.on_connect = self._client.on_subscribe = self._client.on_message = None
        self._client.on_disconnect = self._client.on_log = None

    def _on_connect(self, client: Client, userdata: object, flags: ConnectFlags, code: ReasonCode, properties: Properties | None) -> None:
        if code.is_failure:
            self._refused = f"the broker refuses the connection: {why_lost(code, self._last_error)}"
            return
        client.subscribe([(topic, 1) for topic in self._settings.topics])

    def _on_disconnect(
        self, client: Client, userdata: object, flags: DisconnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        self._why = why_lost(code, self._last_error)

    def _on_log(self, client: Client, userdata: object, level: int, text: str) -> None:
        """paho writes the cause of a lost connection to its log alone."""
        if level == LogLevel.MQTT_LOG_ERR:
            self._last_error = text

    def _on_subscribe(self, client: Client, userdata: object, mid: int, codes: list[ReasonCode], properties: Properties | None) -> None:
        if any(code.is_failure for code in codes):
            self._refused = "the broker refuses the subscription"
        self._subscribed = True


def _client(settings: MqttVendor) -> Client:
    broker = settings.broker
    protocol = MQTTv5 if broker.is_v5 else MQTTv311
    clean = None if protocol == MQTTv5 else True
    client = Client(CallbackAPIVersion.VERSION2, settings.client_id, clean, protocol=protocol, reconnect_on_failure=False)
    client.connect_timeout = CONNECT_S
    return client


class MqttVendor(FeedSettings):
    """`[[sources]] kind = "mqtt_vendor"`."""

    kind: Literal["mqtt_vendor"]
    topics: Annotated[tuple[TopicFilter, ...], Field(min_length=1)]
    broker: Broker = Broker()
    client_id: str = ""
    """Client id, for the broker's access rules; without it the broker assigns one."""

    def source(self, clock: Clock, profiles: Registry) -> VendorSource:
        return VendorSource(self, clock, profiles)
