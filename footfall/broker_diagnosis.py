"""Why a broker does not let us in, where it gives no reason itself: what listens there, asked in other ways.

    diagnose(broker) -> "127.0.0.1:1884 speaks MQTT 3.1.1 only: set broker.protocol = \"3.1.1\"", or ""
    obstacle(broker) -> "127.0.0.1:1883: nothing listens there", or "" if a client of these settings is let in
    diagnosis = Diagnosis(broker, log); diagnosis.ask(); diagnosis.text      # the same in a thread of its own, at most once a minute

Brokers end a connection without a word that comes in another version of MQTT, with TLS or without. Each question is a connection of its
own, under a name of its own, and is asked only while the real one has never been accepted. A broker may take the name in our
certificate for the client id, so that one more client would push off the one that runs: with a certificate the question is a CONNECT
that every broker refuses, once it has looked at the certificate.
"""

from __future__ import annotations

import logging
import secrets
import select
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import Final

from footfall.broker import Broker
from footfall.certificates import client_context
from footfall.errors import ConfigError
from footfall.lost_connections import in_words

ANSWER_S: Final = 3.0
VERDICT_S: Final = 0.5
EVERY_S: Final = 60.0
_LEVELS: Final = {"5": 5, "3.1.1": 4}
_UNSUPPORTED: Final = frozenset({0x01, 0x84})
"""CONNACK: the version is not spoken here, in 3.1.1 and in 5."""
_CREDENTIALS: Final = frozenset({0x04, 0x05, 0x86, 0x87, 0x8C})
"""CONNACK: user or password is wrong or missing."""
_AS_ASKED: Final = frozenset({0x02, 0x87, 0x8C})
"""CONNACK: the answers to a CONNECT that is made to be refused, in 3.1.1 and in 5."""
_CONNACK: Final = 0x20
_CLEAN, _PASSWORD, _USER = 0x02, 0x40, 0x80
_AUTHENTICATION_METHOD: Final = b"\x15"
_NAME: Final = "footfall-look"
_GET: Final = b"GET / HTTP/1.0\r\n\r\n"


def diagnose(broker: Broker) -> str:
    """Return what is wrong with the settings of a broker that lets nobody in, with the key to change; "" if nothing can be found."""
    try:
        return _wrong(broker, _where(broker))
    except (OSError, ConfigError):
        return ""  # nobody there, or files that cannot be used: the connection's own error has it


def obstacle(broker: Broker) -> str:
    """Return why the broker would not let a client of these settings in, with the key to change; "" if it would."""
    where = _where(broker)
    try:
        return _wrong(broker, where) or _refused(broker, where)
    except ConfigError as error:
        return str(error)
    except OSError as error:
        return f"{where}: {in_words(error)}"


class Diagnosis:
    """`text`: what was found, "" before. `forget` once the broker let us in."""

    def __init__(self, broker: Broker, log: logging.Logger) -> None:
        self.text = ""
        self._broker: Final = broker
        self._log: Final = log
        self._due_s = 0.0
        self._is_done: Final = threading.Event()

    def ask(self) -> None:
        """Look what listens there, unless that was done a moment ago."""
        now_s = time.monotonic()
        if now_s >= self._due_s:
            self._due_s = now_s + EVERY_S
            self._is_done.clear()
            threading.Thread(target=self._look, name="diagnosis", daemon=True).start()

    def wait(self, limit_s: float) -> bool:
        """Return whether the look that `ask` began is over, at the latest after a limit."""
        return self._is_done.wait(limit_s)

    def forget(self) -> None:
        self.text, self._due_s = "", 0.0

    def _look(self) -> None:
        found = diagnose(self._broker)
        if found and found != self.text:
            self._log.warning("%s", found)
        self.text = found
        self._is_done.set()


def _where(broker: Broker) -> str:
    return f"{broker.host}:{broker.port}"


def _wrong(broker: Broker, where: str) -> str:
    """As `diagnose`. Raise OSError if nobody listens, ConfigError if a file cannot be used."""
    has_tls = _has_tls(broker)
    if has_tls == (broker.tls is not None):
        return _of_versions(broker, where)
    return _needs_tls(broker, where) if has_tls else _has_no_tls(broker, where)


def _refused(broker: Broker, where: str) -> str:
    """TLS and version are as configured."""
    code = _connack(broker, broker.protocol, _context(broker))
    if code is None:
        return f"{where}: no answer by MQTT in {ANSWER_S:g} s"
    if code == 0 or (_shows_certificate(broker) and code in _AS_ASKED):
        return ""
    if code in _CREDENTIALS:
        return f"{where}: the broker lets nobody in with these credentials: look at broker.username and password_file"
    return f"{where}: the broker refuses the connection with code 0x{code:02x}"


def _shows_certificate(broker: Broker) -> bool:
    return broker.tls is not None and broker.tls.cert_file is not None


def _of_versions(broker: Broker, where: str) -> str:
    """TLS is as configured."""
    context = _context(broker)
    try:
        mine = _connack(broker, broker.protocol, context)
    except ssl.SSLError as error:
        return f"{where}: {in_words(error)}: look at the files of broker.tls"
    if mine is not None and mine not in _UNSUPPORTED:
        return ""
    theirs = _connack(broker, _other(broker.protocol), context)
    if theirs is not None and theirs not in _UNSUPPORTED:
        return (
            f'{where} speaks MQTT {_other(broker.protocol)}, and not {broker.protocol}: set broker.protocol = "{_other(broker.protocol)}".'
            " A broker that is embedded in a gateway speaks 5 on its port, and 3.1.1 on the port above"
        )
    return _http(broker, where, context)


def _needs_tls(broker: Broker, where: str) -> str:
    context = _trusting()
    return _http(broker, where, context) or (
        f"{where} speaks TLS, and broker.tls is not set: set broker.tls.ca_file, and cert_file and key_file where the broker wants a"
        " certificate, or give the port without TLS as broker.port"
    )


def _has_no_tls(broker: Broker, where: str) -> str:
    if any(_connack(broker, version, None) is not None for version in _LEVELS):
        return f"{where} speaks MQTT without TLS: give the port with TLS as broker.port, or leave out broker.tls"
    return _http(broker, where, None)


def _http(broker: Broker, where: str, context: ssl.SSLContext | None) -> str:
    try:
        answer = _ask(broker, context, _GET)
    except ssl.SSLError:  # it wants a certificate, before it answers anything
        answer = b""
    if not answer.startswith(b"HTTP/"):
        return ""
    return f"{where} speaks HTTP: it is no broker's port. Give that of MQTT as broker.port: mostly 1883, with TLS 8883"


def _other(protocol: str) -> str:
    return "3.1.1" if protocol == "5" else "5"


def _has_tls(broker: Broker) -> bool:
    """Return whether a TLS server answers, whatever it thinks of us. Raise OSError if nobody listens."""
    with socket.create_connection((broker.host, broker.port), ANSWER_S) as raw:
        try:
            _trusting().wrap_socket(raw, server_hostname=broker.host).close()
        except ssl.SSLError as error:
            return "alert" in str(error).lower()
        except OSError:
            return False
    return True


def _trusting() -> ssl.SSLContext:
    """A client that sends nothing that matters, and wants to know who speaks TLS at all."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _context(broker: Broker) -> ssl.SSLContext | None:
    tls = broker.tls
    return None if tls is None else client_context(tls.ca_file, tls.cert_file, tls.key_file)


def _connack(broker: Broker, protocol: str, context: ssl.SSLContext | None) -> int | None:
    """Return the code of the answer to a CONNECT of that version; None if none came."""
    packet = _refusable_packet(protocol) if _shows_certificate(broker) else _connect_packet(broker, protocol)
    answer = _ask(broker, context, packet)
    return answer[3] if len(answer) >= 4 and answer[0] == _CONNACK else None


def _connect_packet(broker: Broker, protocol: str) -> bytes:
    """Return a CONNECT under a name of its own, with user and password as configured."""
    flags, fields = _CLEAN, [f"{_NAME}-{secrets.token_hex(4)}".encode()]
    if broker.username is not None:
        flags, fields = flags | _USER, [*fields, broker.username.encode()]
        if password := broker.read_password():
            flags, fields = flags | _PASSWORD, [*fields, password]
    return _packet(protocol, flags, b"", fields)


def _refusable_packet(protocol: str) -> bytes:
    """Return a CONNECT that no broker accepts, so that it gives nobody's id to us.

    5 has a method of authentication that nobody knows, 3.1.1 a session that is to be kept and has no name.
    """
    if protocol == "5":
        return _packet(protocol, _CLEAN, _AUTHENTICATION_METHOD + _text(_NAME.encode()), [f"{_NAME}-{secrets.token_hex(4)}".encode()])
    return _packet(protocol, 0, b"", [b""])


def _packet(protocol: str, flags: int, properties: bytes, fields: list[bytes]) -> bytes:
    after = _length(properties) + properties if protocol == "5" else b""
    body = _text(b"MQTT") + bytes([_LEVELS[protocol], flags, 0, 10]) + after + b"".join(map(_text, fields))
    return b"\x10" + _length(body) + body


def _text(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def _length(data: bytes) -> bytes:
    """Return MQTT's length of up to 16,383 bytes."""
    return bytes([len(data)]) if len(data) < 0x80 else bytes([len(data) & 0x7F | 0x80, len(data) >> 7])


def _ask(broker: Broker, context: ssl.SSLContext | None, question: bytes) -> bytes:
    """Return the beginning of the answer, b"" without any. Raise ssl.SSLError for what TLS says, also after the handshake."""
    try:
        with socket.create_connection((broker.host, broker.port), ANSWER_S) as raw:
            if context is None:
                return _answer(raw, question)
            with context.wrap_socket(raw, server_hostname=broker.host) as wrapped:
                return _answer(wrapped, question)
    except ssl.SSLError:
        raise
    except OSError:
        return b""


def _answer(connection: socket.socket, question: bytes) -> bytes:
    if isinstance(connection, ssl.SSLSocket) and select.select([connection], [], [], VERDICT_S)[0]:
        connection.settimeout(VERDICT_S)  # what TLS 1.3 thinks of a certificate comes now, and is lost where we write first
        with suppress(TimeoutError):
            return connection.recv(64)
        connection.settimeout(ANSWER_S)
    connection.sendall(question)
    return connection.recv(64)
