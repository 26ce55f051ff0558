"""Whole messages out of a stream of bytes that comes in any pieces.

for message in splitter.feed(data):      # exhaust it
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from edge_agent.llrp.codec import HEADER
from footfall.errors import ProfileError

LONGEST: Final = 4 << 20
"""Bytes of one message; a report of 50,000 tags has fewer."""
VERSIONS: Final = frozenset({1, 2})


class Splitter:
    """Splits the bytes of one connection. `waiting`: bytes of a message that has begun."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest: Final = longest
        self._buffer: Final = bytearray()

    @property
    def waiting(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the messages that `data` completes, each with its header.

        Raise ProfileError for bytes that begin no message. The connection must then be closed: where the next message begins is unknown.
        """
        self._buffer.extend(data)
        at = 0
        try:
            while len(self._buffer) - at >= HEADER.size:
                length = self._length(at)
                if len(self._buffer) - at < length:
                    break
                at += length
                yield bytes(self._buffer[at - length : at])
        finally:
            del self._buffer[:at]

    def _length(self, at: int) -> int:
        word, length, _ = HEADER.unpack_from(self._buffer, at)
        if word >> 10 not in VERSIONS:
            raise ProfileError("llrp.header", f"no message begins with {word:#06x}")
        if not HEADER.size <= length <= self._longest:
            raise ProfileError("llrp.length", f"a message claims {length} bytes")
        length_: int = length
        return length_
