"""Why a broker does not let us in, where it gives no reason itself: what listens there, asked in other ways.

    diagnose(broker) -> "127.0.0.1:1884 speaks MQTT 3.1.1 only: set broker.protocol = \"3.1.1\"", or ""
    diagnosis = Diagnosis(broker, log); diagnosis.ask(); diagnosis.text      # the same in a thread of its own, at most once a minute

Brokers end a connection without a word that comes in another version of MQTT, with TLS or without. Each question is a connection of its
own, under a name of its own, and is asked only while the real one has never been accepted.
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
_CONNACK: Final = 0x20
_GET: Final = b"GET / HTTP/1.0\r\n\r\n"


def diagnose(broker: Broker) -> str:
    """Return what is wrong with the settings of a broker that lets nobody in, with the key to change; "" if nothing can be found."""
    where = f"{broker.host}:{broker.port}"
    try:
        has_tls = _has_tls(broker)
        if has_tls == (broker.tls is not None):
            return _of_versions(broker, where)
        return _needs_tls(broker, where) if has_tls else _has_no_tls(broker, where)
    except (OSError, ConfigError):
        return ""  # nobody there, or files that cannot be used: the connection's own error has it


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
    answer = _ask(broker, context, _connect_packet(protocol))
    return answer[3] if len(answer) >= 4 and answer[0] == _CONNACK else None


def _connect_packet(protocol: str) -> bytes:
    name = f"footfall-look-{secrets.token_hex(4)}".encode()
    properties = b"\x00" if protocol == "5" else b""
    body = b"\x00\x04MQTT" + bytes([_LEVELS[protocol], 0x02, 0, 10]) + properties + len(name).to_bytes(2, "big") + name
    return bytes([0x10, len(body)]) + body


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
