"""Where an HTTP request's head and body end, strictly: a proxy that reads them otherwise would let one request hide in another. Pure."""

from __future__ import annotations

import http.client
from email.message import Message
from enum import Enum, auto
from typing import Any, Final

from footfall.whole_numbers import whole_number

MAX_HEAD_BYTES: Final = 16 << 10
"""Of all headers together."""
_MOST_BYTES: Final = 10**15 - 1


class Framing(Enum):
    """How the end of a request's body is stated (RFC 9112 section 6.3)."""

    EMPTY = auto()
    """There is none."""
    SIZED = auto()
    """By Content-Length."""
    CHUNKED = auto()
    """By the body itself (Transfer-Encoding), which is not taken."""
    WRONG = auto()
    """In no way, or in two."""


def framing(headers: Message) -> Framing:
    """Return how the end of the body is stated. Several lengths are wrong even if they agree, as is one beside Transfer-Encoding."""
    lengths, is_chunked = headers.get_all("Content-Length", []), "Transfer-Encoding" in headers
    if len(lengths) > 1 or (lengths and (is_chunked or content_length(lengths[0]) is None)):
        return Framing.WRONG
    if is_chunked:
        return Framing.CHUNKED
    return Framing.SIZED if lengths and content_length(lengths[0]) else Framing.EMPTY


def content_length(text: str) -> int | None:
    """Return the number of bytes in a Content-Length, None if it is no number: digits, and nothing else."""
    return whole_number(text.strip(" \t"), 0, _MOST_BYTES)


class BoundedHead:
    """A stream of which `http.client` reads a head: LineTooLong, answered 431, once it is longer than `most_bytes`."""

    def __init__(self, stream: Any, most_bytes: int) -> None:
        self._stream: Final = stream
        self._left = most_bytes

    def readline(self, limit: int) -> bytes:
        line: bytes = self._stream.readline(min(limit, self._left + 1))
        self._left -= len(line)
        if self._left < 0:
            raise http.client.LineTooLong("head")
        return line

    def read1(self, size: int) -> bytes:
        """Read what lies behind a head that is refused."""
        data: bytes = self._stream.read1(size)
        return data
