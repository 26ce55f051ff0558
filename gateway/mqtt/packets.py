"""A paho client that reads and writes its socket in large pieces, with a short way for the packets that come by the thousand.

paho asks for a packet's header byte by byte, sends each packet by itself, and makes an object with locks and properties of every
message. Between client and socket stands a buffer each way. PUBLISH, PUBACK and our own QoS 0 PUBLISH are read from it and written to it
directly (MQTT 5 and 3.1.1, sections 3.3 and 3.4). All else (connecting, subscribing, pings, errors) is paho's.
"""

from __future__ import annotations

import ssl
import time
from typing import Any, Final, NamedTuple

from paho.mqtt.client import Client

READ_BYTES: Final = 1 << 18
_PUBLISH: Final = 3


class PublishPacket(NamedTuple):
    """A PUBLISH that arrived; `mid` is 0 at QoS 0."""

    topic: str
    payload: bytes
    retained: bool
    mid: int


class BufferedSocket:
    """The part of a socket that paho uses. `recv` takes from the buffer first; `send` always takes all, until `flush`."""

    def __init__(self, sock: Any) -> None:
        self._sock: Final = sock
        self._read = b""
        self._at = 0
        self._out = bytearray()
        self.heard_s = self.said_s = time.monotonic()
        """When something last came, and went."""
        self.error = ""
        """The system's error at the end of the connection; "" while it is alive, and if it just ended."""

    def recv(self, size: int, *_: int) -> bytes:
        """Return bytes, b"" at the end of the connection. Raise BlockingIOError if nothing is there."""
        if self._at == len(self._read):
            self._read, self._at = self._sock.recv(READ_BYTES), 0
        part = self._read[self._at : self._at + size]
        self._at += len(part)
        return part

    def fill(self) -> bool:
        """Read what the system has into the buffer; False if the connection has ended or failed, which paho is to find out.

        TLS gives one record at a time, and a broker may make one of each packet: there it is asked until nothing is left.
        """
        parts, size = [self._read[self._at :]], 0
        alive = more = True
        while more and size < READ_BYTES:
            try:
                data = self._sock.recv(READ_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break
            except OSError as error:
                self.error, alive = str(error), False
                break
            alive = bool(data)
            more = alive and isinstance(self._sock, ssl.SSLSocket)
            parts.append(data)
            size += len(data)
        self._read, self._at = b"".join(parts), 0
        if size:
            self.heard_s = time.monotonic()
        return alive

    def next_packet(self) -> tuple[int, bytes | None]:
        """Return the first byte of the next whole packet, and what follows its header if it is a PUBLISH, which is then taken.

        (0, None) if none is; any other packet stays, for paho to read in one go.
        """
        data, at = self._read, self._at
        start, length = _variable_int(data, at + 1)
        if start < 0 or start + length > len(data):
            return 0, None
        if not is_publish(data[at]):
            return data[at], None
        self._at = start + length
        return data[at], data[start : self._at]

    def has_more(self) -> bool:
        """Whether `fill` has something that `select` does not show."""
        return isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0

    def send(self, data: bytes) -> int:
        self._out += data
        return len(data)

    def unsent_bytes(self) -> int:
        """Return how many bytes `send` took and the system did not yet."""
        return len(self._out)

    def wants_write(self) -> bool:
        return bool(self._out)

    def flush(self) -> None:
        """Send as much as the system takes now. Raise OSError if the connection is gone."""
        while self._out:
            try:
                sent = self._sock.send(self._out)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as error:
                self.error = str(error)
                raise
            self.said_s = time.monotonic()
            del self._out[:sent]

    def fileno(self) -> int:
        return int(self._sock.fileno())

    def setblocking(self, flag: bool) -> None:
        self._sock.setblocking(flag)

    def close(self) -> None:
        self._sock.close()


class BufferedClient(Client):
    """paho's client on a BufferedSocket."""

    def _create_socket(self) -> Any:
        return BufferedSocket(super()._create_socket())

    def buffered_socket(self) -> BufferedSocket | None:
        sock: Any = self.socket()
        return sock if isinstance(sock, BufferedSocket) else None


def is_publish(kind: int) -> bool:
    """Whether a fixed header's first byte begins a PUBLISH."""
    return kind >> 4 == _PUBLISH


def decode_publish(kind: int, packet: bytes, is_v5: bool) -> PublishPacket:
    """Return a PUBLISH (section 3.3). A topic that is not UTF-8 is spelled so that nobody has it."""
    end = 2 + int.from_bytes(packet[:2], "big")
    topic, mid = packet[2:end].decode("utf-8", "backslashreplace"), 0
    if kind & 6:
        mid = int.from_bytes(packet[end : end + 2], "big")
        end += 2
    if is_v5:
        end, length = _variable_int(packet, end)
        end += length
    return PublishPacket(topic, packet[end:], bool(kind & 1), mid)


def encode_publish(topic: str, payload: bytes, is_v5: bool, retain: bool = False) -> bytes:
    """Return a PUBLISH of section 3.3: QoS 0, without properties."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + (b"\0" if is_v5 else b"")
    left, length = len(body) + len(payload), bytearray()
    while True:
        left, byte = divmod(left, 128)
        length.append(byte | (128 if left else 0))
        if not left:
            return (b"\x31" if retain else b"\x30") + length + body + payload


def encode_puback(mid: int) -> bytes:
    """Return a PUBACK (section 3.4): success, in both versions."""
    return b"\x40\x02" + mid.to_bytes(2, "big")


def _variable_int(data: bytes, at: int) -> tuple[int, int]:
    """(where it ends, its value); (-1, 0) while bytes are missing. Section 1.5.5."""
    value = 0
    for shift in range(0, 28, 7):
        if at >= len(data):
            return -1, 0
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return at, value
    return at, value
