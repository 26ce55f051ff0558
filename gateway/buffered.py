"""A paho client that reads and writes its socket in large pieces.

paho asks for a packet's header byte by byte, and sends each packet by itself: at thousands of messages a second the system calls cost
more than the protocol. Between client and socket stands a buffer each way; the owner of the connection flushes after each batch.
"""

from __future__ import annotations

import ssl
from typing import Any, Final

from paho.mqtt.client import Client

READ_BYTES: Final = 1 << 18


class BufferedSocket:
    """The part of a socket that paho uses. `recv` takes from the buffer first; `send` always takes all, until `flush`."""

    def __init__(self, sock: Any) -> None:
        self._sock: Final = sock
        self._read = b""
        self._at = 0
        self._out = bytearray()

    def recv(self, size: int, *_: int) -> bytes:
        """BlockingIOError if nothing is there; b"" at the end of the connection."""
        if self._at == len(self._read):
            self._read, self._at = self._sock.recv(READ_BYTES), 0
        part = self._read[self._at : self._at + size]
        self._at += len(part)
        return part

    def has_more(self) -> bool:
        """Whether `recv` has something without asking the system."""
        return self._at < len(self._read) or (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0)

    def send(self, data: bytes) -> int:
        self._out += data
        return len(data)

    def wants_write(self) -> bool:
        return bool(self._out)

    def flush(self) -> None:
        """As much as the system takes now. OSError if the connection is gone."""
        while self._out:
            try:
                sent = self._sock.send(self._out)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
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
