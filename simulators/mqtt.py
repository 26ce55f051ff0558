"""MQTT 3.1.1 (OASIS Standard, 29 October 2014), as little of it as a load generator needs, and as cheap."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from footfall.errors import ConfigError, SinkUnavailable

CONNACK: Final = 0x20
PUBLISH: Final = 0x30
PUBACK: Final = 0x40
SUBACK: Final = 0x90
PUBLISH_QOS_1: Final = 0x32
MAX_PACKET_ID: Final = 65_535
_KEEPALIVE_S: Final = 3600
"""No run is that long, so no pings are needed; 0 would say so, but some brokers refuse it."""


def text(value: str) -> bytes:
    """A string with its length before it (1.5.3)."""
    data = value.encode()
    return len(data).to_bytes(2, "big") + data


def remaining_length(length: int) -> bytes:
    """2.2.3: seven bits a byte, the lowest first."""
    digits = bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (0x80 if length else 0))
        if not length:
            return bytes(digits)


def packet(first_byte: int, content: bytes) -> bytes:
    return bytes([first_byte]) + remaining_length(len(content)) + content


def publish(topic: str, packet_id: int, payload: bytes) -> bytes:
    """A PUBLISH with QoS 1."""
    return packet(PUBLISH_QOS_1, text(topic) + packet_id.to_bytes(2, "big") + payload)


def subscribe(packet_id: int, topic_filter: str) -> bytes:
    """A SUBSCRIBE with QoS 0."""
    return packet(0x82, packet_id.to_bytes(2, "big") + text(topic_filter) + b"\0")


def connect(host: str, port: int, client_id: str, timeout_s: float = 5.0) -> socket.socket:
    """A connected socket, with a clean session. SinkUnavailable: nobody answers there; ConfigError: the broker refuses."""
    try:
        connection = socket.create_connection((host, port), timeout=timeout_s)
        connection.sendall(packet(0x10, text("MQTT") + bytes([4, 2]) + _KEEPALIVE_S.to_bytes(2, "big") + text(client_id)))
        answer = connection.recv(4)
    except OSError as error:
        raise SinkUnavailable(f"no MQTT broker answers at {host}:{port}: {error}") from None
    if len(answer) != 4 or answer[0] != CONNACK or answer[3]:
        connection.close()
        raise ConfigError(f"the broker at {host}:{port} refused {client_id!r}: CONNACK {answer.hex() or 'missing'}")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


@dataclass(frozen=True, slots=True)
class Packet:
    """`kind` is the first byte's upper half: PUBLISH, PUBACK …; `content` is what follows the length."""

    kind: int
    flags: int
    content: bytes

    def message(self) -> tuple[str, bytes]:
        """Topic and payload of a PUBLISH."""
        end = 2 + int.from_bytes(self.content[:2], "big")
        return self.content[2:end].decode(), self.content[end + (2 if self.flags & 6 else 0) :]


class Incoming:
    """Cuts a stream of bytes into packets."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Packet]:
        data, at = self._rest + data, 0
        while (cut := _cut(data, at)) is not None:
            begin, end = cut
            yield Packet(data[at] & 0xF0, data[at] & 0x0F, data[begin:end])
            at = end
        self._rest = data[at:]

    def acks(self, data: bytes) -> int:
        """How many PUBACKs are in `data`; for a connection that receives nothing else."""
        if not self._rest and len(data) % 4 == 0 and data[0::4].count(PUBACK) == len(data) // 4:
            return len(data) // 4
        return sum(found.kind == PUBACK for found in self.feed(data))


def _cut(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the content of the packet at `at` begins and ends; None if it is not all there yet."""
    length = shift = 0
    for k in range(at + 1, min(len(data), at + 5)):
        length |= (data[k] & 0x7F) << shift
        shift += 7
        if data[k] < 0x80:
            return (k + 1, k + 1 + length) if k + 1 + length <= len(data) else None
    return None
