"""The brokers do what tests count on: both protocols on the embedded one, whole frames, a restart on the same port after a kill."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from tests.support.waiting import PATIENCE_S


class Client:
    """Connected and subscribed to `topic`; `got` is what it received."""

    def __init__(
        self,
        port: int,
        topic: str = "footfall/1/#",
        protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5,
    ) -> None:
        self.got: list[tuple[str, int]] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=protocol)
        subscribed = threading.Event()
        self._client.on_connect = lambda client, *_: client.subscribe(topic, 1)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_message = lambda _, __, message: self.got.append((message.topic, len(message.payload)))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert subscribed.wait(10)

    def publish(self, topic: str, payload: bytes) -> None:
        """Acknowledged by the broker on return."""
        self._client.publish(topic, payload, 1).wait_for_publish(PATIENCE_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_embedded_broker_joins_both_protocols_and_takes_a_whole_frame(embedded_broker: EmbeddedBroker) -> None:
    new, old = Client(embedded_broker.port), Client(embedded_broker.port_v4, protocol=MQTTProtocolVersion.MQTTv311)
    new.publish("footfall/1/s/a/frames", bytes(1 << 20))
    old.publish("footfall/1/s/a/events", b"1")
    expected = [("footfall/1/s/a/frames", 1 << 20), ("footfall/1/s/a/events", 1)]
    until(lambda: new.got == old.got == expected)
    new.close()
    old.close()


def test_brokers_start_again_on_the_same_port_after_a_kill(embedded_broker: EmbeddedBroker, mosquitto: Mosquitto) -> None:
    for broker in (embedded_broker, mosquitto):
        port = broker.port
        for _ in range(3):
            broker.kill()
            assert not broker.process.is_running
            broker.start()
        client = Client(port)
        client.publish("footfall/1/s/a/frames", b"1")
        until(lambda client=client: len(client.got) == 1)  # type: ignore[misc] # binds the loop's client
        client.close()
