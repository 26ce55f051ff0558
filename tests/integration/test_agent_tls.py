"""The agent's side of TLS, certificates and passwords, with a real Mosquitto."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509

from device_profiles.registry import shipped
from edge_agent.clock import SystemClock
from edge_agent.core import lost_frame
from edge_agent.publisher import Publisher
from edge_agent.spool import Spool
from footfall.broker import Broker, Tls
from footfall.health import Health
from simulators.parts.mosquitto import binary
from simulators.parts.process import Process, free_port, is_listening
from tests.support.agent_responder import until
from tests.support.real_parts import REPOSITORY, require_faketime, require_mosquitto
from tests.support.waiting import PATIENCE_S

CLOCK = SystemClock()
SERVED = """
user {user}
listener {port} 127.0.0.1
cafile {keys}/ca.crt
certfile {keys}/broker.crt
keyfile {keys}/broker.key
require_certificate true
use_identity_as_username true
"""
PASSWORDS = """
user {user}
listener {port} 127.0.0.1
allow_anonymous false
log_dest stdout
log_type all
"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_mosquitto()
    folder = tmp_path_factory.mktemp("keys")
    for arguments in (["ca"], ["broker", "localhost", "127.0.0.1"], ["client", "a1"]):
        issue(folder, *arguments)
    return folder


@contextmanager
def mosquitto(folder: Path, config: str, keys: Path | None = None) -> Iterator[int]:
    port = free_port()
    (folder / "m.conf").write_text(config.format(user=getpass.getuser(), port=port, keys=keys))
    process = Process([str(binary()), "-c", str(folder / "m.conf")], folder / "m.log", lambda: is_listening(port))
    process.start()
    try:
        yield port
    finally:
        process.stop()


@contextmanager
def publishing(folder: Path, broker: Broker) -> Iterator[Publisher]:
    spool = Spool(folder / "s", "e1", CLOCK.boot)
    publisher = Publisher(
        "s1", "a1", spool, CLOCK, broker, lambda: Health(state="online", agent="a1", store="s1", boot=CLOCK.boot),
        lambda key, gateway_ns: None, lambda frame: lost_frame(frame.boot, 0, 0, 0, {}, shipped()),
    )  # fmt: skip
    stop = threading.Event()
    thread = threading.Thread(target=publisher.run, args=(stop,))
    thread.start()
    try:
        yield publisher
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        spool.close()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_certificate_lets_it_in(tmp_path: Path, keys: Path, protocol: str) -> None:
    tls = Tls(ca_file=keys / "ca.crt", cert_file=keys / "a1.crt", key_file=keys / "a1.key")
    with (
        mosquitto(tmp_path, SERVED, keys) as port,
        publishing(tmp_path, Broker(port=port, tls=tls, protocol=protocol)) as publisher,  # type: ignore[arg-type] # one of the two
    ):
        until(lambda: publisher.connected)


def test_without_one_it_reports_why_and_retries(tmp_path: Path, keys: Path) -> None:
    with (
        mosquitto(tmp_path, SERVED, keys) as port,
        publishing(tmp_path, Broker(port=port, tls=Tls(ca_file=keys / "ca.crt"))) as publisher,
    ):
        until(lambda: bool(publisher.refused))
        assert not publisher.connected


def test_a_broker_that_is_another_is_not_trusted(tmp_path: Path, keys: Path) -> None:
    own = Tls(ca_file=keys / "a1.crt", cert_file=keys / "a1.crt", key_file=keys / "a1.key")
    with mosquitto(tmp_path, SERVED, keys) as port, publishing(tmp_path, Broker(port=port, tls=own)) as publisher:
        until(lambda: "certificate" in publisher.refused.lower(), what=publisher.refused)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_wrong_password_is_reported_and_not_retried_at_once(tmp_path: Path, protocol: str) -> None:
    require_mosquitto()
    (tmp_path / "password").write_text("wrong\n")
    with mosquitto(tmp_path, PASSWORDS) as port:
        broker = Broker(port=port, username="a1", password_file=tmp_path / "password", protocol=protocol)  # type: ignore[arg-type] # one of the two
        with publishing(tmp_path, broker) as publisher:
            until(lambda: "authori" in publisher.refused.lower(), what=publisher.refused)
            threading.Event().wait(3)
    log = (tmp_path / "m.log").read_text()
    assert 2 <= log.count("New client connected") + log.count("New connection from") < 8


HANDSHAKE = """
import socket, ssl, sys, time
assert time.gmtime().tm_year == 1970
context = ssl.create_default_context(cafile=sys.argv[1])
context.load_cert_chain(sys.argv[2], sys.argv[3])
with socket.create_connection(("127.0.0.1", int(sys.argv[4])), 10) as plain, context.wrap_socket(plain, server_hostname="localhost"):
    print("welcome")
"""


def test_a_box_whose_clock_reads_1970_believes_its_broker(tmp_path: Path, keys: Path) -> None:
    library = require_faketime()
    with mosquitto(tmp_path, SERVED, keys) as port:
        files = [str(keys / name) for name in ("ca.crt", "a1.crt", "a1.key")]
        environment = os.environ | {"LD_PRELOAD": str(library), "FAKETIME": "@1970-01-01 00:02:00", "TZ": "UTC"}
        done = subprocess.run(
            [sys.executable, "-c", HANDSHAKE, *files, str(port)], env=environment, capture_output=True, text=True, check=False, timeout=60
        )
    assert done.stdout == "welcome\n", done.stderr


def issue(folder: Path, *arguments: str) -> None:
    command = [str(REPOSITORY / "deploy" / "certificates" / "issue"), *arguments]
    subprocess.run(command, env=os.environ | {"FOOTFALL_CERTIFICATES": str(folder)}, check=True, capture_output=True, timeout=60)


def test_a_renewed_certificate_has_its_key_and_both_go_when_it_is_revoked(tmp_path: Path) -> None:
    for arguments in (["ca"], ["broker", "localhost", "127.0.0.1"], ["client", "a1"]):
        issue(tmp_path, *arguments)
    key, first, broker = ((tmp_path / name).read_bytes() for name in ("a1.key", "a1.crt", "broker.crt"))
    for name in ("ca", "broker", "a1"):
        issue(tmp_path, "renew", name)
    assert (tmp_path / "a1.key").read_bytes() == key
    assert (tmp_path / "a1.crt").read_bytes() != first
    names = [
        x509.load_pem_x509_certificate(data).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        for data in (broker, (tmp_path / "broker.crt").read_bytes())
    ]
    assert names[0] == names[1]
    issue(tmp_path, "revoke", "a1")
    revoked = x509.load_pem_x509_crl((tmp_path / "crl.pem").read_bytes())
    assert revoked.get_revoked_certificate_by_serial_number(x509.load_pem_x509_certificate(first).serial_number) is not None
    assert len(list(revoked)) == 2
