"""Frames of wire version 1: one immutable batch of events from one agent, one MQTT message.

    frame = msgpack([header, body])

`body` is bytes that never change once spooled (`body.py`); `header` is made for each sending (`header.py`). A body carries its rows as
little-endian columns of equal length (`rows.py`). Reading one costs a few array views per frame, not work per event. Bytes in, values
out: nothing here reads a clock.
"""

from footfall.frames.body import MAX_NAMES, decode_body, encode_body
from footfall.frames.header import (
    MAX_FRAME_BYTES,
    MAX_PARTS,
    TIME_QUALITIES,
    DecidedTime,
    Header,
    check_decided,
    crc32_of,
    decode_frame,
    encode_frame,
)
from footfall.frames.rows import COLUMNS, KINDS, MAX_GOODS_CHARS, MAX_ROWS, RUN, Body, Kind, Offset, is_goods_text, is_run

__all__ = [
    "COLUMNS",
    "KINDS",
    "MAX_FRAME_BYTES",
    "MAX_GOODS_CHARS",
    "MAX_NAMES",
    "MAX_PARTS",
    "MAX_ROWS",
    "RUN",
    "TIME_QUALITIES",
    "Body",
    "DecidedTime",
    "Header",
    "Kind",
    "Offset",
    "check_decided",
    "crc32_of",
    "decode_body",
    "decode_frame",
    "encode_body",
    "encode_frame",
    "is_goods_text",
    "is_run",
]
