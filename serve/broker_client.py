"""The web process's one connection to the broker: live messages in at QoS 0, plain events out at QoS 1."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from footfall.broker import Broker, authenticate
from footfall.errors import FootfallError
from footfall.lost_connections import why_lost
from footfall.topics import FANS, live_wildcard

log = logging.getLogger("footfall.serve.mqtt")

PUBACK_S: Final = 5.0
RECONNECT_MIN_S: Final = 1
RECONNECT_MAX_S: Final = 30


class NotPublished(FootfallError):
    """The broker did not acknowledge a message, for the reason given. It may have it all the same."""


class BrokerClient:
    """Connects, and again after each loss, from `start` to `stop`. `on_live` is called in paho's thread."""

    def __init__(self, broker: Broker, on_live: Callable[[bytes], None]) -> None:
        """ConfigError: the files that [broker] names cannot be used."""
        self._broker: Final = broker
        self._on_live: Final = on_live
        self._client: Final = self._new_client()
        self._lock: Final = threading.Lock()
        self._refused: Final[dict[int, str]] = {}
        """Packet id to the broker's reason."""
        self.error = "not connected yet"
        """Why there is no connection; "" while there is."""

    def _new_client(self) -> Client:
        is_v5 = self._broker.is_v5
        protocol, clean = (MQTTv5, None) if is_v5 else (MQTTv311, True)
        client = Client(CallbackAPIVersion.VERSION2, f"serve-{secrets.token_hex(4)}", clean, protocol=protocol)
        authenticate(client, self._broker)
        client.reconnect_delay_set(RECONNECT_MIN_S, RECONNECT_MAX_S)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_connect_fail = self._on_connect_fail
        client.on_message = lambda _client, _userdata, message: self._heard(message)
        client.on_publish = self._on_publish
        return client

    def start(self) -> None:
        self._client.connect_async(self._broker.host, self._broker.port, self._broker.keepalive_s)
        self._client.loop_start()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes, limit_s: float = PUBACK_S) -> None:
        """Publish at QoS 1 and wait for the PUBACK. NotPublished: there is none, or it refuses the message."""
        if not self._client.is_connected():
            raise NotPublished(f"no connection to the broker {self._where}: {self.error}")
        message = self._client.publish(topic, payload, 1)
        if message.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise NotPublished(f"no connection to the broker {self._where}")
        message.wait_for_publish(limit_s)
        if not message.is_published():
            raise NotPublished(f"the broker {self._where} did not acknowledge within {limit_s:g} s")
        with self._lock:
            refused = self._refused.pop(message.mid, "")
        if refused:
            raise NotPublished(f"the broker refuses {topic}: {refused}; look at its access list")

    @property
    def _where(self) -> str:
        return f"{self._broker.host}:{self._broker.port}"

    def _heard(self, message: MQTTMessage) -> None:
        self._on_live(bytes(message.payload))

    def _on_connect(self, client: Client, userdata: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None) -> None:
        if reason.is_failure:
            self.error = f"refused: {reason}"
            log.warning("the broker %s refuses the connection: %s", self._where, reason)
            return
        self.error = ""
        client.subscribe([(live_wildcard(), 0), (FANS, 0)])
        log.info("connected to %s", self._where)

    def _on_connect_fail(self, client: Client, userdata: Any) -> None:
        if self.error != "it cannot be reached":
            self.error = "it cannot be reached"
            log.warning("no connection to the broker %s: %s", self._where, self.error)

    def _on_disconnect(
        self, client: Client, userdata: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self.error = why_lost(reason, "")
        if reason.is_failure:
            log.warning("no connection to the broker %s: %s", self._where, self.error)

    def _on_publish(self, client: Client, userdata: Any, mid: int, reason: ReasonCode, properties: Properties | None) -> None:
        if reason.is_failure:  # paho calls this before it marks the message as published
            with self._lock:
                self._refused[mid] = str(reason)
