"""Set-ups that are wrong, each with real parts: what agent and gateway report names the key to change."""

from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest

from edge_agent.clock import SystemClock
from edge_agent.connection import BrokerConnection, Unreachable
from edge_agent.identity import TlsIdentity
from footfall.broker import Broker, Tls
from footfall.broker_diagnosis import Diagnosis, diagnose, obstacle
from footfall.topics import strays
from gateway.config import GatewayBroker
from gateway.mqtt.inlet import Inlet
from gateway.mqtt.probe import refusal
from simulators import mqtt
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from simulators.parts.process import free_port
from simulators.parts.programs import FOOTFALL, AgentProcess
from tests.integration.test_broker_access import Deployed, issue
from tests.support.real_parts import require_faketime, require_mosquitto
from tests.support.running_gateway import Place
from tests.support.waiting import until

ANSWER_S = 20.0


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    for arguments in (["ca"], ["broker", "localhost", "127.0.0.1"], ["client", "gateway"], ["client", "a1"], ["client", "a2"]):
        assert issue(folder, *arguments).returncode == 0
    return folder


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another authority, and what it issued."""
    folder = tmp_path_factory.mktemp("others")
    for arguments in (["ca"], ["broker", "elsewhere.example.com"], ["client", "gateway"], ["client", "a1"]):
        assert issue(folder, *arguments).returncode == 0
    return folder


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, certificates: Path) -> Iterator[Deployed]:
    require_mosquitto()
    with Deployed(tmp_path_factory.mktemp("mosquitto"), certificates) as broker:
        yield broker


def tls(folder: Path, name: str, authority: Path | None = None) -> Tls:
    return Tls(ca_file=(authority or folder) / "ca.crt", cert_file=folder / f"{name}.crt", key_file=folder / f"{name}.key")


def as_gateway(**settings: Any) -> str:
    """What `footfall config check --online` prints of a broker."""
    return refusal(GatewayBroker(**settings), ANSWER_S)


def as_agent(**settings: Any) -> str:
    """What an agent's log has of a broker."""
    broker, ended = Broker(**settings), threading.Event()
    lost: list[object] = []

    def put(connection: BrokerConnection, event: object) -> None:
        lost.append(event)
        ended.set()

    connection = BrokerConnection(broker, "a1", ("footfall/1/s/a1/health", b"x"), "footfall/1/s/a1/receipts", put, SystemClock())
    try:
        connection.open()
        ended.wait(3.0)  # a web server waits for the end of what it takes for a line: nothing comes
        connection.close(disconnect=True)
    except Unreachable as error:
        lost.append(error)
    diagnosis = Diagnosis(broker, logging.getLogger("test"))
    diagnosis.ask()
    assert diagnosis.wait(ANSWER_S)
    return f"{lost[:1]}; {diagnosis.text}"


@contextmanager
def by_the_book() -> Iterator[int]:
    """A broker of 3.1.1 alone, as its standard has it: it answers any other version with code 1, and ends the connection."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            asked = connection.recv(1000)
            connection.sendall(b"\x20\x02\x00\x00" if asked[8:9] == b"\x04" else b"\x20\x02\x00\x01")
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def web_server() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Silent)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that speak MQTT to it end as they like
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def as_checked(**settings: Any) -> str:
    """What `footfall config check --online` prints of an agent's broker."""
    return obstacle(Broker(**settings))


BOTH: list[Callable[..., str]] = [as_gateway, as_agent, as_checked]


@pytest.mark.parametrize("asked", BOTH)
def test_another_version_of_mqtt(asked: Callable[..., str], embedded_broker: EmbeddedBroker) -> None:
    with by_the_book() as port:
        assert 'set broker.protocol = "3.1.1"' in asked(port=port)
    assert 'set broker.protocol = "3.1.1"' in asked(port=embedded_broker.port_v4)
    found = asked(port=embedded_broker.port, protocol="3.1.1")
    assert 'set broker.protocol = "5"' in found
    assert "3.1.1 on the port above" in found


@pytest.mark.parametrize("asked", BOTH)
def test_a_port_with_tls_and_one_without(asked: Callable[..., str], deployed: Deployed, mosquitto: Mosquitto, certificates: Path) -> None:
    assert "speaks TLS, and broker.tls is not set: set broker.tls.ca_file" in asked(port=deployed.agents)
    assert "speaks TLS, and broker.tls is not set" in asked(port=deployed.agents, protocol="3.1.1")
    found = asked(port=mosquitto.port, tls=tls(certificates, "a1"))
    assert "speaks MQTT without TLS: give the port with TLS as broker.port, or leave out broker.tls" in found


@pytest.mark.parametrize("asked", BOTH)
def test_the_port_of_a_web_server(asked: Callable[..., str], certificates: Path) -> None:
    with web_server() as port:
        assert "speaks HTTP: it is no broker's port. Give that of MQTT as broker.port" in asked(port=port)
        assert "speaks HTTP" in asked(port=port, tls=tls(certificates, "a1"))


@pytest.mark.parametrize("asked", BOTH)
def test_certificates_of_another_authority(asked: Callable[..., str], deployed: Deployed, certificates: Path, others: Path) -> None:
    assert "not issued by an authority in ca_file" in asked(port=deployed.agents, tls=tls(certificates, "a1", others))
    assert "does not know the authority that issued our certificate" in asked(port=deployed.agents, tls=tls(others, "a1", certificates))
    assert "asks for a certificate, and we have none to show" in asked(port=deployed.agents, tls=Tls(ca_file=certificates / "ca.crt"))


@pytest.mark.parametrize("asked", BOTH)
def test_a_broker_under_another_name(asked: Callable[..., str], others: Path, tmp_path: Path) -> None:
    with Deployed(tmp_path, others) as broker:
        assert "the broker's certificate is of another" in asked(port=broker.agents, tls=tls(others, "a1"))


@pytest.mark.parametrize("asked", BOTH)
def test_certificates_that_have_ended(asked: Callable[..., str], certificates: Path, tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    shutil.copytree(certificates, ended)
    _end(ended, "broker")
    with Deployed(tmp_path / "one", ended) as broker:
        assert "the broker's certificate has expired, or this machine's clock is wrong" in asked(port=broker.agents, tls=tls(ended, "a1"))
    shutil.copy(certificates / "broker.crt", ended / "broker.crt")
    _end(ended, "a1")
    with Deployed(tmp_path / "two", ended) as broker:
        assert "our certificate has expired" in asked(port=broker.agents, tls=tls(ended, "a1"))


def _end(folder: Path, name: str) -> None:
    """Give a name a certificate that ended long ago."""
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    subprocess.run(["openssl", "req", "-new", "-key", f"{name}.key", "-subj", f"/CN={name}", "-out", "x.csr"], cwd=folder, check=True)
    (folder / "x.ext").write_text(names)
    command = ["openssl", "ca", "-config", "ca.cnf", "-batch", "-notext", "-startdate", "19700101000000Z", "-enddate", "20200101000000Z"]
    subprocess.run([*command, "-in", "x.csr", "-extfile", "x.ext", "-out", f"{name}.crt"], cwd=folder, check=True, capture_output=True)


def test_nobody_there_is_no_riddle() -> None:
    assert diagnose(Broker(port=free_port())) == ""


def test_a_broker_that_lets_us_in_is_not_found_fault_with(mosquitto: Mosquitto, deployed: Deployed, certificates: Path) -> None:
    assert diagnose(Broker(port=mosquitto.port)) == ""
    assert diagnose(Broker(port=mosquitto.port, protocol="3.1.1")) == ""
    assert diagnose(Broker(port=deployed.agents, tls=tls(certificates, "a1"))) == ""


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_check_finds_no_fault_with_what_lets_us_in_and_pushes_nobody_off(
    mosquitto: Mosquitto, deployed: Deployed, certificates: Path, protocol: Literal["5", "3.1.1"]
) -> None:
    """The agents' port takes the certificate's name for the client id."""
    assert obstacle(Broker(port=mosquitto.port, protocol=protocol)) == ""
    broker = Broker(port=deployed.agents, protocol=protocol, tls=tls(certificates, "a1"))
    lost: list[object] = []
    running = BrokerConnection(
        broker, "a1", ("footfall/1/s/a1/health", b"x"), "footfall/1/s/a1/receipts", lambda _, event: lost.append(event), SystemClock()
    )
    running.open()
    try:
        until(lambda: lost, lambda: "not connected")
        before = list(lost)
        assert obstacle(broker) == ""
        time.sleep(0.5)
        assert lost == before
    finally:
        running.close(disconnect=True)


def test_a_check_tries_user_and_password(tmp_path: Path) -> None:
    require_mosquitto()
    broker = Mosquitto(tmp_path / "mosquitto")
    config = tmp_path / "mosquitto" / "mosquitto.conf"
    passwords = tmp_path / "mosquitto" / "passwords"
    passwords.write_text("anna:secret\n")
    subprocess.run([shutil.which("mosquitto_passwd") or "mosquitto_passwd", "-U", passwords], check=True, timeout=20)
    text = config.read_text().replace("allow_anonymous true", "allow_anonymous false")
    config.write_text(f"{text}\npassword_file {passwords}\n")
    (tmp_path / "right").write_text("secret\n")
    (tmp_path / "wrong").write_text("other\n")
    with broker:
        for protocol in ("5", "3.1.1"):
            asked = Broker(port=broker.port, protocol=protocol, username="anna", password_file=tmp_path / "right")
            assert obstacle(asked) == ""
            assert "look at broker.username and password_file" in obstacle(asked.model_copy(update={"password_file": tmp_path / "wrong"}))
            assert "look at broker.username and password_file" in obstacle(Broker(port=broker.port, protocol=protocol))


def test_a_check_names_a_port_that_does_not_answer() -> None:
    assert "nothing listens there" in obstacle(Broker(port=free_port()))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "no answer by MQTT in 3 s" in obstacle(Broker(port=silent.getsockname()[1]))


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_gateway_on_the_agents_port(deployed: Deployed, certificates: Path, protocol: str, caplog: pytest.LogCaptureFixture) -> None:
    broker = GatewayBroker(port=deployed.agents, protocol=protocol, tls=tls(certificates, "gateway"))
    inlet, stop = Inlet(broker, lambda: None), threading.Event()

    def is_named() -> bool:
        inlet.reconnect()
        inlet.read(stop)
        inlet.keep_alive()
        return "is the agents' port" in inlet.error

    try:
        until(is_named, lambda: inlet.error)
        assert "Set [broker] port to the gateway's own listener, 8884" in inlet.error
        assert inlet.is_own_rival, "and no second gateway is looked for"
        assert caplog.text.count("listener, 8884") == 1
    finally:
        inlet.close()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_check_of_a_gateway_names_the_agents_port_and_leaves_a_running_gateway_alone(
    deployed: Deployed, certificates: Path, protocol: str
) -> None:
    ours = tls(certificates, "gateway")
    running, stop = Inlet(GatewayBroker(port=deployed.gateway, tls=ours), lambda: None), threading.Event()

    def is_connected() -> bool:
        running.reconnect()
        running.read(stop)
        return not running.error

    try:
        until(is_connected, lambda: running.error)
        sessions = [running.frames.session, running.events.session]
        assert as_gateway(port=deployed.gateway, protocol=protocol, tls=ours) == ""
        assert "Set [broker] port to the gateway's own listener, 8884" in as_gateway(port=deployed.agents, protocol=protocol, tls=ours)
        for _ in range(10):  # an end that the broker has sent is read at once
            assert is_connected()
        assert [running.frames.session, running.events.session] == sessions
    finally:
        running.close()


def test_an_agent_with_the_certificate_of_another(deployed: Deployed, certificates: Path, tmp_path: Path) -> None:
    found = TlsIdentity(tls(certificates, "a2"), "a1").problems(0.0)
    assert found.keys() == {"certificate_wrong"}
    values = {
        "store": "s1", "agent": "a1", "spool": {"path": str(tmp_path / "spool.sqlite")},
        "broker": {"port": deployed.agents, "tls": {key: str(path) for key, path in tls(certificates, "a2").model_dump().items()}},
    }  # fmt: skip
    agent = AgentProcess(tmp_path, free_port(), values)
    agent.process.start()
    try:
        until(lambda: "certificate_wrong" in agent.health()["problems"], lambda: agent.log.read_text())
        named = agent.health()["problems"]["certificate_wrong"]
        assert "names 'a2', not this agent, 'a1'" in named
        assert "Set broker.tls.cert_file and key_file" in named
        assert "names 'a2'" in agent.log.read_text()
    finally:
        agent.process.stop()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_an_agent_that_the_broker_denies_its_topics_is_named_by_the_gateway(
    deployed: Deployed, certificates: Path, tmp_path: Path, protocol: str
) -> None:
    """It has a2's certificate, so that nothing of it arrives, not even its health. 3.1.1 has no word for it."""
    gateway_tls = {key: str(path) for key, path in tls(certificates, "gateway").model_dump().items()}
    only_a_port: Any = SimpleNamespace(port=deployed.gateway)
    place = Place(tmp_path / "gateway", only_a_port, broker={"port": deployed.gateway, "tls": gateway_tls})
    values = {
        "store": "s1", "agent": "a1", "spool": {"path": str(tmp_path / "spool.sqlite")},
        "broker": {
            "port": deployed.agents, "protocol": protocol,
            "tls": {key: str(path) for key, path in tls(certificates, "a2").model_dump().items()},
        },
    }  # fmt: skip
    agent = AgentProcess(tmp_path, free_port(), values)
    with place:
        agent.process.start()
        try:
            if protocol == "5":
                until(lambda: "publish_denied" in problems(place), lambda: f"{place.log()}\n{agent.log.read_text()}")
                named = problems(place)["publish_denied"]
                assert "a2: connects under this name, and the broker does not let it write footfall/1/s1/a1/frames" in named
                assert "footfall/1/s1/a1/health" in named
                assert "must be a1" in agent.health()["problems"]["publish_denied"]
                assert "does not let us write footfall/1/s1/a1/health" in agent.log.read_text()
            else:
                until(lambda: "certificate_wrong" in agent.health()["problems"], lambda: agent.log.read_text())
                assert "publish_denied" not in agent.health()["problems"]
        finally:
            agent.process.stop()
        assert place.gateway.status()["balance"]["in_total"] == 0, "what is denied is no row"
        assert place.gateway.status()["quarantine"] == {}


def problems(place: Place) -> dict[str, str]:
    return {problem["code"]: problem["what"] for problem in place.gateway.status()["problems"]}


def publish(port: int, topic: str, payload: bytes = b"{}") -> None:
    with mqtt.connect("127.0.0.1", port, "stray") as connection:
        connection.sendall(mqtt.publish(topic, 1, payload))
        assert connection.recv(4)


STRAYS = (
    "footfall/1/s3/till/events/", "footfall/1/s3/till/event", "footfall/1/s3/events", "/footfall/1/s3/till/events",
    "footfall/s3/till/events", "footfall/1/s3/till/x/events", "footfall/1/s3/till/Events", "footfall/1/s3/till/health/x",
)  # fmt: skip


def test_topics_that_nobody_reads_are_kept_and_counted_once_and_those_that_are_read_still_are(tmp_path: Path, mosquitto: Mosquitto) -> None:
    assert not {"footfall/1/s3/till/events", "footfall/1/s3/live"} & set(strays())
    with Place(tmp_path / "gateway", mosquitto) as place:
        for topic in STRAYS:
            publish(mosquitto.port, topic)
        place.events({"kind": "count", "id": "c1", "door": "main", "in": 1, "out": 0})
        until(lambda: place.gateway.status()["quarantine"].get("topic") == len(STRAYS), lambda: str(place.gateway.status()))
        place.settle()
        balance = place.gateway.status()["balance"]
        assert (balance["in_total"], balance["written_total"]) == (len(STRAYS) + 1, 1), "nothing is heard twice"
        listed = subprocess.run(
            [FOOTFALL, "quarantine", "list", "--config", str(place.folder / "gateway.toml"), "--json"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert listed.stdout.count("nobody reads it: publish to footfall/1/s3/till/") >= 5


def test_an_agent_whose_store_is_another(tmp_path: Path, mosquitto: Mosquitto) -> None:
    with Place(tmp_path / "gateway", mosquitto) as place:
        values = {
            "store": "s2", "agent": "x", "spool": {"path": str(tmp_path / "spool.sqlite")}, "broker": {"port": mosquitto.port},
        }  # fmt: skip
        agent = AgentProcess(tmp_path, free_port(), values)
        agent.process.start()
        try:
            until(lambda: "agent_misplaced" in problems(place), lambda: str(problems(place)))
        finally:
            agent.process.stop()
        assert "agent 'x' is not in store 's2' of site.toml; site.toml has it in s1" in problems(place)["agent_misplaced"]
        publish(mosquitto.port, "footfall/1/nowhere/nobody/events", json.dumps({"kind": "count"}).encode())
        until(lambda: "store 'nowhere' is not in site.toml" in problems(place)["agent_misplaced"], lambda: str(problems(place)))


def test_a_client_of_3_1_1_on_the_port_of_5_of_the_embedded_broker(tmp_path: Path) -> None:
    port = free_port()
    place = Place(tmp_path / "gateway", _Ports(port), broker={"embedded": True, "port": port}, serve={"enabled": False})  # type: ignore[arg-type]
    with place:
        with socket.create_connection(("127.0.0.1", port)) as till:
            till.sendall(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04till")
            till.recv(10)
        until(lambda: "mqtt_version" in problems(place), lambda: str(problems(place)))
        assert f"MQTT 3.1.1 on port {port}, where only 5 is spoken: 3.1.1 has port {port + 1}" in problems(place)["mqtt_version"]
        with socket.create_connection(("127.0.0.1", port + 1)) as till:
            till.sendall(b"\x10\x11\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x04till")
            till.recv(10)
        until(lambda: f"MQTT 5 on port {port + 1}" in problems(place)["mqtt_version"], lambda: str(problems(place)))


class _Ports:
    """Where the embedded broker of the gateway itself will listen."""

    def __init__(self, port: int) -> None:
        self.port, self.port_v4 = port, port + 1


def test_a_clock_before_the_certificates_of_others_is_named(others: Path, certificates: Path, tmp_path: Path) -> None:
    """Certificates of another authority than ours begin when they were issued."""
    preload = require_faketime()
    folder = tmp_path / "late"
    shutil.copytree(certificates, folder)
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    (folder / "x.ext").write_text(names)
    subprocess.run(["openssl", "req", "-new", "-key", "broker.key", "-subj", "/CN=broker", "-out", "x.csr"], cwd=folder, check=True)
    subprocess.run(
        ["openssl", "x509", "-req", "-in", "x.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-extfile", "x.ext", "-out", "broker.crt"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    code = (
        "import sys; from footfall.broker import Broker; from footfall.broker_diagnosis import diagnose;"
        "print(diagnose(Broker.model_validate_json(sys.argv[1])))"
    )
    environment = os.environ | {"LD_PRELOAD": str(preload), "FAKETIME": "@2001-01-01 00:00:00"}
    with Deployed(tmp_path / "m", folder) as broker:
        asked = Broker(port=broker.agents, tls=tls(folder, "a1")).model_dump_json()
        done = subprocess.run(
            [sys.executable, "-c", code, asked], env=environment, capture_output=True, text=True, check=True
        )  # fmt: skip
        assert "not valid yet by this machine's clock: is the clock right?" in done.stdout
