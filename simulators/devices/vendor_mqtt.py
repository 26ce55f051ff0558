"""Vendors' gateways and readers that publish by themselves, on a real broker.

    with VendorGateways(["kitchen", "ac233fc00001", "r700-fitting.1"]) as vendors:
        vendors.say(Sighting(0, "kitchen", "ibeacon", "…:1:7", -61))
        vendors.faults["broker-gone"]()

What a receiver speaks is in its name (vendor_mqtt_formats.py), or given. Faults: `broker-gone` (killed, and back after `mend_s`),
`broker-stopped` (its process stands still for `mend_s`), `silence` (nothing is published for `mend_s`), `garbage` (payloads that no
profile explains), `replay` (the last messages once more, byte for byte).

`said_total` counts what the broker has acknowledged; a broker that tells that nobody listens (Mosquitto, by MQTT 5) is believed.
"""

from __future__ import annotations

import os
import queue
import signal
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.sources.source import Crossing, Sighting
from footfall.errors import ConfigError
from simulators.devices.emulator import SAID_S, until_said
from simulators.devices.vendor_mqtt_formats import FORMATS, TOPICS, Message, format_of
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from simulators.parts.mosquitto import binary as mosquitto_binary

NOBODY: Final = 0x10
"""MQTT 5, 3.4.2.1: no matching subscribers."""
REMEMBERED: Final = 20
CONNECT_S: Final = 10.0
GARBAGE: Final = (b"", b"{", b"\xff\xfe\x00", b"null", b'{"id":NaN}', b"[" * 10_000, b'{"id":"x","rssi":"loud"}', b"<a>&b;</a>")


class VendorGateways:
    """`receivers`: names, or each with its format."""

    def __init__(self, receivers: Sequence[str] | Mapping[str, str], *, mend_s: float = 2.0) -> None:
        self._formats: Final = dict(receivers) if isinstance(receivers, Mapping) else {name: format_of(name) for name in receivers}
        if unknown := set(self._formats.values()) - FORMATS.keys():
            raise ConfigError(f"{min(unknown)!r} is none of the formats {', '.join(FORMATS)}")
        self.said_total = 0
        self._given_total = self._lost_total = self._answered_total = 0
        """Given to it; not published; published and answered by the broker. One thread each writes."""
        self._mend_s: Final = mend_s
        self._lock: Final = threading.Lock()
        self._waiting: Final[queue.SimpleQueue[Message | None]] = queue.SimpleQueue()
        self._last: Final[deque[Message]] = deque(maxlen=REMEMBERED)
        self._silent_until_s = 0.0
        self._last_ns = 0
        self._stack: Final = ExitStack()
        self._timers: Final[list[threading.Timer]] = []
        self.broker: Mosquitto | EmbeddedBroker
        self._client: Client
        self._other: Client
        """For what is not counted: nonsense, and what was said before."""
        self._thread: Final = threading.Thread(target=self._publish, name="vendor-gateways", daemon=True)

    def __enter__(self) -> Self:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="footfall-vendor-")))
        self.broker = _broker(folder)
        self._stack.enter_context(self.broker)
        self._client, self._other = _client(), _client()
        self._client.on_publish = self._on_publish
        for client in (self._client, self._other):
            client.connect("127.0.0.1", self.broker.port)
            client.loop_start()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        self._waiting.put(None)
        self._thread.join()
        for timer in self._timers:
            timer.join()
        for client in (self._client, self._other):
            client.disconnect()
            client.loop_stop()
        self._client.on_publish = None
        del client, self._client, self._other  # they close their sockets when they are gone
        self._stack.close()

    def say(self, heard: Sighting | Crossing) -> None:
        """ValueError for a crossing, and for an identifier that nothing in the air has."""
        if not isinstance(heard, Sighting):
            raise ValueError("gateways and readers hear identifiers, and count nobody")
        if heard.receiver not in self._formats:
            raise ValueError(f"{heard.receiver!r} is none of the receivers {', '.join(self._formats)}")
        self._last_ns = max(self._last_ns + 1, time.time_ns())
        message = FORMATS[self._formats[heard.receiver]](heard, self._last_ns)
        self._given_total += 1
        self._waiting.put(message)

    def wait_said(self, timeout_s: float = SAID_S) -> None:
        until_said(lambda: self._lost_total + self._answered_total >= self._given_total, timeout_s)

    def settings(self) -> Mapping[str, Any]:
        broker = {"host": "127.0.0.1", "port": self.broker.port, "protocol": "5"}
        return {"kind": "mqtt_vendor", "topics": list(TOPICS), "broker": broker}

    @property
    def faults(self) -> Mapping[str, Callable[[], None]]:
        return {
            "broker-gone": self._kill,
            "broker-stopped": self._freeze,
            "silence": self._fall_silent,
            "garbage": self._babble,
            "replay": self._repeat,
        }

    def _publish(self) -> None:
        """Messages go out one by one; sightings given while the broker is away, or this is silent, are lost."""
        while (message := self._waiting.get()) is not None:
            if time.monotonic() < self._silent_until_s or not self._client.is_connected():
                self._lost_total += 1
                continue
            self._client.publish(*message, 1)
            with self._lock:
                self._last.append(message)

    def _on_publish(self, client: Client, userdata: object, mid: int, code: ReasonCode, properties: Properties | None) -> None:
        """paho calls this with locks of its own, which `publish` takes too: no lock of ours here."""
        if code.value != NOBODY and not code.is_failure:
            self.said_total += 1
        self._answered_total += 1

    def _later(self, task: Callable[[], object]) -> None:
        timer = threading.Timer(self._mend_s, task)
        timer.start()
        self._timers.append(timer)

    def _kill(self) -> None:
        self.broker.kill()
        self._later(self.broker.start)

    def _freeze(self) -> None:
        pid = self.broker.process.pid
        os.kill(pid, signal.SIGSTOP)
        self._later(lambda: os.kill(pid, signal.SIGCONT))

    def _fall_silent(self) -> None:
        self._silent_until_s = time.monotonic() + self._mend_s

    def _babble(self) -> None:
        for payload in GARBAGE:
            self._other.publish("espresense/devices/garbage/kitchen", payload, 1)

    def _repeat(self) -> None:
        with self._lock:
            messages = list(self._last)
        for message in messages:
            self._other.publish(*message, 1)


def _broker(folder: Path) -> Mosquitto | EmbeddedBroker:
    """Mosquitto if it is installed, else the one that comes with the gateway."""
    try:
        mosquitto_binary()
    except ConfigError:
        return EmbeddedBroker(folder)
    return Mosquitto(folder)


def _client() -> Client:
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    client.connect_timeout = CONNECT_S
    client.reconnect_delay_set(1, 1)
    return client
