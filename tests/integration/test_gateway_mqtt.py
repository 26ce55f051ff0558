"""The gateway's MQTT connection on a real broker."""

from __future__ import annotations

import getpass
import os
import select
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from footfall.broker import Tls
from gateway.config import GatewayBroker
from gateway.mqtt.connection import Connection
from simulators import mqtt
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto, binary
from simulators.parts.process import Process, free_port, is_listening
from tests.support.real_parts import REPOSITORY, require_mosquitto
from tests.support.waiting import PATIENCE_S


def turn(connection: Connection) -> list[bytes]:
    """What the connection's thread does, once: write what waits, read what is there."""
    sock = connection.socket()
    if sock is None:
        return []
    readable, writable, _ = select.select([sock], [sock] if sock.wants_write() else [], [], 0.05)
    if writable:
        connection.flush()
    return [message.payload for message in connection.read()] if readable else []


def until(done: Callable[[], bool], connection: Connection) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline_s
        turn(connection)


@pytest.mark.parametrize("protocol", [5, 4])
def test_it_hears_as_soon_as_it_is_connected(embedded_broker: EmbeddedBroker, protocol: int) -> None:
    """Nothing but the subscription is written: it must not wait for something else to be sent, such as the next ping."""
    port = embedded_broker.port if protocol == 5 else embedded_broker.port_v4
    connection = Connection(GatewayBroker(port=port, protocol=protocol), "gateway", ["t/#"], False)  # type: ignore[arg-type] # 4 or 5
    connection.open()
    heard: list[bytes] = []
    with mqtt.connect("127.0.0.1", embedded_broker.port_v4, "other") as other:
        deadline_s = time.monotonic() + PATIENCE_S
        while not heard and time.monotonic() < deadline_s:
            heard += turn(connection)
            other.sendall(mqtt.publish("t/1", 1, b"here"))
    connection.close()
    assert heard
    assert heard[0] == b"here"


@pytest.mark.parametrize("protocol", [5, 4])
def test_why_the_broker_refuses_is_reported_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, protocol: int
) -> None:
    require_mosquitto()
    monkeypatch.setattr("gateway.mqtt.connection.REFUSED_S", 0.3)
    broker = Mosquitto(tmp_path)
    config = tmp_path / "mosquitto.conf"
    config.write_text(config.read_text().replace("allow_anonymous true", "allow_anonymous false"))
    with broker:
        connection = Connection(GatewayBroker(port=broker.port, protocol=protocol), "gateway", ["t/#"], False)  # type: ignore[arg-type] # 4 or 5
        for _ in range(3):
            until(connection.open, connection)
            until(lambda: connection.socket() is None, connection)
            assert "Not authorized" in connection.error
            assert not connection.open(), "a broker that said no is not asked again at once"
    assert [record.message for record in caplog.records].count(f"no connection to the broker: {connection.error}") == 1
    assert len(caplog.records) == 1, "the end of a refused connection is no news"


SERVED = """
user {user}
max_queued_messages 0
listener {plain} 127.0.0.1
allow_anonymous true
listener {port} 127.0.0.1
allow_anonymous true
cafile {keys}/ca.crt
certfile {keys}/broker.crt
keyfile {keys}/broker.key
"""


def test_tls_is_read_until_nothing_is_left(tmp_path: Path) -> None:
    """Mosquitto makes a TLS record of each message: taken one at a reading, a chain's would never be through."""
    require_mosquitto()
    for arguments in (["ca"], ["broker", "localhost", "127.0.0.1"]):
        command = [str(REPOSITORY / "deploy" / "certificates" / "issue"), *arguments]
        subprocess.run(command, env=os.environ | {"FOOTFALL_CERTIFICATES": str(tmp_path)}, check=True, capture_output=True, timeout=60)
    plain, port = free_port(), free_port()
    (tmp_path / "m.conf").write_text(SERVED.format(user=getpass.getuser(), plain=plain, port=port, keys=tmp_path))
    broker = Process([str(binary()), "-c", str(tmp_path / "m.conf")], tmp_path / "m.log", lambda: is_listening(port))
    broker.start()
    try:
        connection = Connection(GatewayBroker(port=port, tls=Tls(ca_file=tmp_path / "ca.crt")), "gateway", ["t/#"], False)
        connection.open()
        heard: list[bytes] = []
        with mqtt.connect("127.0.0.1", plain, "other") as other:
            while not heard:
                heard += turn(connection)
                other.sendall(mqtt.publish("t/1", 1, b"here"))
            other.sendall(b"".join(mqtt.publish("t/1", 1 + k, b"x" * 500) for k in range(400)))
            time.sleep(1.0)
            assert len(turn(connection)) >= 200
        connection.close()
    finally:
        broker.stop()


def test_an_end_of_ones_own_is_no_warning(embedded_broker: EmbeddedBroker, caplog: pytest.LogCaptureFixture) -> None:
    connection = Connection(GatewayBroker(port=embedded_broker.port), "gateway", ["t/#"], False)
    connection.open()
    until(lambda: connection.connected, connection)
    connection.close()
    assert not connection.connected
    assert not caplog.records
