"""The gateway's MQTT connection on a real broker."""

from __future__ import annotations

import select
import time

import pytest

from gateway.config import Broker
from gateway.mqtt import Connection
from simulators import mqtt
from simulators.parts.broker import EmbeddedBroker


@pytest.mark.parametrize("protocol", [5, 4])
def test_it_hears_as_soon_as_it_is_connected(embedded_broker: EmbeddedBroker, protocol: int) -> None:
    """Nothing but the subscription is written: it must not wait for something else to be sent, such as the next ping."""
    port = embedded_broker.port if protocol == 5 else embedded_broker.port_v4
    connection = Connection(Broker(port=port, protocol=protocol), "gateway", ["t/#"], False)  # type: ignore[arg-type] # 4 or 5
    connection.open()
    heard: list[bytes] = []
    with mqtt.connect("127.0.0.1", embedded_broker.port_v4, "other") as other:
        deadline_s = time.monotonic() + 5.0
        while not heard and time.monotonic() < deadline_s:
            sock = connection.socket()
            assert sock is not None
            readable, writable, _ = select.select([sock], [sock] if sock.wants_write() else [], [], 0.05)
            if writable:
                connection.flush()
            if readable:
                heard += [message.payload for message in connection.read()]
            other.sendall(mqtt.publish("t/1", 1, b"here"))
    connection.close()
    assert heard
    assert heard[0] == b"here"
