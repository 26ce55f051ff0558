"""A connection that is kept whatever load comes, given up when the broker is mute, made anew from what the files hold now."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from footfall.broker import Tls
from footfall.errors import ConfigError
from gateway.config import GatewayBroker
from gateway.mqtt.connection import Connection
from simulators.parts.mosquitto import Mosquitto, binary
from simulators.parts.process import Process, free_port, is_listening
from tests.integration.test_gateway_mqtt import turn
from tests.support.real_parts import REPOSITORY, require_mosquitto
from tests.support.waiting import PATIENCE_S


def until(done: Callable[[], bool], connection: Connection, limit_s: float = PATIENCE_S) -> None:
    deadline_s = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < deadline_s, connection.error
        if connection.socket() is None:
            connection.open()
        turn(connection)
        connection.keep_alive()
        time.sleep(0.02)


def test_a_broker_that_was_asked_and_answers_nothing_is_given_up_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_mosquitto()
    monkeypatch.setattr("gateway.mqtt.connection.PING_AFTER_S", 0.2)
    monkeypatch.setattr("gateway.mqtt.connection.SILENT_S", 1.0)
    with Mosquitto(tmp_path) as broker:
        connection = Connection(GatewayBroker(port=broker.port), "gateway", ["t/#"], False)
        until(lambda: connection.connected, connection)
        os.kill(broker.process.pid, signal.SIGSTOP)
        try:
            until(lambda: not connection.connected, connection)
        finally:
            os.kill(broker.process.pid, signal.SIGCONT)
        assert "though it was asked" in connection.error
        until(lambda: connection.connected, connection)
        connection.close()


CONNACK, SUBACK = b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x01"
PUBLISH = b"\x32\x67\x00\x03t/1\x00\x01" + b"x" * 96


@contextmanager
def flooding() -> Iterator[int]:
    """A broker (MQTT 3.1.1) that has so much to send that it never comes to answer a ping; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        end = threading.Event()

        def serve() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(CONNACK)
                peer.recv(1000)
                peer.sendall(SUBACK)
                while not end.wait(0.02):
                    peer.sendall(PUBLISH * 20)

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield server.getsockname()[1]
        end.set()
        serving.join()


def test_whatever_comes_is_a_sign_of_life_where_the_answer_to_a_ping_waits_behind_a_backlog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.mqtt.connection.PING_AFTER_S", 0.2)
    monkeypatch.setattr("gateway.mqtt.connection.SILENT_S", 1.5)
    with flooding() as port:
        connection = Connection(GatewayBroker(port=port, protocol=4), "gateway", ["t/#"], False)
        until(lambda: connection.connected, connection)
        ends_s, generation = time.monotonic() + 5.0, connection._generation
        while time.monotonic() < ends_s:
            turn(connection)
            connection.keep_alive()
            assert connection.connected, connection.error
        assert connection._generation == generation
        connection.close()


ASKING = """
user {user}
listener {port} 127.0.0.1
allow_anonymous true
require_certificate true
cafile {keys}/ca.crt
certfile {keys}/broker.crt
keyfile {keys}/broker.key
crlfile {keys}/crl.pem
"""


def issue(folder: Path, *arguments: str) -> None:
    command = [str(REPOSITORY / "deploy" / "certificates" / "issue"), *arguments]
    subprocess.run(command, env=os.environ | {"FOOTFALL_CERTIFICATES": str(folder)}, check=True, capture_output=True, timeout=60)


def test_certificates_are_read_at_every_connection_and_what_is_wrong_with_them_is_reported(tmp_path: Path) -> None:
    require_mosquitto()
    for arguments in (["ca"], ["broker", "localhost", "127.0.0.1"], ["client", "gateway"], ["client", "other"], ["client", "third"]):
        issue(tmp_path, *arguments)
    own = Tls(ca_file=tmp_path / "ca.crt", cert_file=tmp_path / "own.crt", key_file=tmp_path / "own.key")

    def put(certificate: str, key: str) -> None:
        shutil.copy(tmp_path / certificate, tmp_path / "own.crt")
        shutil.copy(tmp_path / key, tmp_path / "own.key")

    port = free_port()
    (tmp_path / "m.conf").write_text(ASKING.format(user=getpass.getuser(), port=port, keys=tmp_path))
    broker = Process([str(binary()), "-c", str(tmp_path / "m.conf")], tmp_path / "m.log", lambda: is_listening(port))
    broker.start()
    try:
        put("gateway.crt", "other.key")
        with pytest.raises(ConfigError, match="does not fit"):
            Connection(GatewayBroker(port=port, tls=own), "gateway", ["t/#"], False)
        put("gateway.crt", "gateway.key")
        connection = Connection(GatewayBroker(port=port, tls=own), "gateway", ["t/#"], False)
        until(lambda: connection.connected, connection)
        connection.close()
        issue(tmp_path, "revoke", "gateway")
        os.kill(broker.pid, signal.SIGHUP)
        time.sleep(0.5)
        until(lambda: "revoked" in connection.error, connection)
        assert "Unspecified" not in connection.error
        put("other.crt", "third.key")
        until(lambda: "does not fit" in connection.error, connection)
        (tmp_path / "own.crt").unlink()
        until(lambda: "own.crt" in connection.error, connection)
        put("other.crt", "other.key")
        until(lambda: connection.connected, connection)
        connection.close()
    finally:
        broker.stop()


def test_a_new_password_on_disk_is_used_at_the_next_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.mqtt.connection.REFUSED_S", 0.1)
    (tmp_path / "password").write_text("old")
    connection = Connection(GatewayBroker(port=free_port(), username="g", password_file=tmp_path / "password"), "gateway", ["t/#"], False)
    connection.open()
    (tmp_path / "password").write_text("new")
    connection.open()
    assert connection._client.password == "new"
    (tmp_path / "password").unlink()
    assert not connection.open()
    assert "password" in connection.error
