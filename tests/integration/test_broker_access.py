"""The files of deploy/mosquitto and deploy/certificates, with a real Mosquitto: who may connect, publish and read."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from footfall.errors import ConfigError
from simulators.parts.mosquitto import binary
from simulators.parts.process import Process, free_port, is_listening
from tests.support.real_parts import REPOSITORY, missing
from tests.support.waiting import PATIENCE_S

ISSUE = REPOSITORY / "deploy" / "certificates" / "issue"
DEPLOYED = REPOSITORY / "deploy" / "mosquitto"


def issue(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"FOOTFALL_CERTIFICATES": str(folder)}
    return subprocess.run([ISSUE, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    for arguments in (
        ["ca"],
        ["broker", "localhost", "127.0.0.1"],
        ["client", "gateway"],
        ["client", "a1"],
        ["client", "a2"],
        ["client", "lost"],
        ["client", "serve"],
    ):
        done = issue(folder, *arguments)
        assert done.returncode == 0, done.stderr
    for suffix in (".crt", ".key"):  # a thief has copies
        shutil.copy2(folder / f"lost{suffix}", folder / f"stolen{suffix}")
    assert issue(folder, "revoke", "lost").returncode == 0
    return folder


class Deployed:
    """Mosquitto with the deployed files; only their paths and ports are the test's. As a context manager it runs meanwhile."""

    def __init__(self, folder: Path, certificates: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.certificates, self.agents, self.gateway = certificates, free_port(), free_port()
        (folder / "acl").write_bytes((DEPLOYED / "acl").read_bytes())
        (folder / "acl").chmod(0o600)
        text = (DEPLOYED / "mosquitto.conf").read_text(encoding="utf-8")
        for told, here in (
            ("/etc/mosquitto/certs", str(certificates)), ("/etc/mosquitto/conf.d/footfall.acl", str(folder / "acl")),
            ("listener 8883\n", f"listener {self.agents} 127.0.0.1\n"), ("listener 8884 ", f"listener {self.gateway} "),
        ):  # fmt: skip
            assert told in text
            text = text.replace(told, here)
        (folder / "conf").write_text(f"user {getpass.getuser()}\n{text}")
        self.process = Process([str(binary()), "-c", str(folder / "conf")], folder / "log", lambda: is_listening(self.gateway))

    def __enter__(self) -> Deployed:
        self.process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stop()

    def connect(self, name: str | None, port: int, client_id: str = "") -> Peer:
        return Peer(self.certificates, name, port, client_id)


class Peer:
    """One connection with the certificate `name`."""

    def __init__(self, certificates: Path, name: str | None, port: int, client_id: str) -> None:
        self.received: list[str] = []
        self.answered, self.subscribed, self.published = threading.Event(), threading.Event(), threading.Event()
        self.refused_publish = self.refused_subscribe = False
        self.client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTv5)
        pair = {} if name is None else {"certfile": str(certificates / f"{name}.crt"), "keyfile": str(certificates / f"{name}.key")}
        self.client.tls_set(str(certificates / "ca.crt"), **pair)
        self.client.on_connect = lambda *_: self.answered.set()
        self.client.on_message = lambda _client, _data, message: self.received.append(message.topic)
        self.client.on_subscribe = lambda *values: self._subscribed(values[3])
        self.client.on_publish = lambda *values: self._published(values[3])
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _subscribed(self, reasons: list[object]) -> None:
        self.refused_subscribe = any(reason.is_failure for reason in reasons)  # type: ignore[attr-defined] # paho's ReasonCode
        self.subscribed.set()

    def _published(self, reason: object) -> None:
        self.refused_publish = reason.is_failure  # type: ignore[attr-defined] # paho's ReasonCode
        self.published.set()

    def may_publish(self, topic: str) -> bool:
        assert self.answered.wait(PATIENCE_S)
        self.published.clear()
        self.client.publish(topic, b"x", 1)
        assert self.published.wait(PATIENCE_S)
        return not self.refused_publish

    def hears(self, subscription: str, other: Peer, topic: str) -> bool:
        """Whether what `other` publishes on `topic` arrives here; a later message on an own topic shows that it would have by now."""
        assert self.answered.wait(PATIENCE_S)
        self.subscribed.clear()
        self.client.subscribe(subscription, 1)
        assert self.subscribed.wait(PATIENCE_S)
        other.may_publish(topic)
        threading.Event().wait(0.2)
        return topic in self.received

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, certificates: Path) -> Iterator[Deployed]:
    try:
        broker = Deployed(tmp_path_factory.mktemp("mosquitto"), certificates)
    except ConfigError as error:
        missing(str(error))
    with broker:
        yield broker


def test_an_agent_writes_its_own_topics_only(deployed: Deployed) -> None:
    agent = deployed.connect("a1", deployed.agents)
    for leaf in ("frames", "health", "events", "denied"):
        assert agent.may_publish(f"footfall/1/s/a1/{leaf}")
        assert not agent.may_publish(f"footfall/1/s/a2/{leaf}")
    assert not agent.may_publish("footfall/1/s/a1/receipts")
    assert not agent.may_publish("footfall/1/s/live")
    agent.close()


def test_an_agent_reads_its_own_receipts_only(deployed: Deployed) -> None:
    agent, gateway = deployed.connect("a2", deployed.agents), deployed.connect("gateway", deployed.gateway, "g")
    assert agent.hears("footfall/1/s/a2/receipts", gateway, "footfall/1/s/a2/receipts")
    assert not agent.hears("#", gateway, "footfall/1/s/a1/receipts")
    agent.close()
    gateway.close()


def test_the_gateway_has_two_connections_and_reads_all_agents(deployed: Deployed) -> None:
    first, second = deployed.connect("gateway", deployed.gateway, "g"), deployed.connect("gateway", deployed.gateway, "g-events")
    agent = deployed.connect("a1", deployed.agents)
    assert first.hears("footfall/1/+/+/frames", agent, "footfall/1/s/a1/frames")
    assert second.hears("footfall/1/+/+/events", agent, "footfall/1/s/a1/events")
    assert first.client.is_connected()
    assert first.may_publish("footfall/1/s/a1/receipts")
    assert first.may_publish("footfall/1/s/live")
    assert not first.may_publish("footfall/1/s/a1/frames")
    for peer in (first, second, agent):
        peer.close()


def test_serve_hears_the_live_feed_and_writes_events_only(deployed: Deployed) -> None:
    serve, gateway = deployed.connect("serve", deployed.gateway, "serve-1"), deployed.connect("gateway", deployed.gateway, "g")
    assert serve.hears("footfall/1/+/live", gateway, "footfall/1/s/live")
    assert serve.hears("footfall/1/fans", gateway, "footfall/1/fans")
    assert not serve.hears("#", gateway, "footfall/1/s/a1/receipts")
    assert serve.may_publish("footfall/1/s/a1/events")
    assert not serve.may_publish("footfall/1/s/a1/frames")
    assert not serve.may_publish("footfall/1/s/live")
    for peer in (serve, gateway):
        peer.close()


def test_an_agent_cannot_push_another_off_by_its_client_id(deployed: Deployed) -> None:
    victim, attacker = deployed.connect("a1", deployed.agents), deployed.connect("a2", deployed.agents, "a1")
    assert attacker.may_publish("footfall/1/s/a2/frames")
    assert victim.may_publish("footfall/1/s/a1/frames")
    victim.close()
    attacker.close()


@pytest.mark.parametrize("name", [None, "stolen"])
@pytest.mark.parametrize("listener", ["agents", "gateway"])
def test_without_a_certificate_or_with_a_revoked_one_nobody_connects(deployed: Deployed, name: str | None, listener: str) -> None:
    stranger = deployed.connect(name, getattr(deployed, listener))
    assert not stranger.answered.wait(0.5)
    stranger.close()


@pytest.mark.parametrize("name", ["a/b", "A", "", "a" * 65, "a b", "ca", "broker", "../x", "a1"])
def test_names_are_checked_when_certificates_are_issued(certificates: Path, name: str) -> None:
    before = sorted(certificates.iterdir())
    done = issue(certificates, "client", name)
    assert done.returncode == 2
    assert done.stderr.startswith("issue: ")
    assert sorted(certificates.iterdir()) == before


def test_private_keys_are_their_owners_only(certificates: Path) -> None:
    keys = list(certificates.glob("*.key"))
    assert len(keys) >= 4
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys)
