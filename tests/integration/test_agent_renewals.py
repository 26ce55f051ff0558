"""Wrong certificates, keys and passwords are reported in words, and what is renewed on disk lets the agent in without a restart."""

from __future__ import annotations

import getpass
import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from footfall.broker import Broker, Tls
from simulators.parts.process import Process, free_port, is_listening
from tests.integration.test_agent_tls import PASSWORDS, SERVED, binary, mosquitto, publishing
from tests.support.agent_responder import until
from tests.support.real_parts import require_mosquitto

NOW: Final = datetime.now(UTC)
DAY: Final = timedelta(days=1)
REVOKING: Final = SERVED + "crlfile {keys}/crl.pem\n"
PEM: Final = serialization.Encoding.PEM


class Authority:
    """Issues into `folder`: ca.crt, and what it is asked for."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        made = self._builder(self.name, self.key, NOW - DAY, NOW + DAY).add_extension(x509.BasicConstraints(True, None), True)
        self.certificate = made.add_extension(usage, True).sign(self.key, hashes.SHA256())

    def put(self) -> Authority:
        (self.folder / "ca.crt").write_bytes(self.certificate.public_bytes(PEM))
        self.revoke([])
        return self

    def issue(self, stem: str, name: str, begins: datetime = NOW - DAY, ends: datetime = NOW + 60 * DAY) -> int:
        """Its serial number."""
        key = ec.generate_private_key(ec.SECP256R1())
        hosts = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = self._builder(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]), key, begins, ends)
        made = builder.add_extension(x509.SubjectAlternativeName(hosts), False).sign(self.key, hashes.SHA256())
        (self.folder / f"{stem}.crt").write_bytes(made.public_bytes(PEM))
        secret = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (self.folder / f"{stem}.key").write_bytes(secret)
        return made.serial_number

    def revoke(self, serials: list[int]) -> None:
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.name).last_update(NOW - DAY).next_update(NOW + DAY)
        for serial in serials:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - DAY).build()
            )
        (self.folder / "crl.pem").write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(PEM))

    def _builder(self, subject: x509.Name, key: Any, begins: datetime, ends: datetime) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key())
        return builder.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)


def expired(own: Authority) -> None:
    own.issue("a1", "a1", NOW - 9 * DAY, NOW - DAY)


def revoked(own: Authority) -> None:
    own.revoke([own.issue("a1", "a1")])


def of_a_stranger(own: Authority) -> None:
    Authority(own.folder, "stranger").issue("a1", "a1")


def with_another_key(own: Authority) -> None:
    own.issue("other", "a1")
    (own.folder / "a1.key").write_bytes((own.folder / "other.key").read_bytes())


def half_written(own: Authority) -> None:
    (own.folder / "a1.crt").write_text("-----BEGIN CERT")


def believing_another(own: Authority) -> None:
    (own.folder / "ca.crt").write_bytes(Authority(own.folder, "stranger").certificate.public_bytes(PEM))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (expired, "our certificate has expired"),
        (revoked, "our certificate was revoked"),
        (of_a_stranger, "authority that issued our certificate"),
        (with_another_key, "this key does not fit the certificate"),
        (half_written, "there is no PEM certificate in it"),
        (believing_another, "not issued by an authority in ca_file"),
    ],
)
def test_what_is_wrong_is_reported_and_what_was_renewed_lets_it_in(tmp_path: Path, spoil: Callable[[Authority], None], words: str) -> None:
    require_mosquitto()
    own = Authority(tmp_path).put()
    own.issue("broker", "broker")
    own.issue("a1", "a1")
    spoil(own)
    broker_ca = tmp_path / "trusted.crt"
    broker_ca.write_bytes(own.certificate.public_bytes(PEM))
    tls = Tls(ca_file=tmp_path / "ca.crt", cert_file=tmp_path / "a1.crt", key_file=tmp_path / "a1.key")
    config = REVOKING.replace("{keys}/ca.crt", "{keys}/trusted.crt")
    with mosquitto(tmp_path, config, tmp_path) as port, publishing(tmp_path, Broker(port=port, tls=tls)) as publisher:
        until(lambda: words in publisher.refused, what=publisher.refused)
        assert "Unspecified" not in publisher.refused
        (tmp_path / "ca.crt").write_bytes(own.certificate.public_bytes(PEM))
        own.issue("a1", "a1", ends=NOW + 20 * DAY)
        until(lambda: publisher.connected, 20, publisher.refused)
        assert "ends on" in publisher.problems()["certificate_ends"]
        assert publisher.certificate_ends_s == int((NOW + 20 * DAY).timestamp())


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [(NOW - 9 * DAY, NOW - DAY, "the broker's certificate has expired"), (NOW + DAY, NOW + 9 * DAY, "is the clock right?")],
)
def test_a_broker_whose_certificate_does_not_hold_is_reported_as_such(tmp_path: Path, begins: datetime, ends: datetime, words: str) -> None:
    require_mosquitto()
    own = Authority(tmp_path).put()
    own.issue("broker", "broker", begins, ends)
    with (
        mosquitto(tmp_path, SERVED, tmp_path) as port,
        publishing(tmp_path, Broker(port=port, tls=Tls(ca_file=tmp_path / "ca.crt"))) as one,
    ):
        until(lambda: words in one.refused, what=one.refused)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_password_renewed_on_disk_lets_it_in(tmp_path: Path, protocol: Any) -> None:
    require_mosquitto()
    (tmp_path / "users").write_text("")
    secret, port = tmp_path / "secret", free_port()
    secret.write_text("")
    config = PASSWORDS.format(user=getpass.getuser(), port=port) + f"password_file {tmp_path}/users\n"
    (tmp_path / "m.conf").write_text(config)
    (tmp_path / "users").write_text("a1:right\n")
    passwords = Process(["mosquitto_passwd", "-U", str(tmp_path / "users")], tmp_path / "p.log", lambda: True)
    passwords.start()
    until(lambda: "$" in (tmp_path / "users").read_text())
    process = Process([str(binary()), "-c", str(tmp_path / "m.conf")], tmp_path / "m.log", lambda: is_listening(port))
    process.start()
    try:
        with publishing(tmp_path, Broker(port=port, username="a1", password_file=secret, protocol=protocol)) as publisher:
            until(lambda: "the secret is empty" in publisher.refused, what=publisher.refused)
            secret.write_text("wrong")
            until(lambda: "authori" in publisher.refused.lower(), what=publisher.refused)
            secret.write_text("right")
            until(lambda: publisher.connected, 30, publisher.refused)
    finally:
        process.stop()
        passwords.stop()
