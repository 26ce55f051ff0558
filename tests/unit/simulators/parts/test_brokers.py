"""The brokers do what the product counts on: both protocols on the embedded one; on Mosquitto each agent only its own topics."""

from __future__ import annotations

import getpass
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from footfall.errors import ContractError
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.certificates import Authority
from simulators.parts.mosquitto import Mosquitto
from tests.parts import REPOSITORY, require_mosquitto

ACCESS = REPOSITORY / "deploy" / "mosquitto" / "acl"


class Client:
    """Connected and subscribed to `topic`; `got` is what it received."""

    def __init__(
        self,
        port: int,
        topic: str = "footfall/1/#",
        protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5,
        tls: ssl.SSLContext | None = None,
        name: str = "",
    ) -> None:
        self.got: list[tuple[str, int]] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, name, protocol=protocol)
        if tls is not None:
            self._client.tls_set_context(tls)
        subscribed = threading.Event()
        self._client.on_connect = lambda client, *_: client.subscribe(topic, 1)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_message = lambda _, __, message: self.got.append((message.topic, len(message.payload)))
        self._client.connect("localhost" if tls else "127.0.0.1", port)
        self._client.loop_start()
        assert subscribed.wait(10)

    def publish(self, topic: str, payload: bytes) -> ReasonCode:
        """The broker's word in its PUBACK."""
        said: list[ReasonCode] = []
        self._client.on_publish = lambda _, __, ___, reason, ____: said.append(reason)
        self._client.publish(topic, payload, 1)
        until(lambda: bool(said))
        return said[0]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
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


@pytest.mark.timeout(60)
def test_the_deployed_access_list_keeps_agents_apart(tmp_path: Path) -> None:
    require_mosquitto()
    authority = Authority(tmp_path)

    def connected(name: str, topic: str) -> Client:
        context = ssl.create_default_context(cafile=str(authority.ca))
        context.load_cert_chain(*authority.issue(name))
        return Client(broker.port, topic, tls=context, name=name)

    with Mosquitto(tmp_path / "broker").require_tls(authority.ca, *authority.issue("localhost"), ACCESS) as broker:
        gateway, first, second = (
            connected("gateway", "footfall/1/#"),
            connected("a1", "footfall/1/s/a1/receipts"),
            connected("a2", "footfall/1/#"),
        )
        for leaf in ("frames", "health", "events"):
            assert not first.publish(f"footfall/1/s/a1/{leaf}", b"1").is_failure
        assert not gateway.publish("footfall/1/s/a1/receipts", b"22").is_failure
        until(lambda: first.got == [("footfall/1/s/a1/receipts", 2)])
        until(lambda: [topic for topic, _ in gateway.got][:3] == [f"footfall/1/s/a1/{leaf}" for leaf in ("frames", "health", "events")])
        assert second.publish("footfall/1/s/a1/frames", b"1").is_failure
        assert first.publish("footfall/1/s/a1/receipts", b"1").is_failure
        assert second.got == []
        for client in (gateway, first, second):
            client.close()


@pytest.mark.parametrize("name", ["a/b", "+", "#", "", "A1"])
def test_no_certificate_is_issued_to_a_name_that_reaches_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(ContractError):
        Authority(tmp_path).issue(name)


def test_the_deployed_configuration_starts(tmp_path: Path) -> None:
    require_mosquitto()
    authority = Authority(tmp_path)
    authority.issue("broker")
    broker = Mosquitto(tmp_path / "broker")
    text = (ACCESS.parent / "mosquitto.conf").read_text()
    for there, here in (
        ("/etc/mosquitto/certs", tmp_path),
        ("/etc/mosquitto/conf.d/footfall.acl", ACCESS),
        ("8883", f"{broker.port} 127.0.0.1"),
    ):
        assert there in text
        text = text.replace(there, str(here))
    (broker.folder / "mosquitto.conf").write_text(f"user {getpass.getuser()}\n{text}")
    with broker:
        assert broker.process.is_running
