"""A frame as packets that the broker accepts: one, or one for each part of its body. Pure.

payloads(header, body, topic, max_bytes) -> list[bytes]     # [] where it cannot go at all
"""

from __future__ import annotations

import zlib
from typing import Final

from footfall.frames import MAX_PARTS, Header, encode_frame

PACKET_BYTES: Final = 16
"""Bytes of an MQTT packet beside topic and payload: fixed header, lengths, packet id and properties."""
HEADER_BYTES: Final = 800
"""Most bytes of a frame beside its body: seven names and fifteen integers with their keys."""
_BIN_BYTES: Final = 5
_FEWEST_BYTES: Final = 64
"""Fewest bytes of the body in a part: less is not worth a header."""


def packet_bytes(topic: str, payload: bytes) -> int:
    return PACKET_BYTES + len(topic) + len(payload)


def body_bytes(topic: str, max_bytes: int) -> int:
    """Return the largest body, in bytes, whose frame fits one packet of `max_bytes`."""
    return max(0, max_bytes - PACKET_BYTES - len(topic) - HEADER_BYTES)


def payloads(header: Header, body: bytes, topic: str, max_bytes: int | None, in_parts: bool) -> list[bytes]:
    """Return one payload if the frame fits, else its parts if the gateway accepts parts; [] if it cannot be sent."""
    whole = encode_frame(header, body)
    if max_bytes is None or packet_bytes(topic, whole) <= max_bytes:
        return [whole]
    crc32 = zlib.crc32(body)
    longest = encode_frame(header._replace(part=MAX_PARTS - 2, parts=MAX_PARTS), b"", crc32)
    room = max_bytes - packet_bytes(topic, longest) - _BIN_BYTES
    if not in_parts or room < _FEWEST_BYTES or len(body) > room * MAX_PARTS:
        return []
    pieces = [body[start : start + room] for start in range(0, len(body), room)]
    return [encode_frame(header._replace(part=i, parts=len(pieces)), piece, crc32) for i, piece in enumerate(pieces)]
